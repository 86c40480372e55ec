/**
 * The dual field of an infinitely wide network at integer steps, in the three orders of the map (physics.md section 3): `slowRoll` drops
 * the acceleration, `secondOrder` is the dictionary's field equation, `exact` the field whose samples are the network's own steps.
 * Several outputs of an infinitely wide network are fields of the same masses in the same universe that do not interact: Theta is the same
 * for each and none between two, and the loss is the sum of their potentials.
 */
import { complete, type Work } from "../cooperate.ts";
import { DivergenceError } from "../errors.ts";
import { integration, TooStiffError } from "../field/integrate.ts";
import { type Eigen, eigen } from "../linalg/eigen.ts";
import { inModes } from "../network/observables.ts";
import { byOutput, eachOutput, interleaved } from "../network/outputs.ts";
import { type Dynamics, quadraticMass, recursionWork } from "../theory/prediction.ts";
import { stepEquation } from "./dictionary.ts";

export const ORDERS = ["slowRoll", "secondOrder", "exact"] as const;
export type Order = (typeof ORDERS)[number];

/** [times][D]. */
export type Trajectory = Float64Array;

/** Theta V'(phi) into `push`. */
function pushOf({ points, theta, potential }: Dynamics, phi: ArrayLike<number>, push: Float64Array): void {
  const force = Float64Array.from({ length: points }, (_, a) => potential.gradient(0, phi[a]!));
  for (let a = 0; a < points; a++) {
    let sum = 0;
    for (let b = 0; b < points; b++) sum += theta[a * points + b]! * force[b]!;
    push[a] = sum;
  }
}

/** A stable network's step is a few of the field's own times: a field that needs more steps than this is about to blow up. */
const LIMIT = { maxSteps: 10_000 };

function flatten(states: readonly Float64Array[], points: number): Trajectory {
  const result = new Float64Array(states.length * points);
  for (const [r, state] of states.entries()) result.set(state.subarray(0, points), r * points);
  return result;
}

/** Times for the integrator, which starts at 0 whether or not that is recorded. */
const fromZero = (record: ArrayLike<number>): number[] =>
  record[0] === 0 ? Array.from(record) : [0, ...Array.from(record)];

function recorded(states: readonly Float64Array[], record: ArrayLike<number>): readonly Float64Array[] {
  return record[0] === 0 ? states : states.slice(1);
}

function* slowRoll(dynamics: Dynamics, initial: ArrayLike<number>, record: ArrayLike<number>): Work<Trajectory> {
  const { b } = stepEquation(dynamics.learningRate, dynamics.momentum);
  const states = yield* integration(
    (_t, phi, slope) => {
      pushOf(dynamics, phi, slope);
      for (let i = 0; i < slope.length; i++) slope[i]! /= -b;
    },
    initial,
    fromZero(record),
    LIMIT,
  );
  return flatten(recorded(states, record), dynamics.points);
}

function* secondOrder(
  dynamics: Dynamics,
  initial: ArrayLike<number>,
  record: ArrayLike<number>,
  frictionFactor: number,
): Work<Trajectory> {
  const { points, theta, potential, learningRate, momentum } = dynamics;
  const { a, b } = stepEquation(learningRate, momentum);
  const state = new Float64Array(2 * points);
  state.set(Float64Array.from(initial));
  const g = new Float64Array(points);
  pushOf(dynamics, initial, g);
  for (let i = 0; i < points; i++) g[i]! *= learningRate;
  for (let i = 0; i < points; i++) {
    let velocity = -g[i]! / 2;
    if (momentum === 0) {
      // phi' = -(g + J g/2), J = dg/dphi = eta Theta V''.
      let jg = 0;
      for (let j = 0; j < points; j++) jg += theta[i * points + j]! * potential.hessian(0, 0, initial[j]!) * g[j]!;
      velocity = -(g[i]! + (learningRate * jg) / 2);
    }
    state[points + i] = velocity;
  }
  const push = new Float64Array(points);
  const states = yield* integration(
    (_t, y, slope) => {
      pushOf(dynamics, y, push);
      for (let i = 0; i < points; i++) {
        slope[i] = y[points + i]!;
        slope[points + i] = -(frictionFactor * b * y[points + i]! + push[i]!) / a;
      }
    },
    state,
    fromZero(record),
    LIMIT,
  );
  return flatten(recorded(states, record), points);
}

