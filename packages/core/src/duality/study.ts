/** What a duality study asks for: a network study and the config's `duality` section with all defaults filled in. */
import type { NetworkSpec, NetworkStudy, TrainingSpec } from "../network/study.ts";

export interface CheckSpec {
  /** Path into the result, as `regression.lambdaEta.value`. */
  readonly path: string;
  readonly expected: number;
  /** Largest |value - expected| that passes. */
  readonly tolerance: number;
}

/** The values that each hyperparameter takes in turn, all others as in the study. */
export interface HyperparametersSpec {
  readonly learningRate?: readonly TrainingSpec["learningRate"][];
  readonly momentum?: readonly number[];
  readonly width?: readonly number[];
  readonly depth?: readonly number[];
  readonly weightStd?: readonly number[];
  readonly biasStd?: readonly number[];
  readonly activation?: readonly NetworkSpec["activation"][];
  /** Numbers of data, on the circle or drawn at random. */
  readonly points?: readonly number[];
}

export interface DualitySpec {
  readonly background: boolean;
  readonly regression?: { readonly bootstrap: number };
  readonly widths?: readonly number[];
  /** An eigenvector of the infinite-width kernel: 0 is that of the largest eigenvalue. */
  readonly perturbations?: { readonly mode: number };
  readonly hyperparameters?: HyperparametersSpec;
  readonly checks?: readonly CheckSpec[];
}

export interface DualityStudy extends NetworkStudy {
  readonly duality: DualitySpec;
}
