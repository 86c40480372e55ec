/** The declarations of the kernels that evolve and observe a lattice: names and bindings as in shaders/field/. */
import { type Grid, STENCILS } from "../engine.ts";
import type { KernelDeclaration, Specialisation } from "./kernel.ts";

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

export const latticeHistogram = declare({ name: "field/lattice_histogram", bindings: ["field", "ranges", "counts"] });

/** What every lattice kernel is specialised by: the grid's dimensions and stencil, and the WGSL of the potential. */
export function latticeSpecialisation(
  { dimensions, stencil }: Pick<Grid, "dimensions" | "stencil">,
  potential: string,
): Required<Specialisation> {
  const weights = STENCILS[stencil];
  const columns = dimensions === 1 ? 64 : 32;
  return {
    constants: { DIMENSIONS: dimensions, COLUMNS: columns, LINES: 64 / columns, REACH: weights.length },
    includes: ["field/single.wgsl"],
    code: `const WEIGHTS = array<Number, REACH>(${weights.map((w) => `Number(${w.toPrecision(9)})`).join(", ")});\n${potential}`,
  };
}
