/**
 * Ordinary differential equations in float64: Dormand and Prince's pair of order 8 with adaptive steps (dop853.ts), which end exactly at
 * every time asked for, so that no interpolation enters the results.
 */
import { complete, type Work } from "../cooperate.ts";
import { DivergenceError } from "../errors.ts";
import { ERROR_3, ERROR_5, NODES, STAGES, WEIGHTS } from "./dop853.ts";

export { ORDER } from "./dop853.ts";

/** Writes dy/dt at (t, y) into `dydt`. */
export type RightHandSide = (t: number, y: Float64Array, dydt: Float64Array) => void;

export interface IntegrateOptions {
  /** Error allowed per step, relative to the solution. */
  readonly relativeTolerance?: number;
  /** The same of numbers near 0; with `floor` what rounding must keep to, relative to the largest that each number has been. */
  readonly absoluteTolerance?: number;
  /** Writes the absolute tolerance of each number in a step from y at t, in place of `absoluteTolerance`. */
  floor?(t: number, y: Float64Array, out: Float64Array): void;
  /** Steps between two recorded times, after which the problem counts as too stiff. */
  readonly maxSteps?: number;
  /** Takes steps of this size without error control, for measuring the order. */
  readonly fixedStep?: number;
}

/** More steps than allowed would be needed between two recorded times. */
export class TooStiffError extends RangeError {}

const STAGE_COUNT = WEIGHTS.length;

/** One step's workspace for systems of `size` equations. */
class Stepper {
  private readonly slopes: Float64Array[];
  private readonly stage: Float64Array;
  readonly next: Float64Array;
  /** Absolute tolerances. */
  readonly floor: Float64Array;
  /** The largest that each number has been, without its sign. */
  readonly largest: Float64Array;
  /** Of the last step, each at most 1 where it is good: the estimated error over the tolerances, and over those of rounding. */
  error = 0;
  looseError = 0;
  private readonly rhs: RightHandSide;

  constructor(rhs: RightHandSide, size: number) {
    this.rhs = rhs;
    this.slopes = Array.from({ length: STAGE_COUNT }, () => new Float64Array(size));
    this.stage = new Float64Array(size);
    this.next = new Float64Array(size);
    this.floor = new Float64Array(size);
    this.largest = new Float64Array(size);
  }

  /** Advances `y` from t by h into `next`. */
  step(t: number, y: Float64Array, h: number, relative: number, absolute: number): void {
    const { slopes, stage, next, floor, largest } = this;
    const size = y.length;
    for (let s = 0; s < STAGE_COUNT; s++) {
      const weights = STAGES[s]!;
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let j = 0; j < s; j++) sum += weights[j]! * slopes[j]![i]!;
        stage[i] = y[i]! + h * sum;
      }
      this.rhs(t + NODES[s]! * h, stage, slopes[s]!);
    }
    let [five, three, looseFive, looseThree] = [0, 0, 0, 0];
    for (let i = 0; i < size; i++) {
      let sum = 0;
      let error5 = 0;
      let error3 = 0;
      for (let s = 0; s < STAGE_COUNT; s++) {
        const slope = slopes[s]![i]!;
        sum += WEIGHTS[s]! * slope;
        error5 += ERROR_5[s]! * slope;
        error3 += ERROR_3[s]! * slope;
      }
      next[i] = y[i]! + h * sum;
      const own = relative * Math.max(Math.abs(y[i]!), Math.abs(next[i]!));
      const scale = floor[i]! + own;
      five += (error5 / scale) ** 2;
      three += (error3 / scale) ** 2;
      const looseScale = scale + absolute * largest[i]!;
      looseFive += (error5 / looseScale) ** 2;
      looseThree += (error3 / looseScale) ** 2;
    }
    // Hairer's combination of the two estimates, section II.10.
    const combined = (five: number, three: number): number => {
      const denominator = five + 0.01 * three;
      return denominator === 0 ? 0 : (Math.abs(h) * five) / Math.sqrt(denominator * size);
    };
    this.error = combined(five, three);
    this.looseError = combined(looseFive, looseThree);
  }
}

