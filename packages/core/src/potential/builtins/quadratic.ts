/** A free massive field; least squares on the network side. */
import type { Builtin } from "./builtin.ts";

export const quadratic: Builtin = {
  name: "quadratic",
  expression: "massSquared*phi^2/2",
  parameters: { massSquared: { default: 1 } },
  // A mass may be given for the mass squared.
  aliases: { mass: { parameter: "massSquared", value: (mass) => mass ** 2 } },
  domain: [-1e6, 1e6],
  reference: "Linde, Phys. Lett. B 129 (1983) 177 (chaotic inflation)",
};
