/** The `network` command: trains an ensemble and reduces it to means, covariances and kernels beside theory's. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleBatch, EnsembleJob } from "../engine/ensembleJob.ts";
import { nested } from "../lists.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { DivergenceWatch, divergenceError } from "./divergence.ts";
import { EmpiricalKernels, type KernelLayers, type KernelSeries } from "./empiricalKernels.ts";
import { type LinearisedResult, LinearisedTwins } from "./linearised.ts";
import { OutputStatistics } from "./outputStatistics.ts";
import { type PerDatum, perDatum } from "./outputs.ts";
import { type ParameterNormSeries, ParameterNorms } from "./parameterNorms.ts";
import { planResult } from "./resultMemory.ts";
import { ensembleJob, type JobSetup, setupNetwork } from "./setup.ts";
import type { Standardisation } from "./standardise.ts";
import type { NetworkStudy, ObserveSpec } from "./study.ts";
import { type EnsembleTheory, ensembleTheory, type TestTheory } from "./theory.ts";

/**
 * Keys as in the contract; [T] are the recorded steps, [D] the data. F is what there is of each datum (and mode, and test input): a number,
 * or with several outputs one for each.
 */
export interface NetworkResult<F extends PerDatum = number> {
  /** Names of several outputs, [C]; one has none. */
  readonly outputs?: readonly string[];
  readonly eta: number;
  readonly times: number[];
  readonly mean: F[][];
  readonly std: F[][];
  /** Of all data and outputs. */
  readonly loss: number[];
  /** [D][D]; of several outputs [C][D][D], each output's own. */
  readonly covarianceInitial: F[][];
  readonly covarianceFinal: F[][];
  /** Of several outputs the mean of their own kernels, as all kernels [D][D]; fluctuation, drift and alignment are of the whole. */
  readonly kernelInitial: number[][];
  readonly kernelFinal: number[][];
  readonly kernelFluctuation: number;
  readonly kernelDrift: number;
  /** The first and last of `kernelSeries.alignment`. */
  readonly kernelAlignment: { readonly initial: number | null; readonly final: number | null };
  readonly kernelSeries: KernelSeries;
  /** The ensemble's mean kernel at each of `kernelSeries.times`, [K][D][D], where asked for. */
  readonly kernels?: number[][][];
  readonly kernelLayers?: KernelLayers;
  readonly parameterNorms?: ParameterNormSeries;
  /** The networks' own linearisations, where asked for. */
  readonly linearised?: LinearisedResult<F>;
  /** f in the infinite-width kernel's eigenvectors, [D] of descending eigenvalues: mean u_i . f and variances about it. */
  readonly modes: {
    readonly eigenvalues: number[];
    readonly mean: F[][];
    readonly varianceInitial: F[];
    readonly varianceFinal: F[];
  };
  /** Infinite width; left out, with a warning, where it diverges. */
  readonly theory?: EnsembleTheory<F>;
  /** What networks see of an input x: (x - shift) / scale, coordinate by coordinate. */
  readonly standardisation?: Standardisation;
  /** f at the test inputs after the last step. */
  readonly test?: {
    readonly inputs: number[][];
    readonly mean: F[];
    readonly std: F[];
    readonly theory?: TestTheory<F>;
    /** What the networks were trained on. */
    readonly data: { readonly inputs: number[][]; readonly targets: F[] };
  };
  readonly warnings: readonly string[];
}

/** What a diverged run leaves: the records before the step. */
export type PartialNetworkResult<F extends PerDatum = number> = Omit<
  NetworkResult<F>,
  | "covarianceFinal"
  | "kernelFinal"
  | "kernelDrift"
  | "kernelAlignment"
  | "kernelLayers"
  | "linearised"
  | "modes"
  | "theory"
  | "test"
>;

/**
 * Trains the study's ensemble. What there is of each datum is the caller's to know: number[] where the targets are of several outputs.
 * @param onBatch sees the records of every network, batch by batch
 * @throws InputError, ExpressionError; DivergenceError with a PartialNetworkResult; what the engine throws.
 */
