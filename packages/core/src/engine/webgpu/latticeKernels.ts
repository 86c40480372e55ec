/** The declarations of the kernels that evolve and observe a lattice: names and bindings as in shaders/field/. */
import { emitMonomials } from "../../potential/wgsl.ts";
import { type CoupledSchedule, type Grid, STENCILS } from "../engine.ts";
import type { Kernel, KernelDeclaration, Specialisation } from "./kernel.ts";
import type { Numbers } from "./latticeNumbers.ts";

const declare = <B extends string>(declaration: KernelDeclaration<B>): KernelDeclaration<B> => declaration;

export const latticeStep = declare({
  name: "field/lattice_step",
  bindings: ["field", "momentum", "fieldNext"],
  dynamic: ["operation"],
});

export const latticePair = declare({
  name: "field/lattice_pair",
  bindings: ["field", "momentum", "fieldNext", "momentumNext"],
  dynamic: ["operation", "second"],
});

export const latticeGhosts = declare({ name: "field/lattice_ghosts", bindings: ["before", "behind", "renewed"] });

export const latticeCoupled = declare({
  name: "field/lattice_coupled",
  bindings: ["field", "momentum", "firstField", "firstMomentum", "strengths", "fieldNext", "momentumNext", "sums"],
});

export const latticeGlobal = declare({
  name: "field/lattice_global",
  bindings: ["sums", "durations", "begun", "globals", "strengths", "records"],
  dynamic: ["turn", "slot"],
});

export const latticeMoments = declare({
  name: "field/lattice_moments",
  bindings: ["field", "momentum", "firstField", "moments"],
  dynamic: ["slot"],
});

export const latticeCosine = declare({
  name: "field/lattice_cosine",
  bindings: ["field", "firstField", "cosines", "sums"],
  dynamic: ["slot"],
});

export const latticeHistogram = declare({ name: "field/lattice_histogram", bindings: ["field", "ranges", "counts"] });

/** A specialisation, and what the numbers of the arrays that it declares are. */
export interface LatticeSpecialisation extends Required<Specialisation> {
  readonly numbers: Numbers;
}

/** What every lattice kernel is specialised by: the grid's dimensions and stencil, the numbers' kind, and the WGSL of the potential. */
export function latticeSpecialisation(
  { dimensions, stencil }: Pick<Grid, "dimensions" | "stencil">,
  potential: string,
  numbers: Numbers,
): LatticeSpecialisation {
  const weights = STENCILS[stencil];
  const columns = dimensions === 1 ? 64 : 32;
  return {
    constants: { DIMENSIONS: dimensions, COLUMNS: columns, LINES: 64 / columns, REACH: weights.length },
    numbers,
    includes: [numbers.include],
    code: [
      `const WEIGHTS = array<Number, REACH>(${weights
        .map((weight) => Array.from(numbers.pack(Float64Array.of(weight)), (word) => word.toPrecision(9)))
        .map((words) => `Number(${words.join(", ")})`)
        .join(", ")});`,
      potential,
    ].join("\n"),
  };
}

/** What the kernel of a coupled schedule's q is specialised by: its powers of q. */
export function globalSpecialisation(
  { acceleration, laplacian, force, drift, clock }: Omit<CoupledSchedule, "kind" | "durations" | "initial">,
  { include }: Pick<Numbers, "include">,
): Specialisation {
  return {
    includes: [include],
    code: emitMonomials({
      momentumSquareFactor: acceleration.momentumSquare,
      gradientFactor: acceleration.gradient,
      potentialFactor: acceleration.potential,
      laplacianFactor: laplacian,
      forceFactor: force,
      driftFactor: drift,
      clockFactor: clock,
    }),
  };
}

/**
 * Workgroups of one realisation at most, each with one partial sum: as many as keep a large device busy, few enough to add quickly. A
 * software adapter runs as many as it has threads, and the barriers of each cost it as much as a thousand sites.
 */
export const MAX_SWEEPERS = { hardware: 16_384, software: 16 } as const;

/**
 * Workgroups [x, y, z] that sweep so many sites along each axis of one realisation in a coupled operation, at most `most`: each takes
 * lines of sites so far apart.
 */
export function sweepers(
  [along, across, planes]: readonly [number, number, number],
  [columns, lines]: Kernel<string>["workgroup"],
  most: number,
): readonly [number, number, number] {
  /** At most `limit`, so that all have the same number of turns but for the last. */
  const share = (turns: number, limit: number): number => Math.ceil(turns / Math.ceil(turns / Math.max(1, limit)));
  const x = share(Math.ceil(along / columns), most);
  const y = share(Math.ceil(across / lines), Math.floor(most / x));
  const z = share(planes, Math.floor(most / (x * y)));
  return [x, y, z];
}
