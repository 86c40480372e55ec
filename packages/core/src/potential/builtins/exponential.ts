/** Power-law inflation and quintessence. */
import type { Builtin } from "./builtin.ts";

export const exponential: Builtin = {
  name: "exponential",
  expression: "v0*exp(-lambda*phi)",
  parameters: { v0: { default: 1 }, lambda: { default: 1 } },
  // Of lambda phi: below it V exceeds what float32 holds.
  domain: [-80, 1e3],
  reference: "Lucchin and Matarrese, Phys. Rev. D 32 (1985) 1316",
};
