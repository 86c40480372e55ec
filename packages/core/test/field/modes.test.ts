/** Single modes followed in time, against closed forms and independent numbers. */
import { complete } from "@slowroll/core/cooperate";
import { InputError } from "@slowroll/core/errors";
import type { ModeFunction } from "@slowroll/core/field/fluctuations";
import { followModes } from "@slowroll/core/field/modes";
import { type FieldRun, fieldStudy } from "@slowroll/core/field/run";
import { prepare } from "@slowroll/core/field/setup";
import type { FieldStudy } from "@slowroll/core/field/study";
import { describe, expect, it } from "vitest";
import { amplitudes, readData, references, study, vacuumOf } from "./singleField.ts";

const radiation =
  readData<{ hubble: number; massSquared: number; k: number; amplitude: number }[]>("radiationVacuum.json");

describe("modes in de Sitter space", () => {
  const masses = [...new Set(references.map(({ massSquared }) => massSquared))];
  it.each(masses)("are the Hankel functions of other programs to 1e-8, m^2 = %d", async (massSquared) => {
    const wanted = references.filter((reference) => reference.massSquared === massSquared);
    expect(wanted.length).toBeGreaterThan(3);
    for (const hubble of new Set(wanted.map((reference) => reference.hubble))) {
      const rows = wanted.filter((reference) => reference.hubble === hubble);
      const wavenumbers = [...new Set(rows.map(({ k }) => k))];
      const run = await fieldStudy(
        study(
          {
            background: { kind: "deSitter", hubble },
            modes: { wavenumbers, initial: "bunchDavies" },
            time: {
              alpha: 0,
              step: 1 / hubble,
              end: Math.max(...rows.map(({ efolds }) => efolds)) / hubble,
              recordEvery: 1,
            },
          },
          massSquared,
        ),
        undefined,
      );
      for (const { k, efolds, amplitude } of rows) {
        const got = amplitudes(run, wavenumbers.indexOf(k))[efolds]!;
        expect(Math.abs(got / amplitude - 1)).toBeLessThan(1e-8);
      }
    }
  });

  it("are the same in conformal time", async () => {
    const modes = { wavenumbers: [2], initial: "bunchDavies" } as const;
    const cosmic = await fieldStudy(study({ modes }, 0.5), undefined);
    const end = 1 - Math.exp(-5);
    const conformal = await fieldStudy(
      study({ modes, time: { alpha: 1, step: end, end, recordEvery: 1 } }, 0.5),
      undefined,
    );
    const last = (run: FieldRun) => amplitudes(run).at(-1)!;
    expect(last(conformal) / last(cosmic)).toBeCloseTo(1, 9);
  });

  it("without mass freeze at H/sqrt(2 k^3), the spectrum (H/2 pi)^2", async () => {
    const k = 3;
    const run = await fieldStudy(
      study({
        background: { kind: "deSitter", hubble: 0.7 },
        modes: { wavenumbers: [k], initial: "bunchDavies" },
        time: { alpha: 0, step: 1, end: 20, recordEvery: 1 },
      }),
      undefined,
    );
    const power = (k ** 3 * amplitudes(run).at(-1)! ** 2) / (2 * Math.PI ** 2);
    expect(power / (0.7 / (2 * Math.PI)) ** 2).toBeCloseTo(1, 8);
  });

  it("keep the Wronskian of a quantum field while the solver follows them, whatever the mean does", async () => {
    const setup = await prepare({
      ...study({}),
      field: { potential: "quartic", mean: 2, velocity: -1 },
      time: { alpha: 0, step: 0.25, end: 3, recordEvery: 1 },
    });
    const records = complete(followModes(setup, { wavenumbers: [0.3, 4] }));
    expect(records.length).toBe(13);
    for (const [r, modes] of records.entries()) {
      for (const mode of modes) {
        const [re, dRe, im, dIm] = mode as unknown as [number, number, number, number];
        // a^3 (u (du/dt)^* - u^* du/dt) = i.
        expect(Math.abs(2 * Math.exp(0.75 * r) * (im * dRe - re * dIm) - 1)).toBeLessThan(1e-8);
      }
    }
  });
});

