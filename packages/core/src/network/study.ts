/** What a network study asks for: the config's `network`, `data`, `training` and `ensemble` sections with all defaults filled in. */
import type { PotentialSpec } from "../potential/potential.ts";
import type { BatchSpec } from "./subsets.ts";

export interface NetworkSpec {
  readonly depth: number;
  readonly width: number;
  readonly activation: string;
  readonly weightStd: number;
  readonly biasStd: number;
}

/** D C at most, C the outputs: kernels are dense [D C][D C] matrices in float64, and the eigenvalues of [D][D] ones cost D^3. */
export const MAX_DATA = 4096;

/** Random points: the same for the same seed on every machine; of more points the first are the same. */
interface RandomPoints {
  readonly points: number;
  readonly dimension: number;
  readonly seed: number;
}

export type InputsSpec =
  /** Evenly spaced on the circle of radius sqrt(2). */
  | { readonly circle: { readonly points: number } }
  /** Uniform on the sphere of radius sqrt(dimension). */
  | { readonly sphere: RandomPoints }
  /** Standard normal in each coordinate. */
  | { readonly gaussian: RandomPoints }
  /** points[i] evenly spaced coordinates from low to high, both included, in dimension i; the last dimension varies fastest. */
  | { readonly grid: { readonly points: readonly number[]; readonly low: number; readonly high: number } }
  /** A CSV or Parquet file; all its columns, but for the target's, unless some are named. */
  | { readonly file: string; readonly columns?: readonly string[] }
  /** Rows of coordinates. */
  | readonly (readonly number[])[];

/** Of one output or of several, C. Expressions are in theta on the circle, in x0, x1, ... always; columns are those of the inputs' file. */
export type TargetsSpec =
  | string
  /** [C]. */
  | readonly string[]
  | { readonly expressions: Readonly<Record<string, string>> }
  /** [D], or [D][C]. */
  | readonly number[]
  | readonly (readonly number[])[]
  | { readonly column: string }
  | { readonly columns: readonly string[] };

/** Targets where a config gives none; on the circle, the only inputs with an angle. */
export const CIRCLE_TARGETS = "sin(theta) + 0.5*cos(2*theta)";

export interface DataSpec {
  readonly inputs: InputsSpec;
  readonly targets: TargetsSpec;
  /** Whether networks see each coordinate shifted and scaled to mean 0 and variance 1 over the data; targets are not touched. */
  readonly standardise?: boolean;
  /** Where the trained networks are evaluated beside the data. */
  readonly test?: { readonly inputs: InputsSpec };
}

export interface TrainingSpec {
  /** eta, or x = eta lambda_max of the infinite-width kernel. */
  readonly learningRate: number | { readonly relative: number };
  readonly momentum: number;
  readonly steps: number;
  readonly potential: PotentialSpec;
  readonly recordEvery: number;
  /** Mini-batches; unless given every step takes all data. */
  readonly batch?: BatchSpec;
}

export interface EnsembleSpec {
  readonly size: number;
  readonly seed: number;
}

/** What is recorded beside the outputs. */
export interface ObserveSpec {
  /** Steps between the empirical kernels beyond those of the first and last step. */
  readonly kernelsEvery?: number;
  /** Whether the kernels recorded are kept whole. */
  readonly kernelMatrices: boolean;
  /** Whether the parts that each layer's weights and biases have in the kernel are recorded. */
  readonly kernelsByLayer: boolean;
  /** Whether the norms of the weights and biases, and of their way from the start, are recorded at the kernels' steps. */
  readonly parameterNorms: boolean;
  /** Whether each network's own linearisation is evolved beside it. */
  readonly linearised: boolean;
}

export interface NetworkStudy {
  readonly network: NetworkSpec;
  readonly data: DataSpec;
  readonly training: TrainingSpec;
  readonly ensemble: EnsembleSpec;
  readonly observe?: ObserveSpec;
}
