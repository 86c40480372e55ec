/**
 * From a background to numbers: the kicks and drifts of a symplectic splitting in alpha-time (physics.md section 2). With the conjugate
 * momentum pi = a^(3 - alpha) phi' a kick is pi' = a^(1 + alpha) Laplacian phi - a^(3 + alpha) dV/dphi and a drift phi' = a^(alpha - 3) pi:
 * there is no friction term, so each is exact. One step is kick-drift-kick with a at the beginning, middle and end; schemes of higher
 * order compose such steps, each symmetric, of fractions of the whole.
 */
import { InputError } from "../errors.ts";
import type { Background } from "./background.ts";
import type { Setup } from "./setup.ts";
import type { TimeSpec } from "./study.ts";

export interface Composition {
  readonly order: number;
  /** Kick-drift-kick steps of these fractions of the whole step, in this order. */
  readonly fractions: readonly number[];
}

/** The palindrome of `half` around what is left to 1. */
function palindrome(half: readonly number[]): number[] {
  return [...half, 1 - 2 * half.reduce((sum, fraction) => sum + fraction, 0), ...half.toReversed()];
}

const SUZUKI = 1 / (4 - 4 ** (1 / 3));

/** Integrators by name. Tables as in Hairer, Lubich and Wanner, Geometric Numerical Integration, 2nd ed. (2006), section V.3.2. */
export const COMPOSITIONS: Readonly<Record<NonNullable<TimeSpec["integrator"]>, Composition>> = {
  // Verlet, Phys. Rev. 159 (1967) 98, in its kick-drift-kick form.
  verlet2: { order: 2, fractions: [1] },
  // Suzuki, Phys. Lett. A 146 (1990) 319: five steps.
  verlet4: { order: 4, fractions: palindrome([SUZUKI, SUZUKI]) },
  // Kahan and Li, Math. Comp. 66 (1997) 1089: nine steps.
  verlet6: {
    order: 6,
    fractions: palindrome([0.3921614440073141, 0.3325991367893594, -0.7062461725576394, 0.0822135962935508]),
  },
  // Kahan and Li, ibid.: seventeen steps.
  verlet8: {
    order: 8,
    fractions: palindrome([
      0.13020248308889, 0.5611629817751084, -0.38947496264484727, 0.1588419065551556, -0.39590389413323757,
      0.18453964097831571, 0.25837438768632204, 0.2950117236093103,
    ]),
  },
};

/** What a lattice is evolved by: Verlet's scheme where its study names none. */
export const integratorOf = ({ integrator = "verlet2" }: Pick<TimeSpec, "integrator">): keyof typeof COMPOSITIONS =>
  integrator;

/** The kick-drift-kick steps of one of a lattice's steps. */
export const fractionsOf = (time: Pick<TimeSpec, "integrator">): readonly number[] =>
  COMPOSITIONS[integratorOf(time)].fractions;

/** Largest relative distance of `end` from a whole number of steps. */
const WHOLE = 1e-9;

/**
 * The whole number of steps to `end`.
 * @throws InputError (path time.end) where it is none.
 */
export function stepsTo({ step, end }: TimeSpec): number {
  const steps = Math.round(end / step);
  if (Math.abs(end / step - steps) > WHOLE * Math.max(1, steps)) {
    throw new InputError(
      `${end} is no whole number of steps of ${step}; the nearest is ${Number((Math.max(1, steps) * step).toPrecision(12))}`,
      {
        path: "time.end",
      },
    );
  }
  return steps;
}

/** Throws InputError (path time.end) where the background's alpha-time ends before `end`. */
export function assertReached(end: number, background: Background): void {
  if (end >= background.end) {
    // A table's is a little beyond its last row, which is reached.
    const last = Number(background.end.toPrecision(10));
    throw new InputError(
      `${end} lies beyond the background's last alpha-time ${last}, where cosmic time is infinite or its table ends; end earlier or use a smaller time.alpha`,
      { path: "time.end" },
    );
  }
}

/** Throws InputError (path time.end) where a study's steps do not come to its end, or its background ends before. */
export function assertEnds({ study, expansion }: Pick<Setup, "study" | "expansion">): void {
  const { time, lattice } = study;
  if (lattice || time.integrator) stepsTo(time);
  if (expansion.kind === "prescribed") assertReached(time.end, expansion.background);
}

export interface Schedule {
  /** [operations][3]: laplacian kick, force kick, drift; see PrescribedSchedule in latticeJob.ts. */
  readonly coefficients: Float64Array;
  /** Operations done when a step is complete, of the steps that are stopped at. */
  after(step: number): number;
  /** Steps whose drifts are done after so many operations. */
  stepsDone(operations: number): number;
}

/**
 * The operations of all steps, complete at each of the ascending steps `stops`, which begin with 0 and end with the last. The second half of
 * a kick and the first half of the next fall together, except where a stop needs the momentum in between.
 * @throws InputError (path time.end) where the background ends before.
 */
export function buildSchedule(time: TimeSpec, background: Background, stops: readonly number[]): Schedule {
  const { alpha, step: h } = time;
  assertReached(time.end, background);
  const steps = stops[stops.length - 1]!;
  const fractions = fractionsOf(time);
  const operations: number[] = [];
  const after = new Map([[0, 0]]);
  const ends: number[] = [0];
  let laplacian = 0;
  let force = 0;
  const kick = (eta: number, duration: number): void => {
    const a = background.scaleFactor(eta);
    laplacian += duration * a ** (1 + alpha);
    force += duration * a ** (3 + alpha);
  };
  const drift = (coefficient: number): void => {
    operations.push(laplacian, force, coefficient);
    laplacian = 0;
    force = 0;
  };
  for (let n = 0, r = 1; n < steps; n++) {
    // Fractions are summed from the step's own beginning, which is n h and never an accumulated time.
    let done = 0;
    for (const fraction of fractions) {
      const begin = (n + done) * h;
      const middle = (n + done + fraction / 2) * h;
      done += fraction;
      kick(begin, (fraction * h) / 2);
      drift(fraction * h * background.scaleFactor(middle) ** (alpha - 3));
      kick((n + done) * h, (fraction * h) / 2);
    }
    ends.push(operations.length / 3);
    if (n + 1 === stops[r]) {
      drift(0);
      after.set(n + 1, operations.length / 3);
      r++;
    }
  }
  return {
    coefficients: Float64Array.from(operations),
    after: (step) => after.get(step)!,
    stepsDone: (operations) => ends.findLastIndex((end) => end <= operations),
  };
}

/** The durations of a coupled schedule's operations, which are complete at every step. */
export function coupledDurations(
  time: TimeSpec,
  steps: number,
): Omit<Schedule, "coefficients"> & { readonly durations: Float64Array } {
  const fractions = fractionsOf(time);
  return {
    durations: Float64Array.from(
      { length: steps * fractions.length },
      (_, o) => time.step * fractions[o % fractions.length]!,
    ),
    after: (step) => step * fractions.length,
    stepsDone: (operations) => Math.floor(operations / fractions.length),
  };
}