/** B phi' + Theta V' = 0 from phi(0) = `initial` [D], at the ascending steps `record`. Throws DivergenceError, TooStiffError. */
export function slowRollDual(dynamics: Dynamics, initial: ArrayLike<number>, record: ArrayLike<number>): Trajectory {
  return complete(slowRoll(dynamics, initial, record));
}

/**
 * A phi'' + B phi' + Theta V' = 0 in step time from phi(0) = `initial` [D], at the ascending steps `record`; its velocity there is the
 * attractor's for beta = 0, half a step's for beta > 0.
 * @param frictionFactor multiplies B, for showing that a wrong Hubble rate is seen
 * @throws DivergenceError, TooStiffError
 */
export function secondOrderDual(
  dynamics: Dynamics,
  initial: ArrayLike<number>,
  record: ArrayLike<number>,
  frictionFactor = 1,
): Trajectory {
  return complete(secondOrder(dynamics, initial, record, frictionFactor));
}

interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * Samples at integer steps of the damped field whose two solutions are powers of the roots z+- of z^2 - (1 + beta - x) z + beta = 0
 * (for beta = 0 of the one root 1 - x), through phi(0) = 1 and phi(1) = 1 - x. Null where a root is zero or negative: no field exists.
 */
export function exactMode(x: number, momentum: number): ((t: number) => number) | null {
  if (momentum === 0) {
    if (x >= 1) return null;
    const mu = -Math.log1p(-x);
    return (t) => Math.exp(-mu * t);
  }
  if (x >= (1 + Math.sqrt(momentum)) ** 2) return null;
  const half = (1 + momentum - x) / 2;
  const discriminant = half * half - momentum;
  if (discriminant < 0) {
    // z+- = sqrt(beta) exp(+-i omega): a damped oscillation.
    const omega = Math.atan2(Math.sqrt(-discriminant), half);
    const decay = Math.log(momentum) / 2;
    const root: Complex = { re: half, im: Math.sqrt(-discriminant) };
    const sine = (1 - x - root.re) / root.im;
    return (t) => Math.exp(decay * t) * (Math.cos(omega * t) + sine * Math.sin(omega * t));
  }
  const spread = Math.sqrt(discriminant);
  const plus = half + spread;
  const minus = momentum / plus;
  if (minus <= 0) return null;
  if (spread < 1e-12) return (t) => plus ** t * (1 + ((1 - x) / plus - 1) * t);
  const weight = (1 - x - minus) / (plus - minus);
  return (t) => weight * Math.exp(t * Math.log(plus)) + (1 - weight) * Math.exp(t * Math.log(minus));
}

/** A free field in step time: phi'' + 3H phi' + m^2 phi = 0. */
export interface FreeField {
  /** 3H. */
  readonly friction: number;
  readonly massSquared: number;
}

/**
 * The field whose samples `exactMode` gives: 3H and m^2 are minus the sum and the product of ln(z+) and ln(z-), for beta = 0 those of which
 * -ln(1 - x) is a root where 3H is 2. Null where there is none.
 */
export function exactField(x: number, momentum: number): FreeField | null {
  if (momentum === 0) {
    if (x >= 1) return null;
    const rate = -Math.log1p(-x);
    return { friction: 2, massSquared: rate * (2 - rate) };
  }
  if (x >= (1 + Math.sqrt(momentum)) ** 2) return null;
  const friction = -Math.log(momentum);
  const half = (1 + momentum - x) / 2;
  const discriminant = half * half - momentum;
  if (discriminant < 0) {
    const omega = Math.atan2(Math.sqrt(-discriminant), half);
    return { friction, massSquared: (friction / 2) ** 2 + omega ** 2 };
  }
  const slow = -Math.log(half + Math.sqrt(discriminant));
  return { friction, massSquared: slow * (friction - slow) };
}

function* exact(
  dynamics: Dynamics,
  initial: ArrayLike<number>,
  record: ArrayLike<number>,
  spectrum: Eigen | undefined,
): Work<Trajectory | null> {
  const { points, theta, potential, learningRate, momentum } = dynamics;
  const massSquared = quadraticMass(potential);
  if (massSquared === undefined) return null;
  const { values, vectors } = spectrum ?? eigen(theta, points);
  const modes: ((t: number) => number)[] = [];
  for (const value of values) {
    const mode = exactMode(learningRate * value * massSquared, momentum);
    if (!mode) return null;
    modes.push(mode);
  }
  const amplitudes = inModes(Float64Array.from(initial), { values, vectors });
  const result = new Float64Array(record.length * points);
  for (let r = 0; r < record.length; r++) {
    const present = amplitudes.map((amplitude, i) => amplitude * modes[i]!(record[r]!));
    for (let a = 0; a < points; a++) {
      let sum = 0;
      for (let i = 0; i < points; i++) sum += vectors[a * points + i]! * present[i]!;
      result[r * points + a] = sum;
    }
    yield;
  }
  return result;
}

