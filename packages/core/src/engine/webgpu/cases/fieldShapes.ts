/** The shapes of the lattice kernels' cases, their random states, and the Laplacian and potentials of them in float64. */
import { type Grid, STENCILS } from "../../latticeJob.ts";
import { constantsData, type LatticeSpecialisation, latticeSpecialisation } from "../field/latticeKernels.ts";
import { marched, marchSharing } from "../field/latticeMarch.ts";
import { NUMBERS } from "../field/latticeNumbers.ts";
import { slabUniform, wholeLayout } from "../field/latticeSlabs.ts";
import type { Draw } from "./case.ts";

export interface Shape {
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  readonly realisations: number;
  readonly fields?: 1 | 2;
  readonly stencil?: Grid["stencil"];
  /** Whether each realisation has a potential of its own. */
  readonly own?: true;
}

export const CHECKS: readonly Shape[] = [
  { dimensions: 1, points: 2, realisations: 1 },
  { dimensions: 1, points: 131, realisations: 3 },
  { dimensions: 2, points: 1, realisations: 2 },
  { dimensions: 2, points: 37, realisations: 2, fields: 2 },
  { dimensions: 3, points: 2, realisations: 1 },
  { dimensions: 3, points: 13, realisations: 2, fields: 2 },
  { dimensions: 1, points: 5, realisations: 2, stencil: 4 },
  { dimensions: 2, points: 2, realisations: 1, fields: 2, stencil: 6 },
  { dimensions: 3, points: 9, realisations: 2, stencil: 6 },
  { dimensions: 2, points: 11, realisations: 4, own: true },
  { dimensions: 3, points: 6, realisations: 3, fields: 2, own: true },
];
/**
 * Lines of one vector of four and of several, windows of one to three planes to either side, and several marches along the first axis; of 52
 * points workgroups that are partly past the end.
 */
export const MARCH_CHECKS: readonly Shape[] = [
  { dimensions: 3, points: 4, realisations: 2, stencil: 6 },
  { dimensions: 3, points: 12, realisations: 2, fields: 2 },
  { dimensions: 3, points: 8, realisations: 3, fields: 2, stencil: 6, own: true },
  { dimensions: 3, points: 20, realisations: 1, stencil: 4 },
  { dimensions: 3, points: 36, realisations: 1 },
  { dimensions: 2, points: 4, realisations: 3, stencil: 4 },
  { dimensions: 2, points: 64, realisations: 2, fields: 2, stencil: 6 },
  { dimensions: 3, points: 52, realisations: 1 },
];
/** Grids that are cut into three slabs. */
export const SLAB_CHECKS: readonly Shape[] = [
  { dimensions: 2, points: 31, realisations: 1 },
  { dimensions: 3, points: 11, realisations: 1, fields: 2, stencil: 6 },
  { dimensions: 3, points: 17, realisations: 1, fields: 2, stencil: 4 },
];
export const TIMED = {
  hardware: { dimensions: 3, points: 256, realisations: 4 },
  software: { dimensions: 3, points: 64, realisations: 1 },
} as const;

/** V = phi^4/4 for one field, phi^4/4 + phi^2 chi^2 for two, times 1 or the realisation's own number. */
const potentialOf = (fields: 1 | 2, factor: string): string =>
  fields === 1
    ? `const FIELDS = 1u;
alias Fields = array<f32, FIELDS>;
fn potentialValue(phi: Fields, realisation: u32) -> f32 { return ${factor}0.25 * phi[0] * phi[0] * phi[0] * phi[0]; }
fn potentialGradient(phi: Fields, realisation: u32) -> Fields { return Fields(${factor}phi[0] * phi[0] * phi[0]); }`
    : `const FIELDS = 2u;
alias Fields = array<f32, FIELDS>;
fn potentialValue(phi: Fields, realisation: u32) -> f32 {
  return ${factor}phi[0] * phi[0] * (0.25 * phi[0] * phi[0] + phi[1] * phi[1]);
}
fn potentialGradient(phi: Fields, realisation: u32) -> Fields {
  return Fields(${factor}phi[0] * (phi[0] * phi[0] + 2.0 * phi[1] * phi[1]), ${factor}2.0 * phi[0] * phi[0] * phi[1]);
}`;

