/** What a field study asks for: the config's `background`, `field`, `lattice`, `fluctuations`, `time` and `observe`. */
import type { PotentialSpec } from "../potential/potential.ts";

/** Backgrounds that are given beforehand; a(0) = 1 in each. */
export type PrescribedSpec =
  | { readonly kind: "static" }
  | { readonly kind: "deSitter"; readonly hubble: number }
  /** a = (1 + hubble t/exponent)^exponent in cosmic time. */
  | { readonly kind: "powerLaw"; readonly exponent: number; readonly hubble: number }
  /** A fluid of pressure omega times density: a power law of exponent 2/(3 (1 + omega)), de Sitter for omega = -1. */
  | { readonly kind: "fluid"; readonly omega: number; readonly hubble: number }
  /** Rows of cosmic time t and a(t). */
  | { readonly kind: "table"; readonly file: string };

export type BackgroundSpec =
  | PrescribedSpec
  /** Driven by the fields' own mean energies; the reduced Planck mass in the fields' units. */
  | { readonly kind: "selfConsistent"; readonly planckMass: number };

export interface FieldSpec {
  /** Names of the fields; ["phi"] where not given, and results then have no axis for them. */
  readonly fields?: readonly string[];
  readonly potential: PotentialSpec;
  /** Homogeneous parts at the start, one number or one a field; 0 where not given. */
  readonly mean?: number | readonly number[];
  /** Their cosmic-time derivatives, 0 where not given; `attractor`: those of the slow-roll attractor. */
  readonly velocity?: number | readonly number[] | "attractor";
}

export interface LatticeSpec {
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  readonly length: number;
  readonly stencil: 2 | 4 | 6;
}

/** Which vacuum (vacuum.ts). */
export type VacuumKind = "fitting" | "bunchDavies" | "adiabatic" | "minkowski";

/** A power spectrum <|dphi_k|^2> by wave number, without a factor of k^3: an expression in k, or rows of k and its value there. */
export type SpectrumSpec = string | { readonly file: string };

export type FluctuationSpec =
  | { readonly kind: "none" }
  /** dphi(x, 0) = amplitude cos(k.x), its cosmic-time derivative = velocity cos(k.x), k = 2 pi mode/length; of the first field. */
  | {
      readonly kind: "planeWave";
      readonly mode: readonly number[];
      readonly amplitude: number;
      readonly velocity: number;
    }
  /** The vacuum's Gaussian state, with V'' at the mean, which may mix the fields; `amplitude` multiplies the field. */
  | {
      readonly kind: "vacuum";
      /** The fitting one where not given. */
      readonly initial?: VacuumKind;
      readonly seed: number;
      readonly amplitude: number;
      /** |k| above it is left empty. */
      readonly cutoff?: number;
      readonly realisations: number;
    }
  /** A Gaussian field of any spectrum, at rest. */
  | {
      readonly kind: "gaussian";
      readonly seed: number;
      readonly amplitude: number;
      readonly cutoff?: number;
      readonly realisations: number;
      readonly spectrum: SpectrumSpec;
    }
  /**
   * The state that CosmoLattice saved, in its program units, which this run then has too. Its scale factor at that time becomes 1 here:
   * `lattice.length` is the box's side at that time, a times CosmoLattice's.
   */
  | { readonly kind: "cosmoLattice"; readonly file: string }
  /**
   * The whole fields and their conjugate momenta from stored arrays, one file or one a field, each [realisations][sites]; `mean` and
   * `velocity` are then not given.
   */
  | {
      readonly kind: "file";
      readonly field: string | readonly string[];
      readonly momentum: string | readonly string[];
      /** How many the files hold, 1 where not given. */
      readonly realisations?: number;
      /** a of that momentum, 1 where not given. It becomes 1 here: `lattice.length` is a times the side of the box before. */
      readonly scaleFactor?: number;
    };

export interface TimeSpec {
  readonly alpha: number;
  readonly step: number;
  readonly end: number;
  /** Without a lattice and without this key: adaptive. */
  readonly integrator?: "verlet2" | "verlet4" | "verlet6" | "verlet8";
  readonly recordEvery: number;
}

/** Single modes of the vacuum beside the homogeneous field. */
export interface ModesSpec {
  /** Comoving. */
  readonly wavenumbers: readonly number[];
  /** The fitting one where not given. */
  readonly initial?: VacuumKind;
}

/** Pictures of the lattice, each every so many steps, at the start and at the end; none where a key is not given. */
export interface ObserveSpec {
  readonly spectraEvery?: number;
  /** What spectra are of beside the fields; neither unless given. */
  readonly velocitySpectra?: boolean;
  readonly occupationNumbers?: boolean;
  readonly histogramEvery?: number;
  readonly slicesEvery?: number;
}

/** Program units in GeV: fields are in units of fStar, times in units of 1/omegaStar. */
export interface UnitsSpec {
  readonly fStar: number;
  readonly omegaStar: number;
}

export interface FieldStudy {
  readonly background: BackgroundSpec;
  readonly field: FieldSpec;
  /** Absent: the homogeneous fields. */
  readonly lattice?: LatticeSpec;
  readonly fluctuations: FluctuationSpec;
  readonly modes?: ModesSpec;
  readonly time: TimeSpec;
  readonly observe?: ObserveSpec;
  readonly units?: UnitsSpec;
}
