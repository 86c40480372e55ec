/**
 * From a background to numbers: the kicks and drifts of a symplectic splitting in alpha-time (physics.md section 2). With the conjugate
 * momentum pi = a^(3 - alpha) phi' a kick is pi' = a^(1 + alpha) Laplacian phi - a^(3 + alpha) dV/dphi and a drift phi' = a^(alpha - 3) pi:
 * there is no friction term, so each is exact. One step is kick-drift-kick with a at the beginning, middle and end; schemes of higher
 * order compose such steps.
 */
import { InputError } from "../errors.ts";
import type { Background } from "./background.ts";
import type { TimeSpec } from "./study.ts";

export interface Composition {
  readonly order: number;
  /** Kick-drift-kick steps of these fractions of the whole step, in this order. */
  readonly fractions: readonly number[];
}

/** Integrators by name. */
export const COMPOSITIONS: Readonly<Record<NonNullable<TimeSpec["integrator"]>, Composition>> = {
  // Verlet, Phys. Rev. 159 (1967) 98, in its kick-drift-kick form.
  verlet2: { order: 2, fractions: [1] },
};

export interface Schedule {
  /** [operations][3]: laplacian kick, force kick, drift; see LatticeJob. */
  readonly coefficients: Float64Array;
  /** Operations done when each recorded step is complete. */
  readonly observeAfter: number[];
  /** The alpha-times of the records. */
  readonly etas: number[];
}

/** Largest distance of `end` from a whole number of steps, in steps. */
const WHOLE = 1e-9;

/**
 * The whole number of steps to `end`.
 * @throws InputError (path time.end) where it is none, or the background ends before.
 */
export function stepsTo({ step, end }: TimeSpec, background: Background): number {
  const steps = Math.round(end / step);
  if (Math.abs(end / step - steps) > WHOLE * Math.max(1, steps)) {
    throw new InputError(`${end} is no whole number of steps of ${step}; the nearest is ${steps * step}`, {
      path: "time.end",
    });
  }
  assertReached(end, background);
  return steps;
}

/** Throws InputError (path time.end) where the background's alpha-time ends before `end`. */
export function assertReached(end: number, background: Background): void {
  if (end >= background.end) {
    throw new InputError(
      `${end} lies beyond the background's last alpha-time ${background.end}, where cosmic time is infinite; end earlier or use a smaller time.alpha`,
      { path: "time.end" },
    );
  }
}

/** Steps 0, every, 2 every, ... and the last. */
export function recordedSteps(steps: number, every: number): number[] {
  const records = Array.from({ length: Math.floor(steps / every) + 1 }, (_, r) => r * every);
  if (records[records.length - 1] !== steps) records.push(steps);
  return records;
}

/**
 * The operations of all steps. The second half of a kick and the first half of the next fall together, except where a record needs the
 * momentum in between.
 * @throws InputError as `stepsTo`.
 */
export function buildSchedule(time: TimeSpec, background: Background): Schedule {
  const { alpha, step: h, integrator = "verlet2", recordEvery } = time;
  const steps = stepsTo(time, background);
  const { fractions } = COMPOSITIONS[integrator];
  const records = recordedSteps(steps, recordEvery);
  const operations: number[] = [];
  const observeAfter: number[] = [0];
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
    if (n + 1 === records[r]) {
      drift(0);
      observeAfter.push(operations.length / 3);
      r++;
    }
  }
  return { coefficients: Float64Array.from(operations), observeAfter, etas: records.map((n) => n * h) };
}