export const value = (factor: number, phi: number, chi: number): number => factor * (phi ** 4 / 4 + (phi * chi) ** 2);
export const slopes = (factor: number, phi: number, chi: number): [number, number] => [
  factor * (phi ** 3 + 2 * phi * chi ** 2),
  2 * factor * phi ** 2 * chi,
];

/** A grid that is its own only slab, as the kernels see it. */
export function wholeSlab(shape: Shape) {
  const layout = wholeLayout(shape);
  return slabUniform(shape, layout, layout.slabs[0]!);
}

/** Whether a kernel takes sites one by one, or marches with vectors of four. */
export type Form = "sites" | "march";

/**
 * The form that marches, how its workgroups share a grid, as the engine on the adapter that a shape is for, and which of a realisation's
 * takes a site.
 */
export function marching(shape: Shape, specialisation: LatticeSpecialisation) {
  const grid = { stencil: 2, spacing: 1, ...shape } as const;
  const march = marched({ grid, fields: shape.fields ?? 1 }, specialisation)!;
  const layout = wholeLayout(grid);
  const type = shape.points > 64 ? "hardware" : "software";
  const sharing = marchSharing({ type }, grid, layout, layout.slabs[0]!, march);
  const [x, y] = sharing.workgroups;
  const { COLUMNS, LINES } = march.constants;
  const { points } = shape;
  const lines = shape.dimensions === 3 ? points : 1;
  const groupOf = (site: number): number => {
    const line = Math.floor(site / points);
    const across = Math.floor((line % lines) / Number(LINES));
    const chunk = Math.floor(Math.floor(line / lines) / sharing.params.depth);
    return (chunk * y + across) * x + Math.floor((site % points) / (4 * Number(COLUMNS)));
  };
  return { march, ...sharing, groupOf };
}

/** Everything at the sites of a field that is drawn. */
export function arrays(shape: Shape, draw: Draw) {
  const { dimensions, points, realisations, fields = 1, stencil = 2, own } = shape;
  const sites = points ** dimensions;
  const count = realisations * fields * sites;
  const factors = own ? draw(realisations) : new Float32Array(realisations).fill(1);
  const potential = potentialOf(fields, own ? "constants[realisation].x * " : "");
  return {
    sites,
    count,
    fields,
    factors,
    constants: constantsData(own ? [...factors] : [], NUMBERS.float32),
    momentum: draw(count),
    ...reading(shape, factors, draw(count)),
    slab: wholeSlab(shape),
    specialisation: latticeSpecialisation({ dimensions, stencil }, potential, NUMBERS.float32),
  };
}

/** The Laplacian and the values of a field in float64. */
export function reading<Field extends Float32Array | Float64Array>(
  { dimensions, points, fields = 1, stencil = 2 }: Shape,
  factors: Float32Array,
  field: Field,
) {
  const sites = points ** dimensions;
  /** dx^2 times the Laplacian at `site` of the field that starts at `start`. */
  const laplacian = (start: number, site: number): number => {
    let sum = 0;
    for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
      const x = Math.floor(site / stride) % points;
      for (const [j, weight] of STENCILS[stencil].entries()) {
        const ahead = site + (((x + j + 1) % points) - x) * stride;
        const back = site + (((x + points * (j + 1) - j - 1) % points) - x) * stride;
        sum += weight * (field[start + ahead]! + field[start + back]! - 2 * field[start + site]!);
      }
    }
    return sum;
  };
  /** The potential's factor of realisation r and both fields at a site; the second is zero where there is one. */
  const at = (r: number, site: number): [number, number, number] => {
    const start = r * fields * sites + site;
    return [factors[r]!, field[start]!, fields === 2 ? field[start + sites]! : 0];
  };
  return { field, laplacian, at };
}
