/**
 * What theory says beside an ensemble: infinitely wide networks in the same training, in closed form where V is quadratic and every step takes
 * all data, else from samples of the Gaussian initial state.
 */
import { cooperate } from "../cooperate.ts";
import type { JobControl } from "../engine/engine.ts";
import { eigenAside } from "../linalg/eigen.ts";
import { kernelFluctuation } from "../theory/fluctuation.ts";
import { quadraticMass, quadraticPrediction, testPrediction } from "../theory/prediction.ts";
import { sampleCount, sampledPrediction } from "../theory/sampling.ts";
import type { NetworkSetup } from "./setup.ts";
import { nested } from "./statistics.ts";
import type { NetworkStudy } from "./study.ts";

/** Keys as in the contract; [T] are the recorded steps, [D] the data. */
export interface EnsembleTheory {
  readonly mean: number[][];
  /** For quadratic V left out where its closed form takes more than seconds. */
  readonly std?: number[][];
  /** Mean over the ensemble, [T]; where `std` is. */
  readonly loss?: number[];
  readonly covarianceFinal: number[][];
  /** Where V is not quadratic: samples of f(0), and the standard errors that they leave in `mean` and `loss`. */
  readonly samples?: number;
  readonly meanError?: number[][];
  readonly lossError?: number[];
  /** As the ensemble's own, expected of this width; for one hidden layer. */
  readonly kernelFluctuation?: number;
}

/** At the test inputs after the last step, [P] each. */
export interface TestTheory {
  readonly mean: number[];
  readonly std: number[];
  readonly meanError?: number[];
}

/** Multiplications and additions that the standard deviations of quadratic V may take, some 10 s of them. */
const BUDGET = 1e10;

const rows = (vectors: readonly Float64Array[]): number[][] => vectors.map((vector) => Array.from(vector));

async function closedForm(
  { data, kernels, spectrum, eta }: NetworkSetup,
  massSquared: number,
  momentum: number,
  times: readonly number[],
  { signal }: JobControl,
): Promise<{ theory: EnsembleTheory; test?: TestTheory }> {
  const { points: D, targets } = data;
  const dynamics = { points: D, theta: kernels.ntk, learningRate: eta, momentum };
  const prediction = quadraticPrediction(dynamics, massSquared, kernels.nngp, targets, times, spectrum);
  const mean = times.map((_, r) => prediction.mean(r));
  const variance: Float64Array[] = [];
  if (2 * D ** 3 * times.length <= BUDGET)
    for (const r of times.keys()) variance.push(await cooperate(prediction.varianceWork(r), signal));
  const covariance = await cooperate(prediction.covarianceWork(times.length - 1), signal);
  const off =
    kernels.test && testPrediction(dynamics, massSquared, kernels.nngp, kernels.test, targets, times.at(-1)!, spectrum);
  return {
    theory: {
      mean: rows(mean),
      ...(variance.length > 0
        ? {
            std: rows(variance.map((of) => of.map(Math.sqrt))),
            loss: variance.map((of, r) =>
              targets.reduce((sum, y, a) => sum + (massSquared / 2) * (of[a]! + (mean[r]![a]! - y) ** 2), 0),
            ),
          }
        : {}),
      covarianceFinal: nested(covariance, D),
    },
    ...(off ? { test: { mean: Array.from(off.mean), std: Array.from(off.std) } } : {}),
  };
}

async function trajectories(
  setup: NetworkSetup,
  { training, ensemble }: NetworkStudy,
  times: readonly number[],
  control: JobControl,
): Promise<{ theory?: EnsembleTheory; test?: TestTheory; warnings: readonly string[] }> {
  const { data, kernels, potential, eta, subsets } = setup;
  const massSquared = subsets ? undefined : quadraticMass(potential);
  if (massSquared !== undefined)
    return { ...(await closedForm(setup, massSquared, training.momentum, times, control)), warnings: [] };
  const { points: D, targets } = data;
  const samples = sampleCount(D, training.steps);
  const prediction = await cooperate(
    sampledPrediction(
      { points: D, theta: kernels.ntk, potential, learningRate: eta, momentum: training.momentum, subsets },
      { initial: await eigenAside(kernels.nngp, D, control.signal), seed: ensemble.seed, samples },
      targets,
      times,
      kernels.test,
    ),
    control.signal,
  );
  if (!prediction) {
    return {
      warnings: [
        `training.learningRate: of ${samples} samples of the infinitely wide ensemble some diverge, so that there is no mean to compare with; use a smaller one`,
      ],
    };
  }
  const { mean, meanError, std, loss, lossError, covarianceFinal, test } = prediction;
  return {
    theory: {
      mean: rows(mean),
      std: rows(std),
      loss: Array.from(loss),
      covarianceFinal: nested(covarianceFinal, D),
      samples,
      meanError: rows(meanError),
      lossError: Array.from(lossError),
    },
    ...(test
      ? { test: { mean: Array.from(test.mean), std: Array.from(test.std), meanError: Array.from(test.meanError) } }
      : {}),
    warnings: [],
  };
}

/**
 * Theory at the recorded steps `times`. A warning takes its place where samples diverge and the mean over the ensemble does not exist.
 * @throws InterruptedError.
 */
export async function ensembleTheory(
  setup: NetworkSetup,
  study: NetworkStudy,
  times: readonly number[],
  control: JobControl,
): Promise<{ theory?: EnsembleTheory; test?: TestTheory; warnings: readonly string[] }> {
  const { architecture, data, kernels } = setup;
  const fluctuation = await cooperate(kernelFluctuation(architecture, data.inputs, kernels), control.signal);
  const { theory, ...rest } = await trajectories(setup, study, times, control);
  if (!theory) return rest;
  return { ...rest, theory: { ...theory, ...(fluctuation === undefined ? {} : { kernelFluctuation: fluctuation }) } };
}
