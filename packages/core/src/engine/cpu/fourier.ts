/**
 * What packages/wasm/assembly/fourier needs in memory: twiddles made here in float64, the work area of half-complex fields, and scratch.
 * A transform of N = r_1 r_2 ... points is a stage for each factor: see stages.ts there.
 */
import { InputError } from "../../errors.ts";
import { radices, turn } from "../fourier.ts";
import type { Grid } from "../latticeJob.ts";
import type { MemoryPlan } from "./control.ts";
import type { Call } from "./pool.ts";

/** Bytes of a vector of real parts and one of imaginary parts. */
const PAIR = 32;
/** Bytes of one buffer that a block of columns is kept under, where more than a cache line of each row fits. */
const BLOCK_BYTES = 16_384;
const LINE = 64;
/** Bytes of the slots' table: see rows.ts. */
const SLOT_BYTES = 128;

/** How half-complex fields stand in memory: see plan.ts there. */
export interface ModeLayout {
  /** Modes 0 .. points/2 of a row. */
  readonly modes: number;
  /** Those, to whole vectors. */
  readonly storedModes: number;
  readonly rowBytes: number;
  readonly planeBytes: number;
  readonly fieldBytes: number;
  /** Bytes of a row that a block of columns takes, and blocks in a row. */
  readonly blockBytes: number;
  readonly blocks: number;
}

export interface TransformPlan {
  /** Where the work area stands. */
  readonly work: number;
  setup(worker: number): readonly Call[];
  /** Writes the tables. */
  write(buffer: ArrayBufferLike): void;
}

/** Elements from a row's start to the real part of mode k; the imaginary part stands 16/size further. */
export function placeOfMode(k: number, size: 4 | 8): number {
  const lane = k % (16 / size);
  return 2 * (k - lane) + lane;
}

/** Whether a radix has no butterfly of its own. */
const isPlain = (radix: number): boolean => radix === 7 || radix > 8;

/** `bytes` to whole cache lines, an odd number of them: strides that meet all sets of a cache. */
export const oddLines = (bytes: number): number => LINE * (2 * Math.floor(Math.ceil(bytes / LINE) / 2) + 1);

export function modeLayout({ dimensions, points }: Pick<Grid, "dimensions" | "points">, size: 4 | 8): ModeLayout {
  const lanes = 16 / size;
  const modes = Math.floor(points / 2) + 1;
  const storedModes = Math.ceil(modes / lanes) * lanes;
  const modeBytes = (storedModes / lanes) * PAIR;
  const rowBytes = oddLines(modeBytes);
  const planeBytes = dimensions === 3 ? oddLines(points * rowBytes) : rowBytes;
  const fieldBytes = (dimensions === 1 ? 1 : points) * planeBytes;
  const widest = Math.max(LINE, LINE * Math.floor(BLOCK_BYTES / points / LINE));
  const blockBytes = dimensions === 1 ? PAIR : Math.min(widest, modeBytes);
  return {
    modes,
    storedModes,
    rowBytes,
    planeBytes,
    fieldBytes,
    blockBytes,
    blocks: Math.ceil(modeBytes / blockBytes),
  };
}

/** Products of one row's stage by a large prime, a minute's or so: nothing is heard of a row before it is done. */
const MOST_PRODUCTS = 2 ** 36;
/** Radices for which transforms have butterflies, or as good as. */
const SMALL = 8;

/** Throws InputError where a row takes too long, as its points have a large prime factor; the message names the nearest that have none. */
function assertFactors(points: number): void {
  const largest = Math.max(...radices(points));
  if (largest <= SMALL || points * largest <= MOST_PRODUCTS) return;
  const hasSmall = (count: number): boolean => radices(count).every((radix) => radix <= SMALL);
  let distance = 1;
  while (!hasSmall(points - distance) && !hasSmall(points + distance)) distance++;
  const near = hasSmall(points - distance) ? points - distance : points + distance;
  throw new InputError(
    `has the prime factor ${largest}, with which Fourier transforms of ${points} points take minutes each; use ${near}`,
    { path: "lattice.points" },
  );
}

/**
 * Stages and scratch of transforms whose work area, in elements of `size` bytes, is the caller's; by `workers` workers.
 * @throws InputError where the points have too large a prime factor.
 */
export function planStages(
  plan: MemoryPlan,
  grid: Pick<Grid, "dimensions" | "points">,
  { workers, size }: { readonly workers: number; readonly size: 4 | 8 },
): { setup(worker: number, work: number): readonly Call[]; write(buffer: ArrayBufferLike): void } {
  const { points } = grid;
  assertFactors(points);
  const { rowBytes, planeBytes, fieldBytes, blockBytes } = modeLayout(grid, size);
  const lanes = 16 / size;
  const factors = radices(points);
  const table = plan.place(20 * factors.length);
  const stages = factors.map((radix, index) => {
    const s = factors.slice(0, index).reduce((product, factor) => product * factor, 1);
    const m = points / s / radix;
    return {
      radix,
      m,
      s,
      twiddles: plan.place(2 * size * m * (radix - 1)),
      roots: isPlain(radix) ? plan.place(2 * size * radix) : 0,
    };
  });
  // The buffers do not begin at the same place of a page.
  const bufferBytes = oddLines(Math.ceil(points / lanes) * lanes * blockBytes);
  const scratch = Array.from({ length: workers }, () => ({
    slots: plan.place(SLOT_BYTES),
    nowhere: plan.place(rowBytes + LINE),
    buffers: [plan.place(bufferBytes), plan.place(bufferBytes), plan.place(bufferBytes)] as const,
    folded: plan.place(PAIR * (Math.max(0, ...factors) + 1)),
  }));
  return {
    setup(worker, work) {
      const { slots, nowhere, buffers, folded } = scratch[worker]!;
      return [
        ["setTransform", table, factors.length, work, rowBytes, planeBytes, fieldBytes, blockBytes],
        ["setScratch", slots, nowhere, ...buffers, folded],
      ];
    },
    write(buffer) {
      const words = new Int32Array(buffer, table, 5 * factors.length);
      const all = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
      for (const [index, { radix, m, s, twiddles, roots }] of stages.entries()) {
        words.set([radix, m, s, twiddles, roots], 5 * index);
        let to = twiddles / size;
        for (let p = 0; p < m; p++) {
          for (let k = 1; k < radix; k++, to += 2) all.set(turn(p * k, radix * m), to);
        }
        if (isPlain(radix)) for (let j = 0; j < radix; j++) all.set(turn(j, radix), roots / size + 2 * j);
      }
    },
  };
}

/** Plans the transforms of `fields` fields at a time by at most `workers` workers in elements of `size` bytes. */
export function planTransform(
  plan: MemoryPlan,
  grid: Pick<Grid, "dimensions" | "points">,
  { fields, workers, size }: { readonly fields: number; readonly workers: number; readonly size: 4 | 8 },
): TransformPlan {
  // In one dimension a buffer is as long as a row, and lanes are fields: more workers than that have nothing to do.
  const busy = grid.dimensions === 1 ? Math.min(workers, Math.ceil(fields / (16 / size))) : workers;
  const stages = planStages(plan, grid, { workers: busy, size });
  const work = plan.place(fields * modeLayout(grid, size).fieldBytes);
  return { work, setup: (worker) => stages.setup(worker % busy, work), write: stages.write };
}
