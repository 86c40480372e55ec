/**
 * Each network beside its own linearisation: what it would do if its kernel stayed what it was at step 0, from its own f(0), for any V and
 * momentum (physics.md section 1 with the network's kernel in place of theory's). The distance between both is what learning does to the
 * features (Lee et al., arXiv:1902.06720).
 */
import type { Work } from "../cooperate.ts";
import type { EnsembleBatch } from "../engine/ensembleJob.ts";
import { recursionWork } from "../theory/prediction.ts";
import { type PerDatum, perRecord } from "./outputs.ts";
import type { NetworkSetup } from "./setup.ts";
import { Moments, squaredNorm } from "./statistics.ts";

type OrNull<F extends PerDatum> = F extends number ? number | null : (number | null)[];

/** [T] are the recorded steps; null where the linearisation leaves the finite numbers. */
export interface LinearisedResult<F extends PerDatum> {
  /** Mean and standard deviation over the ensemble of the linearisations' f, [T][D]. */
  readonly mean: OrNull<F>[][];
  readonly std: OrNull<F>[][];
  /** Root mean square over networks, data and outputs of network minus linearisation. */
  readonly error: (number | null)[];
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
const eachFiniteOrNull = (values: PerDatum[]): OrNull<PerDatum>[] =>
  values.map((of) => (typeof of === "number" ? finiteOrNull(of) : of.map(finiteOrNull)));

export class LinearisedTwins {
  private readonly setup: NetworkSetup;
  private readonly momentum: number;
  private readonly times: readonly number[];
  /** [T][D][C]. */
  private readonly moments: Moments;
  private networks = 0;
  private readonly squares: Float64Array;

  constructor(setup: NetworkSetup, momentum: number, times: readonly number[]) {
    this.setup = setup;
    this.momentum = momentum;
    this.times = times;
    this.moments = new Moments(times.length * setup.data.targets.length, { covariance: false });
    this.squares = new Float64Array(times.length);
  }

  /** Adds network `m` of a batch whose outputs were recorded at `times`, from step 0 on, with its kernel [D C][D C] at step 0. */
  *add(batch: EnsembleBatch, m: number, theta: Float64Array): Work<void> {
    const { data, potential, eta, subsets } = this.setup;
    const { outputs, targets } = data;
    const { length: size } = targets;
    const T = this.times.length;
    const recorded = batch.outputs.subarray(m * T * size, (m + 1) * T * size);
    const phi = recorded.map((f, i) => f - targets[i % size]!);
    const dynamics = { points: size, outputs, theta, potential, learningRate: eta, momentum: this.momentum, subsets };
    const twin = yield* recursionWork(dynamics, phi.subarray(0, size), this.times);
    const f = twin.map((value, i) => value + targets[i % size]!);
    this.networks++;
    this.moments.add(f);
    for (let t = 0; t < T; t++) this.squares[t]! += squaredNorm(phi, t * size, size, twin, t * size);
  }

  /** With a line of warning where a linearisation diverges that its network does not follow. */
  result(): { linearised: LinearisedResult<PerDatum>; warnings: string[] } {
    const { outputs, targets } = this.setup.data;
    const { length: size } = targets;
    const shown = (values: Float64Array) => perRecord(values, size, outputs).map(eachFiniteOrNull);
    const error = Array.from(this.squares, (sum) => finiteOrNull(Math.sqrt(sum / this.networks / size)));
    const lost = error.indexOf(null);
    return {
      linearised: {
        mean: shown(this.moments.mean),
        std: shown(this.moments.std()),
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
