/**
 * What theory says beside an ensemble: infinitely wide networks in the same training, in closed form where V is quadratic and every step takes
 * all data, else from samples of the Gaussian initial state.
 */
import { cooperate } from "../cooperate.ts";
import type { JobControl } from "../engine/engine.ts";
import { eigenAside } from "../linalg/eigen.ts";
import { kernelFluctuation } from "../theory/fluctuation.ts";
import { type QuadraticPrediction, quadraticMass, quadraticPrediction, testPrediction } from "../theory/prediction.ts";
import { sampleCount, sampledPrediction } from "../theory/sampling.ts";
import { byDatum, byOutput, matrices, type PerDatum } from "./outputs.ts";
import type { NetworkSetup } from "./setup.ts";
import type { NetworkStudy } from "./study.ts";

/** Keys as in the contract; [T] are the recorded steps, [D] the data; F is what there is of each datum. */
export interface EnsembleTheory<F extends PerDatum> {
  readonly mean: F[][];
  /** For quadratic V left out where its closed form takes more than seconds. */
  readonly std?: F[][];
  /** Mean over the ensemble, [T]; where `std` is. */
  readonly loss?: number[];
  /** [D][D], or of several outputs [C][D][D]: there is none between two. */
  readonly covarianceFinal: F[][];
  /** Where V is not quadratic: samples of f(0), and the standard errors that they leave in `mean` and `loss`. */
  readonly samples?: number;
  readonly meanError?: F[][];
  readonly lossError?: number[];
  /** As the ensemble's own, expected of this width; for one hidden layer. */
  readonly kernelFluctuation?: number;
}

/** At the test inputs after the last step, [P] each. */
export interface TestTheory<F extends PerDatum> {
  readonly mean: F[];
  readonly std: F[];
  readonly meanError?: F[];
}

/** What theory says of one output at record r, [D]. */
type At = (r: number) => Float64Array;

/** What theory says of one output: at each record, [D][D] and, at the test inputs, [P]. */
interface OutputTheory {
  readonly mean: At;
  readonly std?: At;
  readonly meanError?: At;
  readonly covarianceFinal: Float64Array;
  readonly test?: { readonly mean: Float64Array; readonly std: Float64Array; readonly meanError?: Float64Array };
}

type Told = { readonly theory: EnsembleTheory<PerDatum>; readonly test?: TestTheory<PerDatum> };

/** Multiplications and additions that the standard deviations of quadratic V may take, some 10 s of them. */
const BUDGET = 1e10;

/** Independent outputs side by side at `records` records, and the loss of all together. */
function together(
  outputs: readonly OutputTheory[],
  points: number,
  records: number,
  loss: readonly number[] | undefined,
  sampled?: { readonly samples: number; readonly lossError: Float64Array },
): Told {
  const [first] = outputs;
  const series = (pick: (output: OutputTheory) => At): PerDatum[][] =>
    Array.from({ length: records }, (_, r) => byDatum(outputs.map((output) => pick(output)(r))));
  const tested = (pick: (test: NonNullable<OutputTheory["test"]>) => Float64Array): PerDatum[] =>
    byDatum(outputs.map(({ test }) => pick(test!)));
  const { std, test } = first!;
  return {
    theory: {
      mean: series((output) => output.mean),
      ...(std ? { std: series((output) => output.std!) } : {}),
      ...(loss ? { loss: [...loss] } : {}),
      covarianceFinal: matrices(
        outputs.map(({ covarianceFinal }) => covarianceFinal),
        points,
      ),
      ...(sampled
        ? {
            samples: sampled.samples,
            meanError: series((output) => output.meanError!),
            lossError: Array.from(sampled.lossError),
          }
        : {}),
    },
    ...(test
      ? {
          test: {
            mean: tested((of) => of.mean),
            std: tested((of) => of.std),
            ...(test.meanError ? { meanError: tested((of) => of.meanError!) } : {}),
          },
        }
      : {}),
  };
}

