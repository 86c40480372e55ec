/** The declarations of the kernels that evolve and observe a lattice: names and bindings as in shaders/field/. */
import type { KernelDeclaration } from "./kernel.ts";

const declare = <B extends string>(declaration: KernelDeclaration<B>): KernelDeclaration<B> => declaration;

export const latticeStep = declare({
  name: "field/lattice_step",
  bindings: ["field", "momentum", "fieldNext"],
  dynamic: ["operation"],
});

export const latticeMoments = declare({
  name: "field/lattice_moments",
  bindings: ["field", "momentum", "moments"],
  dynamic: ["slot"],
});

export const latticeCosine = declare({
  name: "field/lattice_cosine",
  bindings: ["field", "cosines", "sums"],
  dynamic: ["slot"],
});
