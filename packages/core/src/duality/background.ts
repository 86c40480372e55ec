/**
 * The background (physics.md section 4.1): the infinite-width trajectory from f = 0 against its dual fields, and the measured ensemble
 * against the average of its networks' own infinite-width trajectories.
 */
import type { Work } from "../cooperate.ts";
import type { EnsembleBatch } from "../engine/engine.ts";
import { DivergenceError } from "../errors.ts";
import type { NetworkSetup } from "../network/setup.ts";
import { Moments, nested } from "../network/statistics.ts";
import { recursionWork } from "../theory/prediction.ts";
import { dualComparison, type Order } from "./dual.ts";

/** Keys as in the contract; trajectories of phi, [T][D]. */
export interface BackgroundResult {
  readonly times: number[];
  readonly theory: number[][];
  readonly dual: Readonly<Record<Order, number[][] | null>>;
  readonly errors: Readonly<Record<Order, number | null>>;
  /** Ensemble mean of phi. */
  readonly network: number[][];
  /** Standard errors are null where one network gives none. */
  readonly deviation: { readonly value: number; readonly standardErrors: number | null };
}

/** Collects an ensemble whose outputs were recorded at every step 0 .. T - 1. */
export class BackgroundCollector {
  private readonly setup: NetworkSetup;
  private readonly momentum: number;
  private readonly times: number[];
  private readonly phi: Moments;
  private readonly difference: Moments;

  constructor(setup: NetworkSetup, momentum: number, steps: number) {
    this.setup = setup;
    this.momentum = momentum;
    this.times = Array.from({ length: steps + 1 }, (_, t) => t);
    const size = this.times.length * setup.data.points;
    this.phi = new Moments(size, { covariance: false });
    this.difference = new Moments(size, { covariance: false });
  }

  private get dynamics() {
    const { data, potential, kernels, eta } = this.setup;
    return { points: data.points, theta: kernels.ntk, potential, learningRate: eta, momentum: this.momentum };
  }

  *add(batch: EnsembleBatch): Work<void> {
    const { points: D, targets } = this.setup.data;
    const size = this.times.length * D;
    for (let m = 0; m < batch.count; m++) {
      const phi = Float64Array.from({ length: size }, (_, i) => batch.outputs[m * size + i]! - targets[i % D]!);
      const own = yield* recursionWork(this.dynamics, phi.subarray(0, D), this.times);
      this.phi.add(phi);
      this.difference.add(phi.map((value, i) => value - own[i]!));
    }
  }

  /** Throws DivergenceError where the infinite-width recursion leaves the finite numbers. */
  *result(): Work<{ background: BackgroundResult; warnings: readonly string[] }> {
    const { points: D, targets } = this.setup.data;
    const { theory, dual, errors, warnings } = yield* dualComparison(
      this.dynamics,
      targets.map((y) => -y),
      this.times,
    );
    const bad = this.difference.mean.findIndex((mean) => !Number.isFinite(mean));
    if (bad >= 0) {
      const step = Math.floor(bad / D);
      throw new DivergenceError(
        `the infinitely wide dual of a network diverges: it is not finite at step ${step}; use a smaller training.learningRate`,
        step,
        { path: "training.learningRate" },
      );
    }
    const rows = (trajectory: Float64Array | null): number[][] | null => trajectory && nested(trajectory, D);
    let value = 0;
    let standardErrors = 0;
    for (const [i, mean] of this.difference.mean.entries()) {
      value = Math.max(value, Math.abs(mean));
      const error = Math.sqrt(this.difference.variance(i) / this.difference.count);
      if (error > 0) standardErrors = Math.max(standardErrors, Math.abs(mean) / error);
    }
    const background: BackgroundResult = {
      times: this.times,
      theory: nested(theory, D),
      dual: { slowRoll: rows(dual.slowRoll), secondOrder: rows(dual.secondOrder), exact: rows(dual.exact) },
      errors,
      network: nested(this.phi.mean, D),
      deviation: { value, standardErrors: this.difference.count > 1 ? standardErrors : null },
    };
    return { background, warnings };
  }
}