/**
 * The field from phi(0) = `initial` [D] whose samples at `record` are the steps exactly; null where V is not quadratic or a mode has none.
 * Theta is decomposed anew unless its `spectrum` is given.
 */
export function exactDual(
  dynamics: Dynamics,
  initial: ArrayLike<number>,
  record: ArrayLike<number>,
  spectrum?: Eigen,
): Trajectory | null {
  return complete(exact(dynamics, initial, record, spectrum));
}

export interface DualComparison {
  /** The discrete recursion. */
  readonly theory: Trajectory;
  /** Null where the order has no dual. */
  readonly dual: Readonly<Record<Order, Trajectory | null>>;
  /** Largest |theory - dual| over largest |phi(0)|. */
  readonly errors: Readonly<Record<Order, number | null>>;
  /** Why a field that leaves the finite numbers, or moves too fast, is no dual. */
  readonly warnings: readonly string[];
}

export interface ComparisonOptions {
  /** Of Theta, which is decomposed anew, at once, unless this is given. */
  readonly spectrum?: Eigen;
  /** [C], for warnings; where there are several outputs. */
  readonly outputNames?: readonly string[];
}

/**
 * The recursion and its three duals from the same phi(0), at the ascending steps `record`. phi(0) is [D] or, of several outputs that each
 * move by Theta alone, [D][C]; so are the trajectories at each step. An order has a dual where it has one of every output.
 * @throws DivergenceError where the recursion itself leaves the finite numbers.
 */
export function compareDuals(
  dynamics: Dynamics,
  initial: ArrayLike<number>,
  record: ArrayLike<number>,
  options: ComparisonOptions = {},
): DualComparison {
  return complete(dualComparison(dynamics, Float64Array.from(initial), record, options));
}

/** `compareDuals` as work that can be interrupted. */
export function* dualComparison(
  dynamics: Dynamics,
  initial: Float64Array,
  record: ArrayLike<number>,
  { spectrum, outputNames = [] }: ComparisonOptions,
): Work<DualComparison> {
  const { length: size } = initial;
  const outputs = size / dynamics.points;
  const theory = yield* eachOutput(initial, outputs, (own) => recursionWork(dynamics, own, record));
  const bad = theory.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const step = record[Math.floor(bad / size)]!;
    throw new DivergenceError(
      `the infinitely wide network diverges: it is not finite at step ${step}; use a smaller training.learningRate`,
      step,
      { path: "training.learningRate" },
    );
  }
  const warnings: string[] = [];
  /** A field that blows up where the network does not is a result: there is no such dual. */
  function* ifAny(order: Order, of: (own: Float64Array) => Work<Trajectory | null>): Work<Trajectory | null> {
    const columns: Trajectory[] = [];
    for (const [c, own] of byOutput(initial, outputs).entries()) {
      try {
        const column = yield* of(own);
        if (!column) return null;
        columns.push(column);
      } catch (error) {
        if (!(error instanceof DivergenceError || error instanceof TooStiffError)) throw error;
        const which = outputs > 1 ? `of output ${outputNames[c] ?? c} ` : "";
        warnings.push(`background.dual.${order} is left out: ${which}${error.message}`);
        return null;
      }
    }
    return interleaved(columns);
  }
  const known =
    spectrum ?? (quadraticMass(dynamics.potential) === undefined ? undefined : eigen(dynamics.theta, dynamics.points));
  const dual = {
    slowRoll: yield* ifAny("slowRoll", (own) => slowRoll(dynamics, own, record)),
    secondOrder: yield* ifAny("secondOrder", (own) => secondOrder(dynamics, own, record, 1)),
    exact: yield* ifAny("exact", (own) => exact(dynamics, own, record, known)),
  };
  const scale = initial.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const error = (trajectory: Trajectory | null): number | null =>
    trajectory && trajectory.reduce((largest, value, i) => Math.max(largest, Math.abs(value - theory[i]!)), 0) / scale;
  return {
    theory,
    dual,
    errors: { slowRoll: error(dual.slowRoll), secondOrder: error(dual.secondOrder), exact: error(dual.exact) },
    warnings,
  };
}
