/** The job of training an ensemble of networks: what an engine is handed and what it hands back. */
import type { Activation } from "../network/activations.ts";
import type { Subsets } from "../network/subsets.ts";
import type { Potential } from "../potential/potential.ts";

/** Multilayer perceptron in NTK parametrisation (physics.md section 1). */
export interface Architecture {
  /** d, the number of input coordinates. */
  readonly inputDimension: number;
  /** Number of hidden layers, >= 1. */
  readonly depth: number;
  /** n, units in each hidden layer. */
  readonly width: number;
  readonly activation: Activation;
  readonly weightStd: number;
  readonly biasStd: number;
  /** C, the outputs, each with readout weights and a bias of its own: row c of the last layer's [C][width]. 1 where not given. */
  readonly outputs?: number | undefined;
}

/** C of an architecture. */
export const outputsOf = ({ outputs }: Pick<Architecture, "outputs">): number => outputs ?? 1;

/** Train `networks.count` networks on the same data by heavy ball on the loss sum_a sum_c V(f_c(x_a) - y_ac). */
export interface EnsembleJob {
  readonly architecture: Architecture;
  /** D x d inputs, row after row. */
  readonly inputs: Float64Array;
  /** D x C targets, datum after datum. */
  readonly targets: Float64Array;
  readonly potential: Potential;
  /** eta, per step. */
  readonly learningRate: number;
  /** beta in [0, 1). */
  readonly momentum: number;
  readonly steps: number;
  /** Mini-batches of [steps]; every step takes all data where not given. */
  readonly subsets?: Subsets | undefined;
  /** Philox key; networks `first` .. `first + count - 1` of the seed's ensemble are trained, whatever the batching. */
  readonly seed: number;
  readonly networks: { readonly first: number; readonly count: number };
  /** Ascending steps in 0 .. steps at which the outputs are recorded. */
  readonly recordOutputs: readonly number[];
  /** Ascending steps in 0 .. steps at which each network's empirical kernel is recorded. */
  readonly recordKernels: readonly number[];
  /** Whether a kernel is recorded as the parts that the weights and biases into each layer have in it. */
  readonly kernelParts?: boolean | undefined;
  /** Whether the norms of the weights and biases are recorded at the kernels' steps. */
  readonly parameterNorms?: boolean | undefined;
  /** P x d inputs at which the trained networks are evaluated after the last step; they push no weight. */
  readonly test?: Float64Array | undefined;
}

/** D of a job. */
export const dataOf = ({ targets, architecture }: Pick<EnsembleJob, "targets" | "architecture">): number =>
  targets.length / outputsOf(architecture);

/** Matrices that one of the job's kernel records has. */
export const kernelPartsOf = ({ kernelParts, architecture }: EnsembleJob): number =>
  kernelParts ? architecture.depth + 1 : 1;

/** The records of a run of consecutive networks; batches arrive in ascending order of `first` and cover the job. */
export interface EnsembleBatch {
  readonly first: number;
  readonly count: number;
  /** f at the data, [count][recordOutputs.length][D][C]. */
  readonly outputs: Float64Array;
  /**
   * Theta_(ac)(be) = grad f_c(x_a) . grad f_e(x_b), [count][recordKernels.length][D C][D C], datum after datum; its parts,
   * [count][recordKernels.length][depth + 1][D C][D C], which add up to it.
   */
  readonly kernels: Float64Array;
  /**
   * Where asked for [count][recordKernels.length][depth + 1][2]: the sums over the weights and biases theta into each layer, the output's
   * last, of theta^2 and (theta - theta(0))^2.
   */
  readonly norms: Float64Array;
  /** f at the test inputs after the last step, [count][P][C]. */
  readonly test: Float64Array;
}

/** Takes a job's batches, one after another. A promise that it returns is awaited; the next batch is trained meanwhile. */
export type OnEnsembleBatch = (batch: EnsembleBatch) => unknown;