export async function networkStudy<F extends PerDatum = number>(
  study: NetworkStudy,
  engine: Engine,
  control: JobControl = {},
  onBatch?: (batch: EnsembleBatch, job: EnsembleJob) => void,
): Promise<{ result: NetworkResult<F>; engineSeconds: number }> {
  const { steps, momentum, recordEvery } = study.training;
  const times = recordedSteps(steps, recordEvery);
  const { kernelsEvery, ...asked }: Partial<ObserveSpec> = study.observe ?? {};
  const recordKernels = recordedSteps(steps, kernelsEvery ?? Math.max(1, steps));
  const jobOf = (setup: JobSetup): EnsembleJob => ({
    ...ensembleJob(setup, study, {
      recordOutputs: times,
      recordKernels,
      kernelParts: asked.kernelsByLayer,
      parameterNorms: asked.parameterNorms,
    }),
    test: setup.data.test,
  });
  let results = 0;
  const setup = await setupNetwork(study, control, async (before) => {
    results = planResult(before, study, times.length, recordKernels.length);
    await engine.assertRoom(jobOf(before));
  });
  const { data, spectrum, eta, warnings } = setup;
  const statistics = new OutputStatistics(data, times.length);
  const norms = asked.parameterNorms ? new ParameterNorms(setup.architecture, recordKernels) : undefined;
  const twins = asked.linearised ? new LinearisedTwins(setup, momentum, times) : undefined;
  const empirical = new EmpiricalKernels(setup, recordKernels);
  const job = jobOf(setup);
  const watch = new DivergenceWatch(job);
  const { engineSeconds } = await engine.trainEnsemble(
    job,
    async (batch) => {
      onBatch?.(batch, job);
      for (let m = 0; m < batch.count; m++) {
        statistics.add(batch, m, watch.seeNetwork(batch, m));
        empirical.add(batch, m);
        norms?.add(batch, m);
        if (twins) await cooperate(twins.add(batch, m, empirical.own(batch, m, 0)), control.signal);
      }
    },
    {
      ...control,
      onMemory: ({ bytes, parts, ...rest }) =>
        control.onMemory?.({ ...rest, bytes: bytes + results, parts: { ...parts, results } }),
    },
  );

  const { first: diverged } = watch;
  const finite = diverged ? times.findIndex((step) => step >= diverged.step) : times.length;
  const K = diverged ? recordKernels.filter((step) => step < diverged.step).length : recordKernels.length;
  const eigenvalues = kernelsEvery !== undefined;
  const kernelSeries = await empirical.series(K, { eigenvalues, signal: control.signal });
  const means = asked.kernelMatrices ? { kernels: Array.from({ length: K }, (_, k) => empirical.mean(k)) } : {};
  const partial: PartialNetworkResult<PerDatum> = {
    ...(data.outputs > 1 ? { outputs: data.outputNames } : {}),
    eta,
    times: times.slice(0, finite),
    ...statistics.series(finite),
    covarianceInitial: finite > 0 ? statistics.covarianceInitial() : [],
    kernelInitial: empirical.mean(0),
    kernelFluctuation: empirical.fluctuation(),
    kernelSeries,
    ...means,
    ...(norms ? { parameterNorms: norms.series(K) } : {}),
    ...(data.standardisation ? { standardisation: data.standardisation } : {}),
    warnings,
  };
  if (diverged) throw divergenceError(diverged, "training", partial);
  const expected = await ensembleTheory(setup, study, times, control);
  control.onStage?.(`variances along ${data.points} modes`);
  const twin = twins?.result();
  const kernelLayers = empirical.layers();
  const result: NetworkResult<PerDatum> = {
    ...partial,
    ...(twin ? { linearised: twin.linearised } : {}),
    covarianceFinal: statistics.covarianceFinal(),
    kernelFinal: empirical.mean(K - 1),
    kernelDrift: kernelSeries.drift[K - 1]!,
    kernelAlignment: { initial: kernelSeries.alignment[0]!, final: kernelSeries.alignment[K - 1]! },
    ...(kernelLayers ? { kernelLayers } : {}),
    modes: {
      eigenvalues: Array.from(spectrum.values),
      ...(await statistics.alongModes(spectrum, control.signal)),
    },
    ...(expected.theory ? { theory: expected.theory } : {}),
    ...(data.test
      ? {
          test: {
            inputs: nested(data.given.test!, data.dimension),
            ...statistics.test(),
            ...(expected.test ? { theory: expected.test } : {}),
            data: { inputs: nested(data.given.inputs, data.dimension), targets: perDatum(data.targets, data.outputs) },
          },
        }
      : {}),
    warnings: [...warnings, ...(twin?.warnings ?? []), ...expected.warnings],
  };
  return { result: result as NetworkResult<F>, engineSeconds };
}
