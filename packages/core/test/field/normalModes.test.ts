/** The combinations of fields that move each on its own, and their slow-roll attractor. */
import { InputError } from "@slowroll/core/errors";
import { normalModes } from "@slowroll/core/field/normalModes";
import { fieldStudy } from "@slowroll/core/field/run";
import { prepare, studyWarnings } from "@slowroll/core/field/setup";
import { describe, expect, it } from "vitest";
import { base, ROTATIONS, rotated } from "./rotated.ts";

describe("normal modes", () => {
  it.each([[[2, 0.3]], [[0.5, -0.7]], [[1.5, 0, -0.25]]])("are the eigenvectors of V'', %o", async (masses) => {
    const modes = normalModes(await prepare({ ...base, field: rotated(masses) }));
    const order = Array.from(masses.keys()).sort((i, j) => masses[j]! - masses[i]!);
    for (const [m, i] of order.entries()) {
      const { massSquared, direction } = modes[m]!;
      if (masses[i] === 0) expect(massSquared).toBe(0);
      expect(massSquared).toBeCloseTo(masses[i]!, 13);
      const along = direction.reduce((sum, part, f) => sum + part * ROTATIONS[masses.length]![f]![i]!, 0);
      expect(Math.abs(along)).toBeCloseTo(1, 13);
    }
  });
  it("are the fields themselves, in order, where no masses mix at the mean", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "phi^2*chi^2/2 + chi^2" }, mean: [3, 0] };
    expect(normalModes(await prepare({ ...base, field }))).toEqual([
      { massSquared: 0, direction: [1, 0], name: "phi" },
      { massSquared: 11, direction: [0, 1], name: "chi" },
    ]);
  });
  it("are refused where V'' is not finite", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "(phi + chi)^1.5" } };
    const setup = await prepare({ ...base, field });
    expect(() => normalModes(setup)).toThrow(InputError);
  });
});

describe("the slow-roll attractor", () => {
  it("is the slow root of every normal mode, and the solution stays on it", async () => {
    const masses = [2, 0.3];
    const mean = [1, -0.7];
    const hubble = 1.1;
    const U = ROTATIONS[2]!;
    const { result } = await fieldStudy(
      { ...base, background: { kind: "deSitter", hubble }, field: { ...rotated(masses), mean, velocity: "attractor" } },
      undefined,
    );
    for (const [r, t] of result.times.entries()) {
      const parts = masses.map((mass, i) => {
        const slow = (3 * hubble - Math.sqrt(9 * hubble ** 2 - 4 * mass)) / 2;
        return (U[0]![i]! * mean[0]! + U[1]![i]! * mean[1]!) * Math.exp(-slow * t);
      });
      for (const f of [0, 1]) {
        const want = U[f]![0]! * parts[0]! + U[f]![1]! * parts[1]!;
        expect((result.mean as number[][])[r]![f]!).toBeCloseTo(want, 9);
      }
    }
  });
  it.each([0.3, 0.8])(
    "has the decay of its own H in it: power-law inflation, lambda = %d, is exact",
    async (lambda) => {
      const field = {
        potential: { name: "exponential", parameters: { v0: 2, lambda } },
        velocity: "attractor",
      } as const;
      const { velocity } = await prepare({ ...base, background: { kind: "selfConsistent", planckMass: 1 }, field });
      // epsilon = lambda^2/2 = K/H^2 with 3 H^2 = K + V.
      const epsilon = lambda ** 2 / 2;
      expect(velocity[0]! / Math.sqrt((4 * epsilon) / (3 - epsilon))).toBeCloseTo(1, 13);
    },
  );
  it.each([
    [5, 1e-4],
    [10, 2e-6],
  ])("is where an inflaton of V = phi^2/2 that started higher up comes by phi = %d", async (mean, bound) => {
    const study = {
      ...base,
      background: { kind: "selfConsistent", planckMass: 1 },
      time: { alpha: 0, step: 0.002, end: 12, recordEvery: 1 },
    } as const;
    const higher = { potential: "quadratic", mean: mean + 4 } as const;
    const { result } = await fieldStudy({ ...study, field: higher }, undefined);
    const after = (result.mean as number[]).findIndex((value) => value < mean);
    const { velocity } = await prepare({ ...study, field: { ...higher, mean, velocity: "attractor" } });
    expect(Math.abs((result.velocity as number[])[after]! / velocity[0]! - 1)).toBeLessThan(bound);
  });
  it("is that of a force that stays, -2 V' t/5, in the radiation era", async () => {
    const field = { potential: { expression: "3*phi" }, velocity: "attractor" } as const;
    const background = { kind: "fluid", omega: 1 / 3, hubble: 0.5 } as const;
    const { result } = await fieldStudy({ ...base, background, field }, undefined);
    // H = 1/(2t), 1 at the start.
    for (const [r, t] of result.times.entries())
      expect((result.velocity as number[])[r]!).toBeCloseTo(-1.2 * (1 + t), 9);
  });
  it("is refused where a normal mode is too heavy, though no field is", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "phi^2 + chi^2 + phi*chi" }, mean: 1 };
    const study = { ...base, field: { ...field, velocity: "attractor" } } as const;
    const error = await fieldStudy(study, undefined).catch((reason: unknown) => reason);
    expect((error as InputError).path).toBe("field.velocity");
    expect((error as InputError).message).toMatch(/0\.707 phi \S0\.707 chi has no slow-roll attractor/);
  });
  it("is rest for a field at the bottom of its valley, however heavy", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "phi^2/8 + 50*phi^2*chi^2" }, mean: [3, 0] };
    const { velocity } = await prepare({ ...base, field: { ...field, velocity: "attractor" } });
    expect(velocity).toEqual([-1.5 / (3 + Math.sqrt(8)), 0]);
  });
  it("is refused where space does not expand, down a hill too", async () => {
    const field = { potential: "doubleWell", mean: 0.1, velocity: "attractor" } as const;
    await expect(prepare({ ...base, background: { kind: "static" }, field })).rejects.toMatchObject({
      path: "field.velocity",
      message: "there is no slow-roll attractor without friction: H is 0 here; give a number",
    });
  });
  it.each([
    // Light enough for V'' < 9 H^2/4 in both places, but steep in the first.
    [0.7, true],
    [3, false],
  ])("is warned of where it would not roll slowly: phi = %d of tanh(phi)^2: %s", async (mean, warned) => {
    const field = { potential: { expression: "tanh(phi)^2" }, mean, velocity: "attractor" } as const;
    const setup = await prepare({ ...base, background: { kind: "selfConsistent", planckMass: 5 }, field });
    const text = "the fields do not roll slowly here: the attractor's kinetic energy would be";
    expect(studyWarnings(setup).some((warning) => warning.includes(text))).toBe(warned);
  });
});
