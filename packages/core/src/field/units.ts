/**
 * From program units to powers of GeV, as CosmoLattice has them (arXiv:2102.01031): a field is in units of f_*, a time of
 * 1/omega_*, so that densities are in units of f_*^2 omega_*^2. Speed of light and Planck's constant are 1.
 */
import type { FieldStudy, UnitsSpec } from "./study.ts";

export interface PhysicalUnit {
  /** What a number in program units is multiplied with. */
  readonly factor: number;
  /** Of the product. */
  readonly unit: string;
}

export type Quantity =
  | "time"
  | "length"
  | "wavenumber"
  | "hubble"
  | "field"
  | "velocity"
  | "variance"
  | "power"
  | "velocityPower"
  | "massSquared"
  | "occupation"
  | "energyDensity"
  | "modeFunction";

export interface UnitsResult extends UnitsSpec {
  readonly factors: Readonly<Record<Quantity, PhysicalUnit>>;
}

/** The reduced Planck mass in GeV, sqrt(hbar c/(8 pi G)) with CODATA 2018's constants. */
const PLANCK_MASS = 2.435323e18;
/** Parts by which a config may be off what its units ask for and still mean it. */
const LEEWAY = 0.01;

const gev = (power: number): string => (power === 1 ? "GeV" : `GeV^${power}`);

/** The factors of every quantity in a field study's result; times are cosmic and alpha-times, energy densities those of all parts. */
export function physicalUnits({ fStar, omegaStar }: UnitsSpec): UnitsResult {
  const unit = (field: number, frequency: number, power = field + frequency): PhysicalUnit => ({
    factor: fStar ** field * omegaStar ** frequency,
    unit: gev(power),
  });
  return {
    fStar,
    omegaStar,
    factors: {
      time: unit(0, -1),
      length: unit(0, -1),
      wavenumber: unit(0, 1),
      hubble: unit(0, 1),
      field: unit(1, 0),
      velocity: unit(1, 1),
      variance: unit(2, 0),
      power: unit(2, 0),
      velocityPower: unit(2, 2),
      massSquared: unit(0, 2),
      // A pure number, 1/2 of the vacuum, where fields are in f_* and times in 1/omega_*.
      occupation: { factor: (fStar / omegaStar) ** 2, unit: "1" },
      energyDensity: unit(2, 2),
      // 1/sqrt(2k) of a canonical field in three dimensions, whatever f_*.
      modeFunction: unit(0, -0.5),
    },
  };
}

/** Where a config's other numbers are not those of its units, in words: what is computed is what the config says all the same. */
export function unitsWarnings({ units, fluctuations, background }: FieldStudy): string[] {
  if (!units) return [];
  const { fStar, omegaStar } = units;
  const differs = (given: number, asked: number): boolean => Math.abs(given / asked - 1) > LEEWAY;
  const warnings: string[] = [];
  const quantum = omegaStar / fStar;
  if (fluctuations.kind === "vacuum" && differs(fluctuations.amplitude, quantum)) {
    warnings.push(
      `units: fluctuations.amplitude is ${fluctuations.amplitude}, the vacuum's in these units is omegaStar/fStar = ${quantum.toPrecision(4)}`,
    );
  }
  const planckMass = PLANCK_MASS / fStar;
  if (background.kind === "selfConsistent" && differs(background.planckMass, planckMass)) {
    warnings.push(
      `units: background.planckMass is ${background.planckMass}, the reduced Planck mass in these units is ${planckMass.toPrecision(4)}`,
    );
  }
  return warnings;
}
