/**
 * The background (physics.md section 4.1): the infinite-width trajectory from f = 0 against its dual fields, and the measured ensemble
 * against the average of its networks' own infinite-width trajectories. Several outputs have a trajectory each.
 */
import type { Work } from "../cooperate.ts";
import type { EnsembleBatch } from "../engine/ensembleJob.ts";
import { DivergenceError } from "../errors.ts";
import { assertHeap, listBytes } from "../lists.ts";
import { eachOutput, type PerDatum, perRecord } from "../network/outputs.ts";
import type { NetworkSetup } from "../network/setup.ts";
import { Moments } from "../network/statistics.ts";
import { firstSteps } from "../recordedSteps.ts";
import { recursionWork } from "../theory/prediction.ts";
import { dualComparison, type Order } from "./dual.ts";

/**
 * Keys as in the contract; trajectories of phi, [T][D]. F is what there is of each datum: a number, or with several outputs one for each;
 * what is one number is the largest over the outputs too.
 */
export interface BackgroundResult<F extends PerDatum = number> {
  readonly times: number[];
  readonly theory: F[][];
  readonly dual: Readonly<Record<Order, F[][] | null>>;
  readonly errors: Readonly<Record<Order, number | null>>;
  /** Ensemble mean of phi. */
  readonly network: F[][];
  /** Standard errors are null where one network gives none. */
  readonly deviation: { readonly value: number; readonly standardErrors: number | null };
}

/** Throws InputError where five trajectories of so many `records` do not fit V8's heap. */
export function assertTrajectories(
  { points, outputs }: { readonly points: number; readonly outputs: number },
  records: number,
): void {
  const bytes = 5 * listBytes(records, points, ...(outputs > 1 ? [outputs] : []));
  assertHeap([{ bytes, path: "training.steps", mend: "take fewer steps" }]);
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
    this.times = firstSteps(steps + 1);
    const size = this.times.length * setup.data.targets.length;
    this.phi = new Moments(size, { covariance: false });
    this.difference = new Moments(size, { covariance: false });
  }

  private get dynamics() {
    const { data, potential, kernels, eta } = this.setup;
    return { points: data.points, theta: kernels.ntk, potential, learningRate: eta, momentum: this.momentum };
  }

  *add(batch: EnsembleBatch): Work<void> {
    const { outputs, targets } = this.setup.data;
    const { length: each } = targets;
    const size = this.times.length * each;
    for (let m = 0; m < batch.count; m++) {
      const phi = Float64Array.from({ length: size }, (_, i) => batch.outputs[m * size + i]! - targets[i % each]!);
      const own = yield* eachOutput(phi.subarray(0, each), outputs, (initial) =>
        recursionWork(this.dynamics, initial, this.times),
      );
      this.phi.add(phi);
      this.difference.add(phi.map((value, i) => value - own[i]!));
    }
  }

  /** Throws DivergenceError where the infinite-width recursion leaves the finite numbers. */
  *result(): Work<{ background: BackgroundResult<PerDatum>; warnings: readonly string[] }> {
    const { data, spectrum } = this.setup;
    const { outputs, outputNames, targets } = data;
    const { length: size } = targets;
    const { theory, dual, errors, warnings } = yield* dualComparison(
      this.dynamics,
      targets.map((y) => -y),
      this.times,
      { spectrum, outputNames },
    );
    const bad = this.difference.mean.findIndex((mean) => !Number.isFinite(mean));
    if (bad >= 0) {
      const step = Math.floor(bad / size);
      throw new DivergenceError(
        `the infinitely wide dual of a network diverges: it is not finite at step ${step}; use a smaller training.learningRate`,
        step,
        { path: "training.learningRate" },
      );
    }
    const rows = (trajectory: Float64Array): PerDatum[][] => perRecord(trajectory, size, outputs);
    const { slowRoll, secondOrder, exact } = dual;
    let value = 0;
    let standardErrors = 0;
    for (const [i, mean] of this.difference.mean.entries()) {
      value = Math.max(value, Math.abs(mean));
      const error = Math.sqrt(this.difference.variance(i) / this.difference.count);
      if (error > 0) standardErrors = Math.max(standardErrors, Math.abs(mean) / error);
    }
    const background: BackgroundResult<PerDatum> = {
      times: this.times,
      theory: rows(theory),
      dual: {
        slowRoll: slowRoll && rows(slowRoll),
        secondOrder: secondOrder && rows(secondOrder),
        exact: exact && rows(exact),
      },
      errors,
      network: rows(this.phi.mean),
      deviation: { value, standardErrors: this.difference.count > 1 ? standardErrors : null },
    };
    return { background, warnings };
  }
}
