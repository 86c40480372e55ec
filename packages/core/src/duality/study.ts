/** What a duality study asks for: a network study and the config's `duality` section with all defaults filled in. */
import type { NetworkStudy } from "../network/study.ts";

export interface CheckSpec {
  /** Path into the result, as `regression.lambdaEta.value`. */
  readonly path: string;
  readonly expected: number;
  /** Largest |value - expected| that passes. */
  readonly tolerance: number;
}

export interface DualitySpec {
  readonly background: boolean;
  readonly regression?: { readonly bootstrap: number };
  readonly widths?: readonly number[];
  readonly checks?: readonly CheckSpec[];
}

export interface DualityStudy extends NetworkStudy {
  readonly duality: DualitySpec;
}
