/** Mode functions of several fields over time, and the vacuum that they start in. */
import { complete } from "@slowroll/core/cooperate";
import type { InputError } from "@slowroll/core/errors";
import { followModes } from "@slowroll/core/field/modes";
import { normalModes } from "@slowroll/core/field/normalModes";
import { fieldStudy } from "@slowroll/core/field/run";
import { prepare } from "@slowroll/core/field/setup";
import type { FieldStudy } from "@slowroll/core/field/study";
import { vacuumState } from "@slowroll/core/field/vacuum";
import { describe, expect, it } from "vitest";
import { apart, base, NAMES, ROTATIONS, rotated } from "./rotated.ts";
import { references } from "./singleField.ts";

describe("modes of several fields", () => {
  it.each([
    [0, 1.5],
    [0.5, 9],
    [0, 100],
  ])("are the rotation of other programs' Hankel functions to 1e-8, masses squared %d and %d", async (light, heavy) => {
    const of = (massSquared: number) => references.filter((row) => row.hubble === 1 && row.massSquared === massSquared);
    const rows = of(light).flatMap((row) =>
      of(heavy)
        .filter(({ k, efolds }) => k === row.k && efolds === row.efolds)
        .map(({ amplitude }) => ({ ...row, amplitudes: [row.amplitude, amplitude] as const })),
    );
    expect(rows.length).toBeGreaterThan(5);
    const wavenumbers = [...new Set(rows.map(({ k }) => k))];
    const { result } = await fieldStudy(
      { ...base, field: rotated([light, heavy]), modes: { wavenumbers, initial: "bunchDavies" } },
      undefined,
    );
    const [p, q] = ROTATIONS[2] as [[number, number], [number, number]];
    for (const { k, efolds, amplitudes } of rows) {
      const { amplitude, correlation } = result.modes![wavenumbers.indexOf(k)]!;
      const power = (one: number[], other: number[]): number =>
        one.reduce((sum, value, i) => sum + value * other[i]! * amplitudes[i]! ** 2, 0);
      const got = amplitude[efolds] as number[];
      const want = [Math.sqrt(power(p, p)), Math.sqrt(power(q, q))] as const;
      for (const f of [0, 1]) expect(Math.abs(got[f]! / want[f]! - 1)).toBeLessThan(1e-8);
      const mixed = power(p, q) / (want[0] * want[1]);
      const [[own, cross], [back]] = correlation![efolds] as [[number, number], [number, number]];
      expect(Math.abs(cross - mixed)).toBeLessThan(1e-8);
      expect(back).toBe(cross);
      expect(own).toBe(1);
    }
  });

  it.each([
    ["free in de Sitter space", { kind: "deSitter", hubble: 1 }, ["phi^2/4", "2*chi^2"], [1, 0.5]],
    ["that move, in matter", { kind: "fluid", omega: 0, hubble: 0.3 }, ["phi^4/4", "2*chi^2 + chi^4"], [1, 0.4]],
  ] as const)("are those of each where they do not mix: %s", async (_name, background, terms, mean) => {
    const modes = { wavenumbers: [3, 7] };
    const both = await fieldStudy(
      {
        ...base,
        background,
        field: { fields: ["phi", "chi"], potential: { expression: terms.join(" + ") }, mean },
        modes,
      },
      undefined,
    );
    for (const [f, name] of ["phi", "chi"].entries()) {
      const field = { fields: [name], potential: { expression: terms[f]! }, mean: mean[f]! };
      const { result } = await fieldStudy({ ...base, background, field, modes }, undefined);
      for (const [m, { amplitude, correlation }] of both.result.modes!.entries()) {
        const alone = result.modes![m]!;
        expect(alone.correlation).toBeUndefined();
        for (const [r, values] of (amplitude as number[][]).entries()) {
          expect(Math.abs(values[f]! / (alone.amplitude as number[][])[r]![0]! - 1)).toBeLessThan(1e-10);
          expect(correlation![r]![0]![1]).toBe(0);
        }
      }
    }
  });

  /** Two fields whose masses and their mixing change as they move. */
  const moving = (mean: readonly number[], velocity: readonly number[]): FieldStudy => ({
    ...base,
    background: { kind: "fluid", omega: 0, hubble: 0.3 },
    field: {
      fields: ["phi", "chi"],
      potential: { expression: "phi^4/4 + phi^2*chi^2 + chi^4/8 + phi*chi/3" },
      mean,
      velocity,
    },
  });

  it("follow the means' V'': as the change of the homogeneous solution, for k to 0", async () => {
    const setup = await prepare(moving([1, 0.5], [0, 0.2]));
    const records = complete(followModes(setup, { wavenumbers: [1e-7], initial: "minkowski" }));
    const e = 1e-5;
    for (const i of [0, 1]) {
      const part = (r: number, f: number, of: number): number => records[r]![0]![8 * f + 4 * i + of]!;
      const [up, down] = await Promise.all(
        [e, -e].map((by) =>
          fieldStudy(
            moving([1 + by * part(0, 0, 0), 0.5 + by * part(0, 1, 0)], [by * part(0, 0, 1), 0.2 + by * part(0, 1, 1)]),
            undefined,
          ),
        ),
      );
      for (const r of records.keys()) {
        for (const f of [0, 1]) {
          const of = ({ result }: typeof up): number => (result.mean as number[][])[r]![f]!;
          expect(Math.abs(part(r, f, 0) - (of(up!) - of(down!)) / (2 * e))).toBeLessThan(1e-7);
        }
      }
    }
  });

  it("keep the commutators of fields and momenta, whatever the means do", async () => {
    const setup = await prepare(moving([1, 0.5], [0, 0.2]));
    const { result } = await fieldStudy(setup.study, undefined);
    const waves = [2, 7];
    for (const [r, modes] of complete(followModes(setup, { wavenumbers: waves })).entries()) {
      for (const mode of modes) {
        /** sum_i of Im(p_fi q_gi^*), p and q each u (0) or du/dt (1): of [u, du/dt^*] i/2 a^-3 delta_fg, and else 0. */
        const bracket = (f: number, p: 0 | 1, g: number, q: 0 | 1): number =>
          [0, 1].reduce((sum, i) => {
            const [x, y] = [8 * f + 4 * i + p, 8 * g + 4 * i + q];
            return sum + mode[x + 2]! * mode[y]! - mode[x]! * mode[y + 2]!;
          }, 0);
        for (const f of [0, 1]) {
          for (const g of [0, 1]) {
            expect(Math.abs(bracket(f, 0, g, 0))).toBeLessThan(1e-9);
            expect(Math.abs(bracket(f, 1, g, 1))).toBeLessThan(1e-9);
            const scale = 2 * result.scaleFactor[r]! ** 3;
            expect(Math.abs(scale * bracket(f, 0, g, 1) - (f === g ? 1 : 0))).toBeLessThan(1e-8);
          }
        }
      }
    }
  });

  it("converge with the integrator's tolerance", async () => {
    const setup = await prepare(moving([1, 0.5], [0, 0.2]));
    const last = (relativeTolerance: number): Float64Array =>
      complete(followModes(setup, { wavenumbers: [3] }, { relativeTolerance, absoluteTolerance: 1e-22 })).at(-1)![0]!;
    const best = last(1e-13);
    const errors = [1e-5, 1e-7, 1e-9].map((tolerance) => apart(last(tolerance), best));
    // In proportion to the tolerance, to a factor of some.
    for (const [i, error] of errors.slice(1).entries()) expect(error / errors[i]!).toBeLessThan(0.05);
    expect(errors.at(-1)).toBeLessThan(1e-7);
    expect(apart(last(1e-12), best)).toBeLessThan(1e-9);
  });

  it("start adiabatic as the fields that they are a rotation of, while these move", async () => {
    const background = { kind: "fluid", omega: 0, hubble: 0.4 } as const;
    const [p, q] = ["(0.8*phi + 0.6*chi)", "(0.8*chi - 0.6*phi)"];
    const turned = await prepare({
      ...base,
      background,
      field: {
        fields: ["phi", "chi"],
        potential: { expression: `${p}^4/4 + 2*${q}^2 + ${q}^3/3` },
        // 0.9 of the first and 0.2 of the second, with velocities -0.3 and 0.5.
        mean: [0.8 * 0.9 - 0.6 * 0.2, 0.6 * 0.9 + 0.8 * 0.2],
        velocity: [0.8 * -0.3 - 0.6 * 0.5, 0.6 * -0.3 + 0.8 * 0.5],
      },
    });
    const straight = await prepare({
      ...base,
      background,
      field: {
        fields: ["phi", "chi"],
        potential: { expression: "phi^4/4 + 2*chi^2 + chi^3/3" },
        mean: [0.9, 0.2],
        velocity: [-0.3, 0.5],
      },
    });
    const of = (setup: typeof turned) =>
      normalModes(setup)
        .sort((one, other) => one.massSquared - other.massSquared)
        .map((mode) => vacuumState(setup, mode, "adiabatic", "modes.initial")(3));
    const want = of(straight);
    for (const [i, { u, velocity }] of of(turned).entries()) {
      for (const part of [0, 1]) {
        expect(u[part]).toBeCloseTo(want[i]!.u[part]!, 9);
        expect(velocity[part]).toBeCloseTo(want[i]!.velocity[part]!, 9);
      }
    }
  });

  it("start with errors of order 1 and 2 in the rate at which the normal modes turn", async () => {
    // sigma moves freely and turns the two others, of masses squared 1 and 4, by an angle of tanh(sigma).
    const [p, q] = ["cos(tanh(sigma))*phi + sin(tanh(sigma))*chi", "cos(tanh(sigma))*chi - sin(tanh(sigma))*phi"];
    const expression = `(${p})^2/2 + 2*(${q})^2`;
    const rates = [0.08, 0.04, 0.02];
    const errors: { fields: number; momenta: number }[] = [];
    for (const rate of rates) {
      const from = async (sigma: number, end: number): Promise<Float64Array[]> => {
        const field = { fields: NAMES, potential: { expression }, mean: [0, 0, sigma], velocity: [0, 0, rate] };
        const time = { alpha: 0, step: end, end, recordEvery: 1 };
        const setup = await prepare({ ...base, background: { kind: "static" }, field, time });
        return complete(followModes(setup, { wavenumbers: [1], initial: "adiabatic" })).map(([mode]) => mode!);
      };
      // From where nothing turns to where it turns fastest: what the vacuum is there, beside what starts there.
      const want = (await from(-9, 9 / rate))[1]!;
      const got = (await from(0, 1))[0]!;
      /** Re <p_f q_g^*>, p a field (0) or a momentum (1). */
      const covariance = (mode: Float64Array, f: number, of: 0 | 1, g: number, and: 0 | 1): number =>
        [0, 1, 2].reduce((sum, i) => {
          const [x, y] = [12 * f + 4 * i + of, 12 * g + 4 * i + and];
          return sum + mode[x]! * mode[y]! + mode[x + 2]! * mode[y + 2]!;
        }, 0);
      const apartIn = (of: 0 | 1, and: 0 | 1): number =>
        Math.max(
          ...[0, 1].flatMap((f) =>
            [0, 1].map((g) => Math.abs(covariance(got, f, of, g, and) - covariance(want, f, of, g, and))),
          ),
        );
      errors.push({ fields: Math.max(apartIn(0, 0), apartIn(1, 1)), momenta: apartIn(0, 1) });
    }
    for (const [i, { fields, momenta }] of errors.slice(1).entries()) {
      expect(Math.abs(Math.log2(errors[i]!.momenta / momenta) - 1)).toBeLessThan(0.05);
      expect(Math.abs(Math.log2(errors[i]!.fields / fields) - 2)).toBeLessThan(0.1);
    }
  });

  it("start adiabatic each with its own mass, and are refused by the normal mode that has none", async () => {
    const background = { kind: "powerLaw", exponent: 2, hubble: 1 } as const;
    const setup = await prepare({ ...base, background, field: rotated([20, 0]) });
    const [first] = complete(followModes(setup, { wavenumbers: [0.5] }));
    // The massless one is exact, long as the wave is; the other's frequency at a = 1 is real.
    const [, massless] = normalModes(setup);
    const want = vacuumState(setup, massless!, "bunchDavies", "modes.initial")(0.5);
    for (const f of [0, 1]) {
      const { u } = want;
      const part = massless!.direction[f]!;
      expect([first![0]![8 * f + 4], first![0]![8 * f + 6]]).toEqual([part * u[0], part * u[1]]);
    }
    const modes = { wavenumbers: [0.5], initial: "adiabatic" } as const;
    const error = await fieldStudy({ ...setup.study, modes }, undefined).catch((reason: unknown) => reason);
    expect((error as InputError).path).toBe("modes.initial");
    expect((error as InputError).message).toMatch(/k = 0\.5 of \S+ phi \S+ chi has no adiabatic vacuum/);
  });
});