describe("modes elsewhere", () => {
  it("begin in Minkowski's vacuum where it is asked for, long ones too", async () => {
    const { result } = await fieldStudy(
      study({
        background: { kind: "powerLaw", exponent: 2, hubble: 1 },
        modes: { wavenumbers: [0.1], initial: "minkowski" },
      }),
      undefined,
    );
    expect(result.modes![0]!.amplitude[0]).toBeCloseTo(1 / Math.sqrt(0.2), 12);
  });

  it("oscillate in static space with the exact frequency", async () => {
    const run = await fieldStudy(
      study({ background: { kind: "static" }, modes: { wavenumbers: [1.5], initial: "bunchDavies" } }, 2),
      undefined,
    );
    for (const amplitude of amplitudes(run))
      expect(amplitude).toBeCloseTo(1 / Math.sqrt(2 * Math.sqrt(1.5 ** 2 + 2)), 10);
  });

  it("without mass go as 1/a in radiation, whose vacuum the adiabatic one is", async () => {
    const run = await fieldStudy(
      study({
        background: { kind: "fluid", omega: 1 / 3, hubble: 0.5 },
        modes: { wavenumbers: [2], initial: "adiabatic" },
      }),
      undefined,
    );
    for (const [r, amplitude] of amplitudes(run).entries())
      expect(amplitude * run.result.scaleFactor[r]!).toBeCloseTo(0.5, 9);
  });

  it("follow the mean's V'' in matter: phi^4's perturbation by the homogeneous solution's change", async () => {
    // With k -> 0 the mode equation is that of the difference of two homogeneous solutions.
    const of = (mean: number, velocity: number): FieldStudy => ({
      ...study({}),
      background: { kind: "fluid", omega: 0, hubble: 0.3 },
      field: { potential: "quartic", mean, velocity },
      modes: { wavenumbers: [1e-7] },
    });
    const setup = await prepare(of(1, 0));
    const records = complete(followModes(setup, { wavenumbers: [1e-7] }));
    const [re, dRe] = records[0]![0]! as unknown as [number, number];
    const e = 1e-5;
    const [up, down] = await Promise.all([1, -1].map((s) => fieldStudy(of(1 + s * e * re, s * e * dRe), undefined)));
    for (const [r, modes] of records.entries()) {
      const difference = ((up!.result.mean[r] as number) - (down!.result.mean[r] as number)) / (2 * e);
      expect(Math.abs(modes[0]![0]! - difference)).toBeLessThan(1e-6);
    }
  });

  /** |u_k|^2 at a = 1. */
  const power = async (changes: Partial<FieldStudy>, massSquared: number, k: number): Promise<number> => {
    const setup = await prepare(study(changes, massSquared));
    const [{ u }] = vacuumOf(setup, [k], "adiabatic") as [ModeFunction];
    return Math.hypot(...u) ** 2;
  };
  const order = (errors: readonly number[]): number => Math.log2(errors[0]! / errors.at(-1)!) / (errors.length - 1);

  it("start in matter without mass with an error of (k/aH)^-6", async () => {
    // 1/(2k) (1 + 1/(k tau)^2) with tau = 2/H.
    const errors: number[] = [];
    for (const k of [4, 8, 16]) {
      const exact = (1 + (0.5 / k) ** 2) / (2 * k);
      errors.push(Math.abs((await power({ background: { kind: "fluid", omega: 0, hubble: 1 } }, 0, k)) / exact - 1));
    }
    expect(errors[0]).toBeLessThan(5e-5);
    expect(Math.abs(order(errors) - 6)).toBeLessThan(0.1);
  });

  it("start in radiation with mass with an error of order 4 in H", async () => {
    const errors: number[] = [];
    for (const { hubble, massSquared, k, amplitude } of radiation) {
      const got = await power({ background: { kind: "powerLaw", exponent: 0.5, hubble } }, massSquared, k);
      errors.push(Math.abs(got / amplitude ** 2 - 1));
    }
    expect(errors[0]).toBeLessThan(1e-4);
    expect(Math.abs(order(errors) - 4)).toBeLessThan(0.2);
  });

  it("start adiabatic in de Sitter space near the exact vacuum", async () => {
    const setup = await prepare(study({}, 0.5));
    const waves = [10, 20];
    const exact = vacuumOf(setup, waves, "bunchDavies");
    const errors = vacuumOf(setup, waves, "adiabatic").map(({ u, velocity }, i) => {
      const want = exact[i]!;
      return Math.hypot(
        Math.hypot(...u) / Math.hypot(...want.u) - 1,
        Math.hypot(...velocity) / Math.hypot(...want.velocity) - 1,
      );
    });
    expect(errors[0]).toBeLessThan(1e-5);
    expect(Math.abs(order(errors) - 6)).toBeLessThan(0.2);
  });

  it("start in self-consistent expansion as in the power law of an exponential potential", async () => {
    // V = v0 exp(-l phi) with mp = 1: a = (1 + H t/p)^p, p = 2/l^2, dphi/dt = l H, V = H^2 (3 - l^2/2).
    const l = 0.8;
    const k = 5;
    const driven = await prepare({
      ...study({}),
      background: { kind: "selfConsistent", planckMass: 1 },
      field: {
        potential: { name: "exponential", parameters: { v0: 3 - l ** 2 / 2, lambda: l } },
        mean: 0,
        velocity: l,
      },
    });
    const given = await prepare({
      ...study({}),
      background: { kind: "powerLaw", exponent: 2 / l ** 2, hubble: 1 },
      field: driven.study.field,
    });
    const [p, q] = [driven, given].map((setup) => vacuumOf(setup, [k], "adiabatic")[0]!);
    for (const part of [0, 1]) {
      expect(p!.u[part]).toBeCloseTo(q!.u[part]!, 9);
      expect(p!.velocity[part]).toBeCloseTo(q!.velocity[part]!, 8);
    }
  });

  const refused: [string, Partial<FieldStudy>, number, string][] = [
    [
      "Bunch and Davies with mass in a power law",
      {
        background: { kind: "powerLaw", exponent: 2, hubble: 1 },
        modes: { wavenumbers: [1], initial: "bunchDavies" },
      },
      0.1,
      "modes.initial",
    ],
    [
      "Bunch and Davies where aH is constant",
      {
        background: { kind: "powerLaw", exponent: 1, hubble: 1 },
        modes: { wavenumbers: [2], initial: "bunchDavies" },
      },
      0,
      "modes.initial",
    ],
    [
      "Bunch and Davies where H changes with the field",
      {
        background: { kind: "selfConsistent", planckMass: 1 },
        modes: { wavenumbers: [2], initial: "bunchDavies" },
      },
      0,
      "modes.initial",
    ],
    [
      "a wave that outgrows all numbers as aH is almost constant",
      {
        background: { kind: "powerLaw", exponent: 1.002, hubble: 1 },
        modes: { wavenumbers: [0.01] },
      },
      0,
      "modes.initial",
    ],
    [
      "Bunch and Davies where aH is constant but for rounding",
      { background: { kind: "fluid", omega: -1 / 3, hubble: 1 }, modes: { wavenumbers: [2], initial: "bunchDavies" } },
      0,
      "modes.initial",
    ],
    [
      "a long wave where aH is constant",
      { background: { kind: "powerLaw", exponent: 1, hubble: 1 }, modes: { wavenumbers: [0.5] } },
      0,
      "modes.initial",
    ],
    [
      "a mode without an adiabatic frequency",
      {
        background: { kind: "powerLaw", exponent: 2, hubble: 1 },
        modes: { wavenumbers: [0.1], initial: "adiabatic" },
      },
      0,
      "modes.initial",
    ],
    [
      "a mode whose frequency changes too fast",
      { background: { kind: "fluid", omega: 1, hubble: 1 }, modes: { wavenumbers: [0.05], initial: "adiabatic" } },
      0,
      "modes.initial",
    ],
    [
      "a tachyon's long waves in static space",
      { background: { kind: "static" }, modes: { wavenumbers: [0.5] } },
      -1,
      "modes.initial",
    ],
    ["a tachyon beyond all numbers", { modes: { wavenumbers: [0.01] } }, -1e6, "modes.initial"],
    [
      "a mean where V'' is not finite",
      { field: { potential: { expression: "sqrt(phi^3)" }, mean: 0 }, modes: { wavenumbers: [1] } },
      0,
      "field.mean",
    ],
    ["a wave too short to be followed", { modes: { wavenumbers: [1e200] } }, 0, "modes.wavenumbers"],
  ];
  it.each(refused)("refuse %s", async (_name, changes, massSquared, place) => {
    const error = await fieldStudy(study(changes, massSquared), undefined).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe(place);
  });
});
