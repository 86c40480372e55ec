/** The lattice job's spectra on the CPU: what stands in memory for packages/wasm/assembly/fourier/spectrum.ts, the calls, and the result. */
import { type Grid, spectrumBins } from "../latticeJob.ts";
import type { MemoryPlan } from "./control.ts";
import { modeLayout, planTransform } from "./fourier.ts";
import type { Layout } from "./layout.ts";
import type { Call } from "./pool.ts";

/** Bytes of the work area, where one field takes less: many small fields share the waits of the workers for each other. */
const BATCH_BYTES = 4 * 2 ** 20;
/** Parts of a row that are items of work, in two dimensions. */
const PARTS = 64;

export interface SpectrumPlan {
  /** Where the work area stands, a ModeLayout's fields; the benchmark looks into it. */
  readonly work: number;
  /** After `setGrid` with the lattice's layout. */
  setup(worker: number): readonly Call[];
  /** Writes the tables, once. */
  prepare(buffer: ArrayBufferLike): void;
  /** The calls, alike on every worker, that make all spectra of the field's array at `field`. */
  calls(field: number): readonly Call[];
  /** Those of the spectra with frequencies, of these squares beside the waves', in place of |n|^dimensions, or with their inverses. */
  weighted(buffer: ArrayBufferLike, field: number, by: "omega" | "1/omega", massSquared: Float64Array): readonly Call[];
  /** Those spectra: see Snapshot.spectra. */
  read(buffer: ArrayBufferLike): Float64Array;
}

/**
 * Plans the spectra of `realisations` x `fields` fields in elements of `size` bytes by `workers` workers; `waveSquares`, of an Oscillators
 * picture, where some are weighted.
 */
export function planSpectrum(
  plan: MemoryPlan,
  grid: Pick<Grid, "dimensions" | "points">,
  { rows }: Pick<Layout, "rows">,
  {
    realisations,
    fields,
    workers,
    size,
    waveSquares,
  }: {
    readonly realisations: number;
    readonly fields: number;
    readonly workers: number;
    readonly size: 4 | 8;
    readonly waveSquares?: Float64Array | undefined;
  },
): SpectrumPlan {
  const { points } = grid;
  const bins = spectrumBins(grid);
  const all = realisations * fields;
  const { fieldBytes, modes, storedModes, blocks } = modeLayout(grid, size);
  const batch = Math.max(1, Math.min(all, Math.floor(BATCH_BYTES / fieldBytes)));
  const transform = planTransform(plan, grid, { fields: batch, workers, size });
  const parts = grid.dimensions === 2 ? Math.min(PARTS, blocks) : 1;
  const modeTable = plan.place((waveSquares ? 24 : 16) * storedModes);
  const massTable = plan.place(waveSquares ? 8 * all : 0);
  const partials = plan.place(8 * batch * rows * parts * bins);
  const sums = Array.from({ length: workers }, () => plan.place(16 * bins));
  const result = plan.place(8 * all * bins);
  const suffix = size === 4 ? "32" : "64";
  return {
    work: transform.work,
    setup: (worker) => [
      ...transform.setup(worker),
      ["setSpectrum", batch, bins, parts, modeTable, partials, sums[worker]!, result],
    ],
    prepare(buffer) {
      transform.write(buffer);
      const table = new Float64Array(buffer, modeTable, (waveSquares ? 3 : 2) * storedModes).fill(0);
      if (waveSquares) table.set(waveSquares, 2 * storedModes);
      for (let n = 0; n < modes; n++) {
        table[n] = n ** 2;
        table[storedModes + n] = n === 0 || 2 * n === points ? 1 : 2;
      }
    },
    calls: (field) => [[`spectra${suffix}`, field]],
    weighted(buffer, field, by, massSquared) {
      new Float64Array(buffer, massTable, all).set(massSquared);
      return [
        ["setWeighting", by === "omega" ? 0 : 1, massTable],
        [`weightedSpectra${suffix}`, field],
      ];
    },
    read: (buffer) => new Float64Array(buffer, result, all * bins).slice(),
  };
}