/**
 * Integrates dy/dt from `initial` at times[0] and returns the state at each of the ascending `times`.
 * @throws DivergenceError where the solution leaves the finite numbers (its step counts recorded times, its partial is the states before),
 * TooStiffError where it needs too many steps, RangeError where times descend.
 */
export function integrate(
  rhs: RightHandSide,
  initial: ArrayLike<number>,
  times: ArrayLike<number>,
  options: IntegrateOptions = {},
): Float64Array[] {
  for (let r = 1; r < times.length; r++)
    if (!(times[r]! >= times[r - 1]!))
      throw new RangeError(`times ascend: ${times[r]} does not follow ${times[r - 1]}`);
  return complete(integration(rhs, initial, times, options));
}

/** `integrate` as work that can be interrupted after any step. */
export function* integration(
  rhs: RightHandSide,
  initial: ArrayLike<number>,
  times: ArrayLike<number>,
  options: IntegrateOptions = {},
): Work<Float64Array[]> {
  const { relativeTolerance = 1e-12, absoluteTolerance = 1e-14, maxSteps = 1_000_000, fixedStep, floor } = options;
  let y = Float64Array.from(initial);
  const stepper = new Stepper(rhs, y.length);
  stepper.floor.fill(absoluteTolerance);
  const states = [y.slice()];
  let t = times[0] ?? 0;
  let step = fixedStep ?? Number.POSITIVE_INFINITY;
  for (let r = 1; r < times.length; r++) {
    const end = times[r]!;
    // The first guess is a fraction of the first interval; the control finds the right size in a few steps.
    if (!Number.isFinite(step)) step = (end - t) / 16;
    /** A step from here that was too long. */
    let refused: { readonly h: number; readonly error: number } | undefined;
    for (let steps = 0; t < end; steps++) {
      yield;
      if (steps > maxSteps)
        throw new TooStiffError(`more than ${maxSteps} steps are needed before t = ${end}: the equation is too stiff`);
      const last = end - t <= step * (1 + 1e-12);
      const h = last ? end - t : step;
      if (floor && !refused) {
        floor(t, y, stepper.floor);
        for (let i = 0; i < y.length; i++) stepper.largest[i] = Math.max(stepper.largest[i]!, Math.abs(y[i]!));
      }
      stepper.step(t, y, h, relativeTolerance, absoluteTolerance);
      const { error } = stepper;
      if (fixedStep === undefined) {
        // A step that overflows is too long, unless no step is short enough; one too short to be felt is next to a singularity.
        if (t + h === t || (!Number.isFinite(error) && h < 1e-13 * Math.max(1, Math.abs(t)))) {
          throw new DivergenceError(`the solution leaves the finite numbers at t = ${t}`, r, { partial: states });
        }
        if (!Number.isFinite(error)) {
          step = h / 10;
          continue;
        }
        const factor = error === 0 ? 6 : Math.min(6, Math.max(0.3, 0.9 * error ** (-1 / 8)));
        // What the rounding of the slopes makes falls no faster than the step: shorter ones do not help.
        const isRounding: boolean =
          refused !== undefined && stepper.looseError <= 1 && error > refused.error * (h / refused.h) ** 1.5;
        if (error > 1 && !isRounding) {
          refused = { h, error };
          step = h * Math.min(1, factor);
          continue;
        }
        if (error > 1) step = 1.5 * refused!.h;
        // A step cut short to end at a recorded time says nothing against longer ones.
        else step = last ? Math.max(step, h * factor) : h * factor;
        refused = undefined;
      }
      y = stepper.next.slice();
      t = last ? end : t + h;
    }
    if (!y.every(Number.isFinite)) {
      throw new DivergenceError(`the solution leaves the finite numbers before t = ${end}`, r, { partial: states });
    }
    states.push(y.slice());
  }
  return states;
}
