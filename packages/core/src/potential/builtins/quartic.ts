/** A massless self-interacting field. */
import type { Builtin } from "./builtin.ts";

export const quartic: Builtin = {
  name: "quartic",
  expression: "lambda*phi^4/4",
  parameters: { lambda: { default: 1 } },
  domain: [-1e3, 1e3],
  reference: "Linde, Phys. Lett. B 129 (1983) 177 (chaotic inflation)",
};
