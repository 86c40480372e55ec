/** Two minima at +-v: spontaneous symmetry breaking and domain walls. */
import type { Builtin } from "./builtin.ts";

export const doubleWell: Builtin = {
  name: "doubleWell",
  expression: "lambda*(phi^2 - v^2)^2/4",
  parameters: { lambda: { default: 1 }, v: { default: 1 } },
  domain: [-1e3, 1e3],
  reference: "Goldstone, Nuovo Cim. 19 (1961) 154",
};
