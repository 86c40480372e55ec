/** R + R^2 gravity in the Einstein frame. */
import type { Builtin } from "./builtin.ts";

export const starobinsky: Builtin = {
  name: "starobinsky",
  expression: "v0*(1 - exp(-sqrt(2/3)*phi))^2",
  parameters: { v0: { default: 1 } },
  // Below it V exceeds what float32 holds.
  domain: [-50, 1e3],
  reference: "Starobinsky, Phys. Lett. B 91 (1980) 99",
};