async function closedForm(
  { data, kernels, potential, spectrum, eta }: NetworkSetup,
  massSquared: number,
  momentum: number,
  times: readonly number[],
  { signal }: JobControl,
): Promise<Told> {
  const { points: D } = data;
  const dynamics = { points: D, theta: kernels.ntk, learningRate: eta, momentum };
  const targets = byOutput(data.targets, data.outputs);
  const predictions = targets.map((y) => quadraticPrediction(dynamics, massSquared, kernels.nngp, y, times, spectrum));
  // Targets move the mean alone: fluctuations of all outputs are alike.
  const [{ varianceWork, covarianceWork }] = predictions as [QuadraticPrediction];
  const T = times.length;
  const known = 2 * D ** 3 * T <= BUDGET;
  /** [T][D]. */
  const variance = new Float64Array(known ? T * D : 0);
  if (known) for (const r of times.keys()) variance.set(await cooperate(varianceWork(r), signal), r * D);
  const covarianceFinal = await cooperate(covarianceWork(T - 1), signal);
  const outputs = predictions.map(({ mean }, c): OutputTheory => {
    const off =
      kernels.test &&
      testPrediction(dynamics, massSquared, kernels.nngp, kernels.test, targets[c]!, times.at(-1)!, spectrum);
    return {
      mean,
      ...(known ? { std: (r: number) => variance.subarray(r * D, (r + 1) * D).map(Math.sqrt) } : {}),
      covarianceFinal,
      ...(off ? { test: off } : {}),
    };
  });
  // V need not be 0 at its extremum: that of a hilltop is not.
  const extremum = D * data.outputs * potential.value(0);
  const lossAt = (r: number): number =>
    outputs.reduce((total, { mean }, c) => {
      const f = mean(r);
      return targets[c]!.reduce(
        (sum, y, a) => sum + (massSquared / 2) * (variance[r * D + a]! + (f[a]! - y) ** 2),
        total,
      );
    }, extremum);
  return together(outputs, D, T, known ? times.map((_, r) => lossAt(r)) : undefined);
}

async function trajectories(
  setup: NetworkSetup,
  { training, ensemble }: NetworkStudy,
  times: readonly number[],
  control: JobControl,
): Promise<Partial<Told> & { warnings: readonly string[] }> {
  const { data, kernels, potential, eta, subsets } = setup;
  const massSquared = subsets ? undefined : quadraticMass(potential);
  if (massSquared !== undefined)
    return { ...(await closedForm(setup, massSquared, training.momentum, times, control)), warnings: [] };
  const { points: D } = data;
  const samples = sampleCount(D, data.outputs, training.steps);
  const prediction = await cooperate(
    sampledPrediction(
      { points: D, theta: kernels.ntk, potential, learningRate: eta, momentum: training.momentum, subsets },
      { initial: await eigenAside(kernels.nngp, D, control.signal), seed: ensemble.seed, samples },
      byOutput(data.targets, data.outputs),
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
  const { loss, lossError } = prediction;
  const outputs = prediction.outputs.map(
    ({ mean, std, meanError, ...rest }): OutputTheory => ({
      mean: (r) => mean[r]!,
      std: (r) => std[r]!,
      meanError: (r) => meanError[r]!,
      ...rest,
    }),
  );
  const { length: T } = times;
  return { ...together(outputs, D, T, Array.from(loss), { samples, lossError }), warnings: [] };
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
): Promise<Partial<Told> & { warnings: readonly string[] }> {
  const { architecture, data, kernels } = setup;
  control.onStage?.(`theory of ${data.points} data`);
  const fluctuation = await cooperate(kernelFluctuation(architecture, data.inputs, kernels), control.signal);
  const { theory, ...rest } = await trajectories(setup, study, times, control);
  if (!theory) return rest;
  return { ...rest, theory: { ...theory, ...(fluctuation === undefined ? {} : { kernelFluctuation: fluctuation }) } };
}
