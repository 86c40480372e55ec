/** Which points of a sweep are evolved in one job. */
import { prepare } from "@slowroll/core/field/setup";
import { groupsOf } from "@slowroll/core/field/together";
import { describe, expect, it } from "vitest";
import { LATTICE, points, TIME } from "./sweeps.ts";

describe("the jobs of a sweep", () => {
  const groups = async (text: string, most?: number) =>
    groupsOf(await Promise.all((await points(text)).map(({ study }) => prepare(study))), most);
  const wave = `${TIME}\nlattice: { dimensions: 1, points: 8 }\nfluctuations: { kind: planeWave, mode: [1], amplitude: 0.1 }\n`;

  it("are as many as there are sizes, times, backgrounds, pictures, waves and forms of potential", async () => {
    for (const [sweep, expected] of [
      ["field.potential.parameters.q: [2, 3, -4, 5]", [[0, 1, 2, 3]]],
      ["field.potential.parameters.q: [3, 1, 2]", [[0, 2], [1]]],
      ["field.potential.parameters.q: [2, 0, 3]", [[0, 2], [1]]],
      ["field.potential.expression: [phi^2/q, q*chi^2, 2*phi^4/q, 5*phi^4/q]", [[0], [1], [2, 3]]],
      ["lattice.points: [8, 12, 8]", [[0, 2], [1]]],
      [
        "lattice.length: [1, 2], field.mean.0: [1, 2]",
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [
        "time.step: [0.02, 0.01], fluctuations.amplitude: [0, 1]",
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [
        "background.planckMass: [1, 2], fluctuations.seed: [1, 2]",
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [
        "fluctuations.seed: [1, 2], background.planckMass: [1, 2]",
        [
          [0, 2],
          [1, 3],
        ],
      ],
      ["observe.spectraEvery: [5, 10]", [[0], [1]]],
    ] as const)
      expect(await groups(`${LATTICE}sweep: { ${sweep} }`)).toEqual(expected);
    expect(await groups(`${wave}sweep: { fluctuations.mode.0: [1, 2, 1], fluctuations.amplitude: [1, 2] }`)).toEqual([
      [0, 1, 4, 5],
      [2, 3],
    ]);
  });
  it("hold so many values, and at least one point", async () => {
    const seeds = `${LATTICE}sweep: { fluctuations.seed: [1, 2, 3, 4, 5] }`;
    const each = 2 * 2 * 64;
    expect(await groups(seeds, 2 * each)).toEqual([[0, 1], [2, 3], [4]]);
    expect(await groups(seeds, each - 1)).toEqual([[0], [1], [2], [3], [4]]);
  });
  it("are one a point without a lattice", async () => {
    expect(await groups(`${TIME}\nsweep: { field.mean: [1, 2] }`)).toEqual([[0], [1]]);
  });
});
