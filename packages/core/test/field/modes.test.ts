/** Single modes and the vacuum's mode functions against closed forms and independent numbers. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { InputError } from "@slowroll/core/errors";
import { bunchDavies } from "@slowroll/core/field/bunchDavies";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { describe, expect, it } from "vitest";

const study = (changes: Partial<FieldStudy>, massSquared = 0): FieldStudy => ({
  background: { kind: "deSitter", hubble: 1 },
  field: { potential: { name: "quadratic", parameters: { massSquared } } },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 1, end: 5, recordEvery: 1 },
  ...changes,
});

interface Reference {
  hubble: number;
  massSquared: number;
  k: number;
  efolds: number;
  amplitude: number;
}
const data = path.join(import.meta.dirname, "../../../../tests/data");
const references = JSON.parse(readFileSync(path.join(data, "deSitterModes.json"), "utf8")) as Reference[];
const heavy = JSON.parse(readFileSync(path.join(data, "heavyModes.json"), "utf8")) as Reference[];

describe("modes in de Sitter space", () => {
  const masses = [...new Set([...references, ...heavy].map(({ massSquared }) => massSquared))];
  it.each(masses)("are the Hankel functions of other programs to 1e-8, m^2 = %d", async (massSquared) => {
    const wanted = [...references, ...heavy].filter((reference) => reference.massSquared === massSquared);
    expect(wanted.length).toBeGreaterThan(3);
    for (const hubble of new Set(wanted.map((reference) => reference.hubble))) {
      const rows = wanted.filter((reference) => reference.hubble === hubble);
      const wavenumbers = [...new Set(rows.map(({ k }) => k))];
      const { result } = await fieldStudy(
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
        const got = result.modes![wavenumbers.indexOf(k)]!.amplitude[efolds]!;
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
    const last = (run: typeof cosmic) => run.result.modes![0]!.amplitude.at(-1)!;
    expect(last(conformal) / last(cosmic)).toBeCloseTo(1, 9);
  });

  it("without mass freeze at H/sqrt(2 k^3), the spectrum (H/2 pi)^2", async () => {
    const k = 3;
    const { result } = await fieldStudy(
      study({
        background: { kind: "deSitter", hubble: 0.7 },
        modes: { wavenumbers: [k], initial: "bunchDavies" },
        time: { alpha: 0, step: 1, end: 20, recordEvery: 1 },
      }),
      undefined,
    );
    const power = (k ** 3 * result.modes![0]!.amplitude.at(-1)! ** 2) / (2 * Math.PI ** 2);
    expect(power / (0.7 / (2 * Math.PI)) ** 2).toBeCloseTo(1, 8);
  });

  it.each([-0.5, 0, 1, 9, 400])("have the Wronskian of a quantum field, m^2 = %d", (massSquared) => {
    const waves = [0.01, 0.3, 2, 29, 31, 150, 5000];
    for (const { u, velocity } of bunchDavies(waves, massSquared, 1)) {
      // u (du/dt)^* - u^* du/dt = i at a = 1.
      expect(2 * (u[1] * velocity[0] - u[0] * velocity[1])).toBeCloseTo(1, 8);
    }
  });
});

describe("modes elsewhere", () => {
  it("oscillate in static space with the exact frequency", async () => {
    const { result } = await fieldStudy(
      study({ background: { kind: "static" }, modes: { wavenumbers: [1.5], initial: "bunchDavies" } }, 2),
      undefined,
    );
    for (const amplitude of result.modes![0]!.amplitude)
      expect(amplitude).toBeCloseTo(1 / Math.sqrt(2 * Math.sqrt(1.5 ** 2 + 2)), 10);
  });

  it("without mass go as 1/a in radiation, whose vacuum the adiabatic one is", async () => {
    const { result } = await fieldStudy(
      study({
        background: { kind: "fluid", omega: 1 / 3, hubble: 0.5 },
        modes: { wavenumbers: [2], initial: "adiabatic" },
      }),
      undefined,
    );
    for (const [r, amplitude] of result.modes![0]!.amplitude.entries())
      expect(amplitude * result.scaleFactor[r]!).toBeCloseTo(0.5, 9);
  });

  const refused: [string, Partial<FieldStudy>, number, string][] = [
    [
      "Bunch and Davies in a power law",
      {
        background: { kind: "powerLaw", exponent: 2, hubble: 1 },
        modes: { wavenumbers: [1], initial: "bunchDavies" },
      },
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
      "fluctuations.kind",
    ],
  ];
  it.each(refused)("refuse %s", async (_name, changes, massSquared, place) => {
    const error = await fieldStudy(study(changes, massSquared), undefined).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe(place);
  });
  it("refuse several fields", async () => {
    const field = { fields: ["phi", "chi"], potential: { expression: "phi^2*chi^2" } };
    const error = await fieldStudy(
      study({ field, modes: { wavenumbers: [1], initial: "bunchDavies" } }),
      undefined,
    ).catch((reason: unknown) => reason);
    expect((error as InputError).path).toBe("modes");
  });
});
