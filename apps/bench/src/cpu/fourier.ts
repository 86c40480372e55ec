/** Transforms and spectra of one field in three dimensions on all workers, on a plane wave, whose transform is known. */
import { planMemory } from "@slowroll/core/engine/cpu/control";
import { modeLayout, placeOfMode } from "@slowroll/core/engine/cpu/fourier";
import { layoutOf } from "@slowroll/core/engine/cpu/layout";
import { type Call, elementOf, type Pool } from "@slowroll/core/engine/cpu/pool";
import { planSpectrum } from "@slowroll/core/engine/cpu/spectrum";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { Measurement } from "../report.ts";

export const FOURIER_KERNELS = ["transform", "spectrum"] as const;
export const FOURIER_SIDES = [64, 128, 256] as const;

/** The wave's mode along the three axes, and its length. */
const MODE = [3, 4, 12] as const;
const LENGTH = 13;
const SAMPLE_SECONDS = 0.05;

export async function measureFourier(
  pool: Pool,
  kernel: (typeof FOURIER_KERNELS)[number],
  points: number,
  precision: "float32" | "float64",
  samples: number,
): Promise<Measurement> {
  const { size, suffix } = elementOf(precision);
  const grid = { dimensions: 3, points } as const;
  const layout = layoutOf({ grid }, size);
  const { rowBytes, planeBytes, fieldBytes, lead } = layout;
  const plan = planMemory();
  const field = plan.place(fieldBytes + 2 * lead) + lead;
  const spectrum = planSpectrum(plan, grid, layout, { realisations: 1, fields: 1, workers: pool.threads, size });
  const session = await pool.open(
    {
      activation: `linearRow${suffix}`,
      potential: await assemblePotential(await compilePotential("quadratic"), precision),
      bytes: plan.bytes,
      workers: pool.threads,
      setup: (worker) => [["setGrid", 3, points, 1, 1, rowBytes, planeBytes, fieldBytes], ...spectrum.setup(worker)],
    },
    "slowroll-bench",
  );
  const { buffer } = session.memory;
  const elements = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  spectrum.prepare(buffer);
  const cosines = Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points));
  for (let z = 0; z < points; z++) {
    for (let y = 0; y < points; y++) {
      const row = (field + z * planeBytes + y * rowBytes) / size;
      for (let x = 0; x < points; x++) {
        elements[row + x] = cosines[(MODE[0] * z + MODE[1] * y + MODE[2] * x) % points]!;
      }
    }
  }

  const modes = modeLayout(grid, size);
  const sites = points ** 3;
  const calls: readonly Call[] = kernel === "transform" ? [[`transform${suffix}`, field]] : spectrum.calls(field);
  const { seconds: first } = await session.run(() => calls, {});
  const row = spectrum.work + MODE[0] * modes.planeBytes + MODE[1] * modes.rowBytes;
  // The wave and its opposite have half the amplitude each.
  const got =
    kernel === "transform"
      ? elements[row / size + placeOfMode(MODE[2], size)]!
      : Math.sqrt(spectrum.read(buffer)[LENGTH]! / (2 * LENGTH ** 3));
  const wrong = Math.abs(got / (sites / 2) - 1);
  if (!(wrong < 32 * (size === 8 ? 2 ** -52 : 2 ** -23)))
    throw new Error(`fourier/${kernel} is wrong by ${wrong.toExponential(1)}: its speed means nothing`);

  const repeats = Math.max(1, Math.ceil(SAMPLE_SECONDS / first));
  const repeated = Array.from({ length: repeats }, () => calls).flat();
  const timings: number[] = [];
  for (let s = 0; s <= samples; s++) {
    const { seconds } = await session.run(() => repeated, {});
    if (s > 0) timings.push(seconds / repeats);
  }
  // As transforms of real data are counted: half of the complex 5 N log2 N.
  const flops = 2.5 * sites * Math.log2(sites);
  // The field is read and its modes are written along two axes; along the third they are read and, but for a spectrum, written again.
  const bytes = sites * size + (kernel === "transform" ? 3 : 2) * points * points * modes.modes * 2 * size;
  const work = { flops, bytes, count: flops, unit: "flop/s" };
  return { name: `fourier/${kernel}`, size: `${points}^3`, precision, timings, work };
}
