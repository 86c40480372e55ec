/** Inflation from near a maximum. */
import type { Builtin } from "./builtin.ts";

export const hilltop: Builtin = {
  name: "hilltop",
  expression: "v0*(1 - (phi/mu)^p)",
  parameters: { v0: { default: 1 }, mu: { default: 1, nonZero: true }, p: { default: 4, positive: true } },
  // For whole p; for any other p only phi/mu > 0.
  domain: [-1e3, 1e3],
  reference: "Boubekeur and Lyth, JCAP 07 (2005) 010",
};
