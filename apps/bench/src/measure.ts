/** The whole report: ceilings, kernels from their cases, jobs, peers and curves, in one run on one device. */
import type { EngineInfo } from "@slowroll/core/engine/engine";
import { checkCase, drawFrom, type KernelCase, loadCase } from "@slowroll/core/engine/webgpu/cases/case";
import { fieldCases } from "@slowroll/core/engine/webgpu/cases/fieldCases";
import { networkCases } from "@slowroll/core/engine/webgpu/cases/networkCases";
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { type Ceilings, measureCeilings } from "./ceilings.ts";
import { jobBenchmarks } from "./jobs.ts";
import { measurePeers, type PeerResult, productWork, stencilWork } from "./peers.ts";
import { median, timeDispatch } from "./timing.ts";

interface KernelResult {
  readonly name: string;
  readonly size: string;
  readonly precision: "float32";
  /** Median. */
  readonly rate: number;
  readonly unit: string;
  /** The ceiling that binds first. */
  readonly ceiling: "copy" | "multiply-add";
  readonly fraction: number;
  /** The rate of each timing. */
  readonly samples: number[];
}

interface Curve {
  readonly name: string;
  readonly sizes: number[];
  readonly seconds: number[];
  /** Of the power law from the smallest to the largest size. */
  readonly exponent: number;
}

export interface Report {
  readonly version: string;
  readonly engine: Omit<EngineInfo, "reason">;
  readonly ceilings: Ceilings;
  readonly kernels: KernelResult[];
  readonly peers: PeerResult[];
  readonly curves: Curve[];
}

/** Largest relative error of a job against plain loops that counts as float32 rounding. */
const JOB_TOLERANCE = 1e-4;

/** Rate, ceiling and fraction from timings in seconds. */
function judge(
  name: string,
  size: string,
  timings: readonly number[],
  work: { flops: number; bytes: number; count?: number; unit?: string },
  ceilings: Ceilings,
): KernelResult {
  const byMemory = work.bytes / ceilings.copyBytesPerSecond;
  const byArithmetic = work.flops / ceilings.flopsPerSecond;
  const ceiling = byMemory >= byArithmetic ? "copy" : "multiply-add";
  const count = work.count ?? (ceiling === "copy" ? work.bytes : work.flops);
  const seconds = median(timings);
  return {
    name,
    size,
    precision: "float32",
    rate: count / seconds,
    unit: work.unit ?? (ceiling === "copy" ? "B/s" : "flop/s"),
    ceiling,
    fraction: Math.max(byMemory, byArithmetic) / seconds,
    samples: timings.map((timing) => count / timing),
  };
}

async function measureCase<Shape>(
  gpu: Gpu,
  { declaration, checks, timed, build }: KernelCase<Shape>,
  samples: number,
  ceilings: Ceilings,
): Promise<KernelResult> {
  // The third shape is one of several odd sizes that the tests check too.
  const wrong = await checkCase(gpu, declaration, build(checks[2]!, drawFrom(3)));
  if (wrong > 1)
    throw new Error(
      `${declaration.name} is wrong by ${wrong.toPrecision(2)} times its rounding bound: its speed means nothing`,
    );
  const shape = timed[gpu.adapter.type];
  const built = build(shape, drawFrom(4));
  const loaded = await loadCase(gpu, declaration, built);
  try {
    const timings = await timeDispatch(gpu, loaded.dispatch, samples);
    const size = Object.entries(shape as object)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ");
    return judge(declaration.name, size, timings, built, ceilings);
  } finally {
    loaded.destroy();
  }
}

/**
 * Measures all kernels and jobs whose name has `filter` in it.
 * @throws Error where a result is wrong; what the device throws.
 */
export async function measureAll(
  gpu: Gpu,
  { filter, samples, peers: withPeers }: { readonly filter: string; readonly samples: number; readonly peers: boolean },
  onStart: (name: string) => void,
): Promise<Report> {
  onStart("ceilings");
  const ceilings = await measureCeilings(gpu, samples);
  const kernels: KernelResult[] = [];
  const measure = async <Shape>(kernelCase: KernelCase<Shape>): Promise<void> => {
    if (!kernelCase.declaration.name.includes(filter)) return;
    onStart(kernelCase.declaration.name);
    kernels.push(await measureCase(gpu, kernelCase, samples, ceilings));
  };
  for (const networkCase of networkCases) await measure(networkCase);
  for (const fieldCase of fieldCases) await measure(fieldCase);

  const curve = { sizes: [] as number[], seconds: [] as number[] };
  for (const job of await jobBenchmarks(gpu)) {
    if (!job.name.includes(filter)) continue;
    onStart(`${job.name}, ${job.size}`);
    const wrong = await job.check();
    if (!(wrong < JOB_TOLERANCE))
      throw new Error(`${job.name} differs from plain loops by ${wrong.toExponential(1)}: its speed means nothing`);
    // The first run compiles.
    await job.run();
    const timings: number[] = [];
    for (let s = 0; s < Math.min(samples, 3); s++) timings.push(await job.run());
    kernels.push(judge(job.name, job.size, timings, { ...job, count: job.work }, ceilings));
    const width = /^width (\d+)/.exec(job.size);
    if (width && job.name.includes("one")) {
      curve.sizes.push(Number(width[1]));
      curve.seconds.push(median(timings) / job.work);
    }
  }
  const last = curve.sizes.length - 1;
  const curves =
    last > 0
      ? [
          {
            name: "seconds per network step against width",
            ...curve,
            exponent:
              Math.log(curve.seconds[last]! / curve.seconds[0]!) / Math.log(curve.sizes[last]! / curve.sizes[0]!),
          },
        ]
      : [];

  const peers: PeerResult[] = [];
  if (withPeers && "peers gpu.js".includes(filter)) {
    onStart("peers");
    const rateOf = (name: string): number => kernels.find((kernel) => kernel.name === name)!.rate;
    const draw = drawFrom(5);
    const [rows, inner, columns, points] = [256, 256, 128, 48];
    const latticeSites = kernels.find((kernel) => kernel.name === "field/lattice_step")!;
    const works = [
      productWork(draw(rows * inner), draw(inner * columns), rows, inner, columns, rateOf("network/dense_forward")),
      // The lattice kernel's rate is in bytes or operations; a site moves 16 bytes and takes 20 operations.
      stencilWork(
        draw(points ** 3),
        draw(points ** 3),
        points,
        { laplacian: 0.1, force: 0.01, drift: 0.1 },
        latticeSites.rate / (latticeSites.unit === "B/s" ? 16 : 20),
      ),
    ];
    peers.push(...(await measurePeers(works, Math.min(samples, 5))));
  }
  const { name, backend, type } = gpu.adapter;
  return {
    version: "0.1.0",
    engine: { kind: "webgpu", name, backend, type, precision: "float32", threads: 0 },
    ceilings,
    kernels,
    peers,
    curves,
  };
}
