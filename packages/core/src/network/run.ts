/** The `network` command: trains an ensemble and reduces it to means, covariances and kernels beside theory's. */
import { cooperate } from "../cooperate.ts";
import type { Engine, EnsembleBatch, EnsembleJob, JobControl } from "../engine/engine.ts";
import { DivergenceWatch, divergenceError } from "./divergence.ts";
import { EmpiricalKernels, type KernelLayers, type KernelSeries } from "./empiricalKernels.ts";
import { type LinearisedResult, LinearisedTwins } from "./linearised.ts";
import { inModes, modeVariances } from "./observables.ts";
import { type ParameterNormSeries, ParameterNorms } from "./parameterNorms.ts";
import { ensembleJob, recordSteps, setupNetwork } from "./setup.ts";
import type { Standardisation } from "./standardise.ts";
import { Moments, nested } from "./statistics.ts";
import type { NetworkStudy, ObserveSpec } from "./study.ts";
import { type EnsembleTheory, ensembleTheory, type TestTheory } from "./theory.ts";

/** Keys as in the contract; [T] are the recorded steps, [D] the data. */
export interface NetworkResult {
  readonly eta: number;
  readonly times: number[];
  readonly mean: number[][];
  readonly std: number[][];
  readonly loss: number[];
  readonly covarianceInitial: number[][];
  readonly covarianceFinal: number[][];
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
  readonly linearised?: LinearisedResult;
  /** f in the infinite-width kernel's eigenvectors, [D] of descending eigenvalues: mean u_i . f and variances about it. */
  readonly modes: {
    readonly eigenvalues: number[];
    readonly mean: number[][];
    readonly varianceInitial: number[];
    readonly varianceFinal: number[];
  };
  /** Infinite width; left out, with a warning, where it diverges. */
  readonly theory?: EnsembleTheory;
  /** What networks see of an input x: (x - shift) / scale, coordinate by coordinate. */
  readonly standardisation?: Standardisation;
  /** f at the test inputs after the last step. */
  readonly test?: {
    readonly inputs: number[][];
    readonly mean: number[];
    readonly std: number[];
    readonly theory?: TestTheory;
    /** What the networks were trained on. */
    readonly data: { readonly inputs: number[][]; readonly targets: number[] };
  };
  readonly warnings: readonly string[];
}

/** What a diverged run leaves: the records before the step. */
export type PartialNetworkResult = Omit<
  NetworkResult,
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
 * Trains the study's ensemble.
 * @param onBatch sees the records of every network, batch by batch
 * @throws InputError, ExpressionError; DivergenceError with a PartialNetworkResult; what the engine throws.
 */
export async function networkStudy(
  study: NetworkStudy,
  engine: Engine,
  control: JobControl = {},
  onBatch?: (batch: EnsembleBatch, job: EnsembleJob) => void,
): Promise<{ result: NetworkResult; engineSeconds: number }> {
  const setup = await setupNetwork(study, control);
  const { data, potential, spectrum, eta, warnings } = setup;
  const { points: D, targets } = data;
  const { steps, momentum, recordEvery } = study.training;
  const times = recordSteps(steps, recordEvery);
  const T = times.length;
  const { kernelsEvery, ...asked }: Partial<ObserveSpec> = study.observe ?? {};
  const recordKernels = recordSteps(steps, kernelsEvery ?? Math.max(1, steps));

  const outputs = times.map((_, t) => new Moments(D, { covariance: t === 0 || t === T - 1 }));
  const norms = asked.parameterNorms ? new ParameterNorms(setup.architecture, recordKernels) : undefined;
  const twins = asked.linearised ? new LinearisedTwins(setup, momentum, times) : undefined;
  const empirical = new EmpiricalKernels(setup, recordKernels);
  const P = (data.test?.length ?? 0) / data.dimension;
  const tested = new Moments(P, { covariance: false });
  const loss = new Float64Array(T);
  const job = {
    ...ensembleJob(setup, study, {
      recordOutputs: times,
      recordKernels,
      kernelParts: asked.kernelsByLayer,
      parameterNorms: asked.parameterNorms,
    }),
    test: data.test,
  };
  const watch = new DivergenceWatch(job);
  /** Records before the first divergence. */
  let finite = T;
  const { engineSeconds } = await engine.trainEnsemble(
    job,
    async (batch) => {
      onBatch?.(batch, job);
      watch.see(batch);
      const { first } = watch;
      if (first) finite = times.findIndex((step) => step >= first.step);
      for (let m = 0; m < batch.count; m++) {
        for (let t = 0; t < finite; t++) {
          const offset = (m * T + t) * D;
          outputs[t]!.add(batch.outputs, offset);
          for (let a = 0; a < D; a++) loss[t]! += potential.value(batch.outputs[offset + a]! - targets[a]!);
        }
        tested.add(batch.test, m * P);
        empirical.add(batch, m);
        norms?.add(batch, m);
        if (twins) await cooperate(twins.add(batch, m, empirical.own(batch, m, 0)), control.signal);
      }
    },
    control,
  );

  const size = study.ensemble.size;
  const { first: diverged } = watch;
  const K = diverged ? recordKernels.filter((step) => step < diverged.step).length : recordKernels.length;
  const eigenvalues = kernelsEvery !== undefined;
  const kernelSeries = await empirical.series(K, { eigenvalues, signal: control.signal });
  const means = asked.kernelMatrices ? { kernels: Array.from({ length: K }, (_, k) => empirical.mean(k)) } : {};
  const kept = outputs.slice(0, finite);
  const partial: PartialNetworkResult = {
    eta,
    times: times.slice(0, finite),
    mean: kept.map(({ mean }) => Array.from(mean)),
    std: kept.map((moments) => Array.from({ length: D }, (_, a) => Math.sqrt(moments.variance(a)))),
    loss: Array.from(loss.subarray(0, finite), (sum) => sum / size),
    covarianceInitial: finite > 0 ? nested(outputs[0]!.covariance(), D) : [],
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
  const twin = twins?.result();
  const kernelLayers = empirical.layers();
  const result: NetworkResult = {
    ...partial,
    ...(twin ? { linearised: twin.linearised } : {}),
    covarianceFinal: nested(outputs[T - 1]!.covariance(), D),
    kernelFinal: empirical.mean(K - 1),
    kernelDrift: kernelSeries.drift[K - 1]!,
    kernelAlignment: { initial: kernelSeries.alignment[0]!, final: kernelSeries.alignment[K - 1]! },
    ...(kernelLayers ? { kernelLayers } : {}),
    modes: {
      eigenvalues: Array.from(spectrum.values),
      mean: outputs.map(({ mean }) => Array.from(inModes(mean, spectrum))),
      varianceInitial: Array.from(modeVariances(outputs[0]!.covariance(), spectrum)),
      varianceFinal: Array.from(modeVariances(outputs[T - 1]!.covariance(), spectrum)),
    },
    ...(expected.theory ? { theory: expected.theory } : {}),
    ...(data.test
      ? {
          test: {
            inputs: nested(data.given.test!, data.dimension),
            mean: Array.from(tested.mean),
            std: Array.from({ length: P }, (_, p) => Math.sqrt(tested.variance(p))),
            ...(expected.test ? { theory: expected.test } : {}),
            data: { inputs: nested(data.given.inputs, data.dimension), targets: Array.from(targets) },
          },
        }
      : {}),
    warnings: [...warnings, ...(twin?.warnings ?? []), ...expected.warnings],
  };
  return { result, engineSeconds };
}
