/**
 * When an ensemble is held against its dual field's perturbations (physics.md section 4.4). A step of training is H = 3H/3 e-folds of the
 * field, 3H = -ln(beta) or for plain descent 2, so that momentum and steps alone say how far a wave can be followed: from inside the horizon
 * to its exit, k = aH, and on outside.
 */
import { InputError } from "../errors.ts";
import type { TrainingSpec } from "../network/study.ts";

/** E-folds after horizon exit from which on the difference is fitted, and before the last up to which: both sides are equal at the last. */
export const FIT_FROM = 1;
export const FIT_BEFORE_LAST = 3;
/** What a fit needs at least: e-folds, and records. */
export const FIT_EFOLDS = 1;
export const FIT_RECORDS = 3;

/** E-folds from the start to horizon exit, and from there to the end; fewer where there are fewer steps, and as many as these at least. */
const BEFORE = 2;
const LEAST_BEFORE = 1;
const AFTER = 6;
/** Records of an e-fold, about, where it has more steps: more would only cost. */
const RECORDS = 32;
/** Below it, but for 0, a step is more than two e-folds: a wave is gone before it is seen. */
const LEAST_MOMENTUM = 0.0025;

export interface Timetable {
  /** [T] steps of training that are compared, evenly spaced from 0. */
  readonly steps: readonly number[];
  /** [T] ln(aH/k) at each. */
  readonly efolds: readonly number[];
  /** Position of the one at FIT_FROM. */
  readonly fitFrom: number;
}

/** H of the exact dual field, per step. */
const hubbleOf = (momentum: number): number => (momentum === 0 ? 2 : -Math.log(momentum)) / 3;

/** Whole number of parts of `length` that reach `efolds`, whatever rounding adds. */
const reaching = (efolds: number, length: number): number => Math.ceil(efolds / length - 1e-9);

/** Throws InputError where the steps are too few for a fit, or too long. */
export function timetable({ momentum, steps }: Pick<TrainingSpec, "momentum" | "steps">): Timetable {
  const hubble = hubbleOf(momentum);
  if (momentum > 0 && momentum < LEAST_MOMENTUM) {
    throw new InputError(
      `the perturbations' field expands by ${hubble.toPrecision(3)} e-folds a step at momentum ${momentum}, too fast to be followed: use 0, or at least ${LEAST_MOMENTUM}`,
      { path: "training.momentum" },
    );
  }
  const stride = Math.max(1, Math.floor(1 / (RECORDS * hubble)));
  const length = stride * hubble;
  const leastBefore = reaching(LEAST_BEFORE + FIT_FROM, length);
  const leastAfter = reaching(FIT_BEFORE_LAST + Math.max(FIT_EFOLDS, (FIT_RECORDS - 1) * length), length);
  const records = Math.floor(steps / stride);
  const least = leastBefore + leastAfter;
  if (records < least) {
    throw new InputError(
      `the perturbations need at least ${least * stride} steps at momentum ${momentum}, ${(least * length).toPrecision(3)} e-folds of the dual field, not ${steps}`,
      { path: "training.steps" },
    );
  }
  const after = Math.min(Math.max(reaching(AFTER - FIT_FROM, length), leastAfter), records - leastBefore);
  const before = Math.min(reaching(BEFORE + FIT_FROM, length), records - after);
  const all = Array.from({ length: before + after + 1 }, (_, r) => r);
  return {
    steps: all.map((r) => r * stride),
    efolds: all.map((r) => FIT_FROM + (r - before) * length),
    fitFrom: before,
  };
}
