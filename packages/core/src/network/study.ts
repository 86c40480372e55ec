/** What a network study asks for: the config's `network`, `data`, `training` and `ensemble` sections with all defaults filled in. */
import type { PotentialSpec } from "../potential/potential.ts";

export interface NetworkSpec {
  readonly depth: number;
  readonly width: number;
  readonly activation: string;
  readonly weightStd: number;
  readonly biasStd: number;
}

export interface DataSpec {
  /** Points on the circle of radius sqrt(2); or rows of coordinates; or a CSV file of them. */
  readonly inputs:
    | { readonly circle: { readonly points: number } }
    | readonly (readonly number[])[]
    | { readonly file: string };
  /** An expression (in theta on the circle; in x0, x1, ... always), or one number per input. */
  readonly targets: string | readonly number[];
  /** Where the trained networks are evaluated beside the data. */
  readonly test?: { readonly inputs: DataSpec["inputs"] };
}

export interface TrainingSpec {
  /** eta, or x = eta lambda_max of the infinite-width kernel. */
  readonly learningRate: number | { readonly relative: number };
  readonly momentum: number;
  readonly steps: number;
  readonly potential: PotentialSpec;
  readonly recordEvery: number;
}

export interface EnsembleSpec {
  readonly size: number;
  readonly seed: number;
}

export interface NetworkStudy {
  readonly network: NetworkSpec;
  readonly data: DataSpec;
  readonly training: TrainingSpec;
  readonly ensemble: EnsembleSpec;
}
