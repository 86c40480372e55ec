/** Natural inflation: an axion with decay constant f. */
import type { Builtin } from "./builtin.ts";

export const cosine: Builtin = {
  name: "cosine",
  expression: "v0*(1 - cos(phi/f))",
  parameters: { v0: { default: 1 }, f: { default: 1, nonZero: true } },
  domain: [-1e3, 1e3],
  reference: "Freese, Frieman and Olinto, Phys. Rev. Lett. 65 (1990) 3233",
};
