/** E-model alpha-attractors; alpha = n = 1 is Starobinsky's. */
import type { Builtin } from "./builtin.ts";

export const alphaAttractorE: Builtin = {
  name: "alphaAttractorE",
  expression: "v0*(1 - exp(-sqrt(2/(3*alpha))*phi))^(2*n)",
  parameters: { v0: { default: 1 }, alpha: { default: 1, positive: true }, n: { default: 1, positive: true } },
  // Of sqrt(1/alpha) phi, for n = 1: below it V exceeds what float32 holds.
  domain: [-50, 1e3],
  reference: "Kallosh, Linde and Roest, JHEP 11 (2013) 198",
};
