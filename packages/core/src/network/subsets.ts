/**
 * Mini-batches: which data push the weights at each step. Each epoch puts the data in a random order and takes it in runs of `size` data, one
 * a step; what is left over at its end waits for the next epoch. The force on the data of the step's run is multiplied by D/size and that on
 * all others by 0, so that its mean over orders is the full batch's.
 */
import { InputError } from "../errors.ts";
import { orderWords } from "../random/normal.ts";

export interface BatchSpec {
  /** Data of a step. */
  readonly size: number;
  /** Key of the orders. */
  readonly seed: number;
}

/** The same for every network. */
export interface Subsets {
  /** D/size. */
  readonly weight: number;
  /** 32-bit words of a step. */
  readonly words: number;
  /** [steps][words]: bit a & 31 of word a >> 5 says whether datum a pushes. */
  readonly bits: Uint32Array;
}

/** Words of a table, 64 MiB, which every adapter binds. */
const MOST = 2 ** 24;

/** Data 0 .. points - 1 in the order of epoch `epoch`: sorted by a random word each, and by number where two are the same. */
function order(points: number, seed: number, epoch: number): number[] {
  const keys = orderWords(seed, epoch, points);
  return Array.from(keys.keys()).sort((a, b) => keys[a]! - keys[b]! || a - b);
}

/** The data of step after step, without end; of `size` at most `points`. */
export function* runsOf(points: number, { size, seed }: BatchSpec): Generator<readonly number[], never> {
  for (let epoch = 0; ; epoch++) {
    const data = order(points, seed, epoch);
    for (let run = 0; run < Math.floor(points / size); run++) yield data.slice(run * size, (run + 1) * size);
  }
}

/** Throws InputError (training.batch) where a run has more data than there are, or the table is too large. */
export function drawSubsets(points: number, steps: number, batch: BatchSpec): Subsets {
  const { size } = batch;
  if (size > points) {
    throw new InputError(`is ${size}, there are ${points} data: use at most as many`, { path: "training.batch.size" });
  }
  const words = Math.ceil(points / 32);
  if (steps * words > MOST) {
    throw new InputError(
      `${steps} steps of ${points} data take a table of ${steps * words} words, at most ${MOST}: use fewer steps`,
      {
        path: "training.batch",
      },
    );
  }
  const bits = new Uint32Array(steps * words);
  const runs = runsOf(points, batch);
  for (let step = 0; step < steps; step++)
    for (const a of runs.next().value) bits[step * words + (a >> 5)]! |= 1 << (a & 31);
  return { weight: points / size, words, bits };
}

/** What the force on datum `a` is multiplied by at `step`. */
export function forceWeight(subsets: Subsets | undefined, step: number, a: number): number {
  if (!subsets) return 1;
  return (subsets.bits[step * subsets.words + (a >> 5)]! >>> (a & 31)) & 1 ? subsets.weight : 0;
}
