/** The `network` command: trains an ensemble and reduces it to means, covariances and kernels beside theory's. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleBatch, EnsembleJob } from "../engine/ensembleJob.ts";
import { nested } from "../lists.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { DivergenceWatch, divergenceError } from "./divergence.ts";
import { EmpiricalKernels, type KernelLayers, type KernelSeries } from "./empiricalKernels.ts";
import { type LinearisedResult, LinearisedTwins } from "./linearised.ts";
import { inModes, modeVariances } from "./observables.ts";
import { byDatum, byOutput, OutputCovariances, type PerDatum, perDatum, perRecord } from "./outputs.ts";
import { type ParameterNormSeries, ParameterNorms } from "./parameterNorms.ts";
import { planResult } from "./resultMemory.ts";
import { ensembleJob, type JobSetup, setupNetwork } from "./setup.ts";
import type { Standardisation } from "./standardise.ts";
import { Moments } from "./statistics.ts";
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
  const { points: D, outputs: C, targets } = data;
  const size = targets.length;
  const T = times.length;

  const outputs = new Moments(T * size, { covariance: false });
  const [initial, final] = [new OutputCovariances(D, C), new OutputCovariances(D, C)];
  const norms = asked.parameterNorms ? new ParameterNorms(setup.architecture, recordKernels) : undefined;
  const twins = asked.linearised ? new LinearisedTwins(setup, momentum, times) : undefined;
  const empirical = new EmpiricalKernels(setup, recordKernels);
  const P = (data.test?.length ?? 0) / data.dimension;
  const tested = new Moments(P * C, { covariance: false });
  const loss = new Float64Array(T);
  const job = jobOf(setup);
  const watch = new DivergenceWatch(job);
  const { engineSeconds } = await engine.trainEnsemble(
    job,
    async (batch) => {
      onBatch?.(batch, job);
      for (let m = 0; m < batch.count; m++) {
        const values = watch.seeNetwork(batch, m);
        outputs.add(batch.outputs, m * T * size);
        initial.add(batch.outputs, m * T * size);
        final.add(batch.outputs, ((m + 1) * T - 1) * size);
        for (let t = 0; t < T; t++) {
          let sum = 0;
          for (let i = t * size; i < (t + 1) * size; i++) sum += values[i]!;
          loss[t]! += sum;
        }
        tested.add(batch.test, m * P * C);
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
  const finite = diverged ? times.findIndex((step) => step >= diverged.step) : T;
  const K = diverged ? recordKernels.filter((step) => step < diverged.step).length : recordKernels.length;
  const eigenvalues = kernelsEvery !== undefined;
  const kernelSeries = await empirical.series(K, { eigenvalues, signal: control.signal });
  const means = asked.kernelMatrices ? { kernels: Array.from({ length: K }, (_, k) => empirical.mean(k)) } : {};
  const kept = (values: Float64Array) => perRecord(values.subarray(0, finite * size), size, C);
  const partial: PartialNetworkResult<PerDatum> = {
    ...(C > 1 ? { outputs: data.outputNames } : {}),
    eta,
    times: times.slice(0, finite),
    mean: kept(outputs.mean),
    std: kept(outputs.std()),
    loss: Array.from(loss.subarray(0, finite), (sum) => sum / study.ensemble.size),
    covarianceInitial: finite > 0 ? initial.covariance() : [],
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
  control.onStage?.(`variances along ${D} modes`);
  const twin = twins?.result();
  const kernelLayers = empirical.layers();
  const variances = async ({ each }: OutputCovariances): Promise<PerDatum[]> => {
    const all: Float64Array[] = [];
    for (const moments of each)
      all.push(await cooperate(modeVariances(moments.covariance(), spectrum), control.signal));
    return byDatum(all);
  };
  const alongModes = (t: number): PerDatum[] =>
    byDatum(byOutput(outputs.mean.subarray(t * size, (t + 1) * size), C).map((mean) => inModes(mean, spectrum)));
  const result: NetworkResult<PerDatum> = {
    ...partial,
    ...(twin ? { linearised: twin.linearised } : {}),
    covarianceFinal: final.covariance(),
    kernelFinal: empirical.mean(K - 1),
    kernelDrift: kernelSeries.drift[K - 1]!,
    kernelAlignment: { initial: kernelSeries.alignment[0]!, final: kernelSeries.alignment[K - 1]! },
    ...(kernelLayers ? { kernelLayers } : {}),
    modes: {
      eigenvalues: Array.from(spectrum.values),
      mean: times.map((_, t) => alongModes(t)),
      varianceInitial: await variances(initial),
      varianceFinal: await variances(final),
    },
    ...(expected.theory ? { theory: expected.theory } : {}),
    ...(data.test
      ? {
          test: {
            inputs: nested(data.given.test!, data.dimension),
            mean: perDatum(tested.mean, C),
            std: perDatum(tested.std(), C),
            ...(expected.test ? { theory: expected.test } : {}),
            data: { inputs: nested(data.given.inputs, data.dimension), targets: perDatum(targets, C) },
          },
        }
      : {}),
    warnings: [...warnings, ...(twin?.warnings ?? []), ...expected.warnings],
  };
  return { result: result as NetworkResult<F>, engineSeconds };
}
