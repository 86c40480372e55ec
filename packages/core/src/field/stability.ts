/**
 * How long a lattice's steps may be. A wave of frequency omega is an oscillator, of which a symplectic splitting's step h is a linear map that
 * depends on h omega alone: the map's powers stay bounded while half its trace lies within -1 and 1 (Hairer, Lubich and Wanner, Geometric
 * Numerical Integration, 2nd ed. (2006), section I.5), beyond that waves grow by a factor a step out of rounding alone.
 */
import type { Average } from "./result.ts";
import { fractionsOf, integratorOf } from "./schedule.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";
import { squareOfPhase } from "./waves.ts";

/** Grid of h omega on which the first unstable one is looked for. */
const RESOLUTION = 1e-3;
/** Of half a trace that touches 1. */
const ROUNDING = 1e-12;
/** Records looked at. */
const RECORDS = 100;

/** Half the trace of the step of kick-drift-kick steps of these fractions, at z = h omega. */
function halfTrace(fractions: readonly number[], z: number): number {
  const step = (x: number, p: number): [number, number] => {
    for (const fraction of fractions) {
      p -= (fraction * z * x) / 2;
      x += fraction * z * p;
      p -= (fraction * z * x) / 2;
    }
    return [x, p];
  };
  return (step(1, 0)[0] + step(0, 1)[1]) / 2;
}

/** The least h omega from which on an integrator is unstable. */
export function stabilityLimit(fractions: readonly number[]): number {
  let n = 1;
  while (Math.abs(halfTrace(fractions, n * RESOLUTION)) <= 1 + ROUNDING) n++;
  return (n - 1) * RESOLUTION;
}

/** The square of the lattice's largest k_eff. */
function largestWave({ dimensions, points, length, stencil }: LatticeSpec): number {
  const phase = (2 * Math.PI * Math.floor(points / 2)) / points;
  return dimensions * squareOfPhase(stencil, phase) * (points / length) ** 2;
}

/**
 * A warning where some record's highest frequency is beyond what the steps can follow: of alpha-time, with the field's own V'' at the mean, so
 * that what mixes with other fields, or is off the mean, may be higher still.
 * @param moments [T][R]
 */
export function stabilityWarnings(
  { study, potential, fields }: Setup,
  lattice: LatticeSpec,
  averages: readonly Average[],
): string[] {
  const { alpha, step } = study.time;
  const wave = largestWave(lattice);
  let highest = 0;
  let at = 1;
  const stride = Math.max(1, Math.floor(averages.length / RECORDS));
  const last = averages.length - 1;
  for (const { scaleFactor: a, mean } of averages.filter((_, r) => r % stride === 0 || r === last)) {
    for (let f = 0; f < fields; f++) {
      const frequency = Math.sqrt(a ** (2 * alpha) * (wave / a ** 2 + Math.max(0, potential.hessian(f, f, ...mean))));
      if (Number.isFinite(frequency) && frequency > highest) [highest, at] = [frequency, a];
    }
  }
  const limit = stabilityLimit(fractionsOf(study.time));
  if (step * highest <= limit) return [];
  return [
    `time.step: ${step} times the lattice's highest frequency, ${highest.toPrecision(3)} at a = ${at.toPrecision(3)}, is past ${limit.toPrecision(2)}, where ${integratorOf(study.time)} is unstable: use steps below ${(limit / highest).toPrecision(3)}`,
  ];
}
