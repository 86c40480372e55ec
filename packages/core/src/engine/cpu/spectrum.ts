/** The lattice job's spectra on the CPU: what stands in memory for packages/wasm/assembly/fourier/spectrum.ts, the calls, and the result. */
import { type Grid, spectrumBins } from "../engine.ts";
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
  /** Those spectra: see Snapshot.spectra. */
  read(buffer: ArrayBufferLike): Float64Array;
}

/** Plans the spectra of `realisations` x `fields` fields in elements of `size` bytes by `workers` workers. */
export function planSpectrum(
  plan: MemoryPlan,
  grid: Pick<Grid, "dimensions" | "points">,
  { rows }: Pick<Layout, "rows">,
  {
    realisations,
    fields,
    workers,
    size,
  }: { readonly realisations: number; readonly fields: number; readonly workers: number; readonly size: 4 | 8 },
): SpectrumPlan {
  const { points } = grid;
  const bins = spectrumBins(grid);
  const all = realisations * fields;
  const { fieldBytes, modes, storedModes, blocks } = modeLayout(grid, size);
  const batch = Math.max(1, Math.min(all, Math.floor(BATCH_BYTES / fieldBytes)));
  const transform = planTransform(plan, grid, { fields: batch, workers, size });
  const parts = grid.dimensions === 2 ? Math.min(PARTS, blocks) : 1;
  const modeTable = plan.place(16 * storedModes);
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
      const table = new Float64Array(buffer, modeTable, 2 * storedModes).fill(0);
      for (let n = 0; n < modes; n++) {
        table[n] = n ** 2;
        table[storedModes + n] = n === 0 || 2 * n === points ? 1 : 2;
      }
    },
    calls: (field) => [[`spectra${suffix}`, field]],
    read: (buffer) => new Float64Array(buffer, result, all * bins).slice(),
  };
}
