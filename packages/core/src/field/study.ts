/** What a field study asks for: the config's `background`, `field`, `lattice`, `fluctuations` and `time` with all defaults filled in. */
import type { PotentialSpec } from "../potential/potential.ts";

/** a(0) = 1 in each. */
export type BackgroundSpec =
  | { readonly kind: "static" }
  | { readonly kind: "deSitter"; readonly hubble: number }
  /** a = (1 + hubble t/exponent)^exponent in cosmic time. */
  | { readonly kind: "powerLaw"; readonly exponent: number; readonly hubble: number };

export interface FieldSpec {
  readonly potential: PotentialSpec;
  readonly mean: number;
  /** Cosmic-time derivative of the mean. */
  readonly velocity: number;
}

export interface LatticeSpec {
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  readonly length: number;
  readonly stencil: 2;
}

export type FluctuationSpec =
  | { readonly kind: "none" }
  /** dphi(x, 0) = amplitude cos(k.x), its cosmic-time derivative = velocity cos(k.x), k = 2 pi mode/length. */
  | {
      readonly kind: "planeWave";
      readonly mode: readonly number[];
      readonly amplitude: number;
      readonly velocity: number;
    }
  /** The whole field and its conjugate momentum from stored arrays; `mean` and `velocity` are then not given. */
  | { readonly kind: "file"; readonly field: string; readonly momentum: string };

export interface TimeSpec {
  readonly alpha: number;
  readonly step: number;
  readonly end: number;
  /** Without a lattice and without this key: adaptive. */
  readonly integrator?: "verlet2";
  readonly recordEvery: number;
}

export interface FieldStudy {
  readonly background: BackgroundSpec;
  readonly field: FieldSpec;
  /** Absent: the homogeneous field. */
  readonly lattice?: LatticeSpec;
  readonly fluctuations: FluctuationSpec;
  readonly time: TimeSpec;
}
