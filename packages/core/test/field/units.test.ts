/** Physical units: the factors against CosmoLattice's own example, and warnings where other numbers of a config belong to other units. */
import { parseConfig } from "@slowroll/core/config/parse";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { physicalUnits, unitsWarnings } from "@slowroll/core/field/units";
import { describe, expect, it } from "vitest";

/** lambda phi^4 of CosmoLattice's manual: lambda = 9e-14, f_* = phi_i = 5.6964e18 GeV, omega_* = sqrt(lambda) phi_i. */
const fStar = 5.6964e18;
const omegaStar = Math.sqrt(9e-14) * fStar;
const units = { fStar, omegaStar };

const study = (more: Partial<FieldStudy>): FieldStudy => ({
  background: { kind: "static" },
  field: { potential: "quartic" },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 0.1, end: 1, recordEvery: 1 },
  units,
  ...more,
});

describe("physical units", () => {
  it("turn lambda phi^4 in program units into GeV", () => {
    const { factors } = physicalUnits(units);
    // V = phi^4/4 in program units at phi = 1 is lambda phi_i^4/4.
    expect((factors.energyDensity.factor * 0.25) / ((9e-14 * fStar ** 4) / 4)).toBeCloseTo(1, 12);
    expect(factors.energyDensity.unit).toBe("GeV^4");
    expect(factors.field).toEqual({ factor: fStar, unit: "GeV" });
    expect(factors.velocity.factor ** 2 / factors.energyDensity.factor).toBeCloseTo(1, 12);
    expect(factors.velocity.unit).toBe("GeV^2");
    expect(factors.time.factor * factors.hubble.factor).toBeCloseTo(1, 12);
    expect([factors.time.unit, factors.wavenumber.unit, factors.variance.unit]).toEqual(["GeV^-1", "GeV", "GeV^2"]);
    expect(factors.power).toEqual(factors.variance);
    expect(factors.velocityPower.factor / factors.velocity.factor ** 2).toBeCloseTo(1, 12);
    expect([factors.velocityPower.unit, factors.massSquared.unit]).toEqual(["GeV^4", "GeV^2"]);
    // The vacuum's amplitude is omega_*/f_*, of which half the square times this is 1/2.
    expect((factors.occupation.factor * (omegaStar / fStar) ** 2) / 2).toBeCloseTo(0.5, 12);
    expect(factors.occupation.unit).toBe("1");
    // 1/sqrt(2k) in GeV of k in GeV.
    const k = 3;
    expect((factors.modeFunction.factor / Math.sqrt(2 * k)) * Math.sqrt(2 * k * factors.wavenumber.factor)).toBeCloseTo(
      1,
      12,
    );
    expect(factors.modeFunction.unit).toBe("GeV^-0.5");
  });
  it("obey the Friedmann equation with the Planck mass in units of f_*", () => {
    const { factors } = physicalUnits(units);
    const planckMass = 0.4275;
    const hubble = Math.sqrt(0.25 / (3 * planckMass ** 2));
    const inGev = Math.sqrt((0.25 * factors.energyDensity.factor) / (3 * (planckMass * fStar) ** 2));
    expect((hubble * factors.hubble.factor) / inGev).toBeCloseTo(1, 12);
  });
  it("come from the config into the result, which stays in program units", async () => {
    const config = await parseConfig(
      "field",
      `field: { mean: 1 }\ntime: { step: 0.1, end: 1 }\nunits: { fStar: ${fStar}, omegaStar: ${omegaStar} }`,
    );
    const { result } = await fieldStudy(config, undefined);
    const { units: _units, ...without } = config;
    const plain = await fieldStudy(without, undefined);
    expect(result.units).toEqual(physicalUnits(units));
    expect(plain.result.units).toBeUndefined();
    expect(result.mean).toEqual(plain.result.mean);
  });
  it("must be positive", async () => {
    await expect(
      parseConfig("field", "time: { step: 0.1, end: 1 }\nunits: { fStar: 0, omegaStar: 1 }"),
    ).rejects.toMatchObject({
      path: "units.fStar",
    });
  });
});

describe("warnings of units", () => {
  const vacuum = (amplitude: number) =>
    study({ fluctuations: { kind: "vacuum", seed: 1, amplitude, realisations: 1 } });
  const planck = (planckMass: number) => study({ background: { kind: "selfConsistent", planckMass } });

  it("name the vacuum's amplitude", () => {
    expect(unitsWarnings(vacuum(1))).toEqual([expect.stringContaining("omegaStar/fStar = 3.000e-7")]);
    expect(unitsWarnings(vacuum(3e-7))).toEqual([]);
  });
  it("name the Planck mass", () => {
    expect(unitsWarnings(planck(1))).toEqual([expect.stringContaining("in these units is 0.4275")]);
    expect(unitsWarnings(planck(0.4275))).toEqual([]);
  });
  it("are none without units", () => {
    const { units: _units, ...without } = vacuum(1);
    expect(unitsWarnings(without)).toEqual([]);
  });
});
