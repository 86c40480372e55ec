/** T-model alpha-attractors. */
import type { Builtin } from "./builtin.ts";

export const alphaAttractorT: Builtin = {
  name: "alphaAttractorT",
  expression: "v0*tanh(phi/sqrt(6*alpha))^(2*n)",
  parameters: { v0: { default: 1 }, alpha: { default: 1, positive: true }, n: { default: 1, positive: true } },
  domain: [-1e3, 1e3],
  reference: "Kallosh and Linde, JCAP 07 (2013) 002",
};
