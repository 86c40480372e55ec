/** The mean energies of a state on the host against plain loops in float64, the same bits for any number of threads. */
import { meanEnergies } from "@slowroll/core/engine/cpu/energies";
import { type LatticeState, STENCILS } from "@slowroll/core/engine/latticeJob";
import { InterruptedError } from "@slowroll/core/errors";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";

type Shape = Parameters<typeof meanEnergies>[0];

const NAMES = ["phi", "chi", "sigma"];
const V = "phi^4/4 + 3*phi^2*chi^2/2 + cos(sigma) + exp(-chi^2)*abs(phi)^2.5";

async function shapeOf(grid: Shape["grid"], realisations: number): Promise<Shape> {
  return { grid, realisations, fields: 3, potential: await compilePotential({ expression: V }, { fields: NAMES }) };
}

function stateOf({ grid, realisations, fields }: Shape): LatticeState {
  const count = realisations * fields * grid.points ** grid.dimensions;
  return { field: normals(3, 0, 0, count).map((x) => 2 + x), momentum: normals(3, 0, 1, count) };
}

function plainEnergies({ grid, realisations, fields, potential }: Shape, { field, momentum }: LatticeState) {
  const { dimensions, points, spacing, stencil } = grid;
  const sites = points ** dimensions;
  return Array.from({ length: realisations }, (_, r) => {
    const sums = { momentumSquare: 0, gradient: 0, potential: 0 };
    for (let site = 0; site < sites; site++) {
      const at = (f: number, where: number): number => (r * fields + f) * sites + where;
      for (let f = 0; f < fields; f++) {
        sums.momentumSquare += momentum[at(f, site)]! ** 2 / sites;
        let laplacian = 0;
        for (let stride = 1; stride < sites; stride *= points) {
          const x = Math.floor(site / stride) % points;
          for (const [j, weight] of STENCILS[stencil].entries()) {
            for (const step of [j + 1, -j - 1]) {
              const there = (((x + step) % points) + points) % points;
              laplacian += weight * (field[at(f, site + (there - x) * stride)]! - field[at(f, site)]!);
            }
          }
        }
        sums.gradient -= (field[at(f, site)]! * laplacian) / spacing ** 2 / sites;
      }
      sums.potential += potential.value(...NAMES.map((_, f) => field[at(f, site)]!)) / sites;
    }
    return sums;
  });
}

describe("the mean energies", () => {
  it.each([
    [1, 7, 2],
    [1, 2, 6],
    [1, 200, 4],
    [2, 2, 6],
    [2, 9, 4],
    [2, 16, 2],
    [3, 2, 6],
    [3, 3, 6],
    [3, 5, 4],
    [3, 8, 2],
  ] as const)("are plain loops' in %d dimensions of %d points, stencil %d", async (dimensions, points, stencil) => {
    const shape = await shapeOf({ dimensions, points, stencil, spacing: 0.7 }, 2);
    const state = stateOf(shape);
    const want = plainEnergies(shape, state);
    for (const [r, got] of (await meanEnergies(shape, state)).entries())
      for (const key of ["momentumSquare", "gradient", "potential"] as const)
        expect(Math.abs(got[key] / want[r]![key] - 1)).toBeLessThan(1e-13);
  });

  it("are the same for any number of threads and realisations, of shared arrays or others", async () => {
    const grid = { dimensions: 3, points: 24, stencil: 4, spacing: 1 } as const;
    const shape = await shapeOf(grid, 4);
    const state = stateOf(shape);
    const one = await meanEnergies(shape, state, 1);
    expect(await meanEnergies(shape, state, 3)).toEqual(one);
    const size = state.field.length / 4;
    const second = { field: state.field.slice(size, 2 * size), momentum: state.momentum.slice(size, 2 * size) };
    expect(await meanEnergies({ ...shape, realisations: 1 }, second)).toEqual([one[1]]);
  });

  it("end where they are interrupted", async () => {
    const shape = await shapeOf({ dimensions: 3, points: 48, stencil: 2, spacing: 1 }, 1);
    const state = stateOf(shape);
    for (const threads of [1, 2])
      await expect(meanEnergies(shape, state, threads, AbortSignal.abort())).rejects.toThrow(InterruptedError);
  });
});
