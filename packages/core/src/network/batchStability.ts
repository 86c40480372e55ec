/**
 * Whether descent on mini-batches diverges where that on all data at once does not. A step on the subset S multiplies phi by
 *   1 - eta (D/size) V'' Theta P_S,   P_S the projector onto S,
 * and on the full batch it is stable while eta lambda_max V'' < 2 (1 + beta). Neither that nor the same of the subsets' own kernels,
 * eta (D/size) lambda_max(Theta_SS) V'', tells of products of different steps: without momentum the subsets' limit is sure, since each step
 * then leaves the parameters no further from a solution, but up to twice too low, for what one subset makes grow others damp; with momentum
 * it is too high, ten times and more at beta = 0.9, for a subset's push goes on through the steps of others. So the product itself is
 * followed, over the orders that the run has.
 */
import type { Work } from "../cooperate.ts";
import { normals } from "../random/normal.ts";
import { type BatchSpec, runsOf } from "./subsets.ts";

interface BatchedDescent {
  /** D. */
  readonly points: number;
  /** Theta, [D][D]. */
  readonly theta: Float64Array;
  readonly learningRate: number;
  readonly momentum: number;
  /** V'' where training starts. */
  readonly curvature: number;
  readonly batch: BatchSpec;
}

/** Epochs that are followed, at least and at most, D^2 multiplications and additions each; the first half is for what soon dies out. */
const EPOCHS = [32, 2048] as const;
/** Multiplications and additions between these, half a second of them or up to 1.5 s where each step has a datum alone. */
const BUDGET = 2 ** 27;
/** E-folds within the second half that are no fluctuation. Along directions that no kernel moves phi stays as it is. */
const GROWN = 1;

/** Whether phi, started anywhere, and its velocity grow without bound. */
export function* batchesDiverge(descent: BatchedDescent): Work<boolean> {
  const { points, theta, learningRate, momentum, curvature, batch } = descent;
  const rate = learningRate * curvature * (points / batch.size);
  let phi = normals(batch.seed, 0, 0, points);
  let velocity = new Float64Array(points);
  let grown = 0;
  const runs = runsOf(points, batch);
  const epochs = Math.max(EPOCHS[0], Math.min(EPOCHS[1], Math.floor(BUDGET / points ** 2)));
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let run = 0; run < Math.floor(points / batch.size); run++) {
      for (let a = 0; a < points; a++) velocity[a]! *= momentum;
      for (const b of runs.next().value) {
        const push = rate * phi[b]!;
        for (let a = 0; a < points; a++) velocity[a]! -= theta[b * points + a]! * push;
      }
      for (let a = 0; a < points; a++) phi[a]! += velocity[a]!;
      yield;
    }
    const size = Math.hypot(...phi, ...velocity);
    if (!Number.isFinite(size)) return true;
    if (size === 0) return false;
    if (epoch >= epochs / 2) grown += Math.log(size);
    phi = phi.map((value) => value / size);
    velocity = velocity.map((value) => value / size);
  }
  return grown > GROWN;
}
