/**
 * Each network beside its own linearisation: what it would do if its kernel stayed what it was at step 0, from its own f(0), for any V and
 * momentum (physics.md section 1 with the network's kernel in place of theory's). The distance between both is what learning does to the
 * features (Lee et al., arXiv:1902.06720).
 */
import type { Work } from "../cooperate.ts";
import type { EnsembleBatch } from "../engine/engine.ts";
import { recursionWork } from "../theory/prediction.ts";
import type { NetworkSetup } from "./setup.ts";
import { Moments, squaredNorm } from "./statistics.ts";

/** [T] are the recorded steps; null where the linearisation leaves the finite numbers. */
export interface LinearisedResult {
  /** Mean and standard deviation over the ensemble of the linearisations' f, [T][D]. */
  readonly mean: (number | null)[][];
  readonly std: (number | null)[][];
  /** Root mean square over networks and data of network minus linearisation. */
  readonly error: (number | null)[];
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

export class LinearisedTwins {
  private readonly setup: NetworkSetup;
  private readonly momentum: number;
  private readonly times: readonly number[];
  private readonly moments: Moments[];
  private readonly squares: Float64Array;

  constructor(setup: NetworkSetup, momentum: number, times: readonly number[]) {
    this.setup = setup;
    this.momentum = momentum;
    this.times = times;
    this.moments = times.map(() => new Moments(setup.data.points, { covariance: false }));
    this.squares = new Float64Array(times.length);
  }

  /** Adds network `m` of a batch whose outputs were recorded at `times`, from step 0 on, with its kernel [D][D] at step 0. */
  *add(batch: EnsembleBatch, m: number, theta: Float64Array): Work<void> {
    const { data, potential, eta, subsets } = this.setup;
    const { points: D, targets } = data;
    const T = this.times.length;
    const outputs = batch.outputs.subarray(m * T * D, (m + 1) * T * D);
    const phi = outputs.map((f, i) => f - targets[i % D]!);
    const dynamics = { points: D, theta, potential, learningRate: eta, momentum: this.momentum, subsets };
    const twin = yield* recursionWork(dynamics, phi.subarray(0, D), this.times);
    const f = twin.map((value, i) => value + targets[i % D]!);
    for (const [t, moments] of this.moments.entries()) {
      moments.add(f, t * D);
      this.squares[t]! += squaredNorm(phi, t * D, D, twin, t * D);
    }
  }

  /** With a line of warning where a linearisation diverges that its network does not follow. */
  result(): { linearised: LinearisedResult; warnings: string[] } {
    const D = this.setup.data.points;
    const { moments } = this;
    const error = Array.from(this.squares, (sum, t) => finiteOrNull(Math.sqrt(sum / moments[t]!.count / D)));
    const lost = error.indexOf(null);
    return {
      linearised: {
        mean: moments.map(({ mean }) => Array.from(mean, finiteOrNull)),
        std: moments.map((of) => Array.from({ length: D }, (_, a) => finiteOrNull(Math.sqrt(of.variance(a))))),
        error,
      },
      warnings:
        lost < 0
          ? []
          : [
              `observe.linearised: from step ${this.times[lost]} on the networks stay finite, their linearisations do not`,
            ],
    };
  }
}
