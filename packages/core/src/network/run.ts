/** The `network` command: trains an ensemble and reduces it to means, covariances and kernels beside theory's. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import { kernelRecursion } from "../theory/kernels.ts";
import { quadraticMass, quadraticPrediction, type TestPrediction, testPrediction } from "../theory/prediction.ts";
import { DivergenceWatch, divergenceError } from "./divergence.ts";
import { inModes, modeVariances, targetAlignment } from "./observables.ts";
import { ensembleJob, recordSteps, setupNetwork } from "./setup.ts";
import { Moments, nested, squaredNorm } from "./statistics.ts";
import type { NetworkStudy } from "./study.ts";

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
  /**
   * Mean over networks of <Theta, y y^T>_F/(||Theta||_F |y|^2): how much of the kernel points along the targets (Cristianini et al.,
   * NeurIPS 2001). Null where all targets are zero.
   */
  readonly kernelAlignment: { readonly initial: number | null; readonly final: number | null };
  /** f in the infinite-width kernel's eigenvectors, [D] of descending eigenvalues: mean u_i . f and variances about it. */
  readonly modes: {
    readonly eigenvalues: number[];
    readonly mean: number[][];
    readonly varianceInitial: number[];
    readonly varianceFinal: number[];
  };
  readonly theory?: { readonly mean: number[][]; readonly covarianceFinal: number[][] };
  /** f at the test inputs after the last step; theory where V is quadratic. */
  readonly test?: {
    readonly inputs: number[][];
    readonly mean: number[];
    readonly std: number[];
    readonly theory?: { readonly mean: number[]; readonly std: number[] };
    /** What the networks were trained on. */
    readonly data: { readonly inputs: number[][]; readonly targets: number[] };
  };
  readonly warnings: readonly string[];
}

/** What a diverged run leaves: the records before the step. */
export type PartialNetworkResult = Omit<
  NetworkResult,
  "covarianceFinal" | "kernelFinal" | "kernelDrift" | "kernelAlignment" | "modes" | "theory" | "test"
>;

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * Trains the study's ensemble.
 * @throws InputError, ExpressionError; DivergenceError with a PartialNetworkResult; what the engine throws.
 */
export async function networkStudy(
  study: NetworkStudy,
  engine: Engine,
  control: JobControl = {},
): Promise<{ result: NetworkResult; engineSeconds: number }> {
  const setup = await setupNetwork(study, control);
  const { data, potential, kernels, spectrum, eta, warnings } = setup;
  const { points: D, targets } = data;
  const { steps, momentum, recordEvery } = study.training;
  const times = recordSteps(steps, recordEvery);
  const T = times.length;
  const recordKernels = steps > 0 ? [0, steps] : [0];
  const K = recordKernels.length;

  const outputs = times.map((_, t) => new Moments(D, { covariance: t === 0 || t === T - 1 }));
  const kernelMean = recordKernels.map(() => new Moments(D * D, { covariance: false }));
  const P = (data.test?.length ?? 0) / data.dimension;
  const tested = new Moments(P, { covariance: false });
  const loss = new Float64Array(T);
  let fluctuation = 0;
  let drift = 0;
  const alignment = [0, 0];
  const job = {
    ...ensembleJob(setup, study, { recordOutputs: times, recordKernels }),
    test: data.test,
  };
  const watch = new DivergenceWatch(job);
  /** Records before the first divergence. */
  let finite = T;
  const { engineSeconds } = await engine.trainEnsemble(
    job,
    (batch) => {
      watch.see(batch);
      const { first: diverged } = watch;
      if (diverged) finite = times.findIndex((step) => step >= diverged.step);
      for (let m = 0; m < batch.count; m++) {
        for (let t = 0; t < finite; t++) {
          const offset = (m * T + t) * D;
          outputs[t]!.add(batch.outputs, offset);
          for (let a = 0; a < D; a++) loss[t]! += potential.value(batch.outputs[offset + a]! - targets[a]!);
        }
        tested.add(batch.test, m * P);
        const first = m * K * D * D;
        for (let k = 0; k < K; k++)
          kernelMean[k]!.add(batch.kernels.subarray(first + k * D * D, first + (k + 1) * D * D));
        for (const end of [0, 1]) {
          const from = first + end * (K - 1) * D * D;
          alignment[end]! += targetAlignment(batch.kernels.subarray(from, from + D * D), targets);
        }
        fluctuation += squaredNorm(batch.kernels, first, D * D, kernels.ntk);
        drift += squaredNorm(batch.kernels, first + (K - 1) * D * D, D * D, batch.kernels, first);
      }
    },
    control,
  );

  const size = study.ensemble.size;
  const norm = Math.sqrt(squaredNorm(kernels.ntk, 0, D * D));
  const kept = outputs.slice(0, finite);
  const partial: PartialNetworkResult = {
    eta,
    times: times.slice(0, finite),
    mean: kept.map(({ mean }) => Array.from(mean)),
    std: kept.map((moments) => Array.from({ length: D }, (_, a) => Math.sqrt(moments.variance(a)))),
    loss: Array.from(loss.subarray(0, finite), (sum) => sum / size),
    covarianceInitial: finite > 0 ? nested(outputs[0]!.covariance(), D) : [],
    kernelInitial: nested(kernelMean[0]!.mean, D),
    kernelFluctuation: Math.sqrt(fluctuation / size) / norm,
    warnings,
  };
  if (watch.first) throw divergenceError(watch.first, "training", partial);
  const massSquared = quadraticMass(potential);
  const dynamics = { points: D, theta: kernels.ntk, learningRate: eta, momentum };
  const prediction =
    massSquared === undefined
      ? undefined
      : quadraticPrediction(dynamics, massSquared, kernels.nngp, targets, times, spectrum);
  let off: TestPrediction | undefined;
  if (data.test && massSquared !== undefined) {
    const joint = new Float64Array(data.inputs.length + data.test.length);
    joint.set(data.inputs);
    joint.set(data.test, data.inputs.length);
    const both = await cooperate(kernelRecursion(setup.architecture, joint, D + P), control.signal);
    off = testPrediction(dynamics, massSquared, both, targets, steps, spectrum);
  }
  const result: NetworkResult = {
    ...partial,
    covarianceFinal: nested(outputs[T - 1]!.covariance(), D),
    kernelFinal: nested(kernelMean[K - 1]!.mean, D),
    kernelDrift: Math.sqrt(drift / size) / norm,
    kernelAlignment: { initial: finiteOrNull(alignment[0]! / size), final: finiteOrNull(alignment[1]! / size) },
    modes: {
      eigenvalues: Array.from(spectrum.values),
      mean: outputs.map(({ mean }) => Array.from(inModes(mean, spectrum))),
      varianceInitial: Array.from(modeVariances(outputs[0]!.covariance(), spectrum)),
      varianceFinal: Array.from(modeVariances(outputs[T - 1]!.covariance(), spectrum)),
    },
    ...(prediction
      ? {
          theory: {
            mean: times.map((_, t) => Array.from(prediction.mean(t))),
            covarianceFinal: nested(prediction.covariance(T - 1), D),
          },
        }
      : {}),
    ...(data.test
      ? {
          test: {
            inputs: nested(data.test, data.dimension),
            mean: Array.from(tested.mean),
            std: Array.from({ length: P }, (_, p) => Math.sqrt(tested.variance(p))),
            ...(off ? { theory: { mean: Array.from(off.mean), std: Array.from(off.std) } } : {}),
            data: { inputs: nested(data.inputs, data.dimension), targets: Array.from(targets) },
          },
        }
      : {}),
  };
  return { result, engineSeconds };
}
