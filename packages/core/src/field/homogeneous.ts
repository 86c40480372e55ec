/**
 * Homogeneous fields in float64: phi'' + 3H phi' + dV/dphi = 0 in cosmic time, written in alpha-time as phi' = a^alpha v, v' = -a^alpha (3H v +
 * dV/dphi); self-consistent expansion has H' = -a^alpha (sum v^2/(2 mp^2) + 3 C) and (ln a)' = a^alpha H beside it, so that the first Friedmann
 * equation checks the result. C = H^2 - rho/(3 mp^2) is 0 but for rounding: without the term it would stay what it is in inflation, and be much of
 * H^2 when that has fallen; with it it falls as a^-6, no slower than any rho. Adaptive by default, so that the error is set by a tolerance; with an
 * integrator named, the lattice's own splitting, for comparison with it.
 */
import type { Work } from "../cooperate.ts";
import { DivergenceError, InputError } from "../errors.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { coupling, hubbleOf } from "./friedmann.ts";
import { integration, TooStiffError } from "./integrate.ts";
import { assertReached, buildSchedule, coupledDurations, stepsTo } from "./schedule.ts";
import type { Setup } from "./setup.ts";
import type { TimeSpec } from "./study.ts";

/** One record. */
export interface HomogeneousRecord {
  /** Cosmic. */
  readonly time: number;
  readonly scaleFactor: number;
  readonly hubble: number;
  /** [F], and cosmic-time derivatives. */
  readonly mean: readonly number[];
  readonly velocity: readonly number[];
}

export interface HomogeneousTrajectory {
  /** Alpha-times of the records. */
  readonly etas: number[];
  /** At the records; fewer where the solution leaves the finite numbers before the next. */
  readonly records: HomogeneousRecord[];
}

/** Error of a step relative to the solution; what accumulates over a run stays near the promised 1e-10. */
export const TOLERANCE = { relativeTolerance: 1e-12, absoluteTolerance: 1e-14 };
/** Of what a number would be where it is not near 0. */
export const NEAR_ZERO = 1e-14;
/** Of what is 0 throughout. */
export const NOTHING = 1e-150;

/** Records at 0, every `recordEvery` steps before `end`, and at `end` itself. */
export function recordingGrid({ step, end, recordEvery }: TimeSpec): number[] {
  const every = step * recordEvery;
  const count = Math.max(1, Math.ceil(end / every - 1e-9));
  return [...Array.from({ length: count }, (_, r) => r * every), end];
}

/** H at the start. Throws InputError where no flat universe has such energies. */
export function initialHubble({ expansion, potential, mean, velocity }: Setup): number {
  if (expansion.kind === "prescribed") return expansion.background.hubble(0);
  const kinetic = velocity.reduce((sum, v) => sum + v ** 2 / 2, 0);
  return hubbleOf({ kinetic, gradient: 0, potential: potential.value(...mean) }, expansion.planckMass);
}

/**
 * Evolves the homogeneous fields.
 * @throws InputError (time.end) where the background ends before, or a field is too fast to be followed.
 */
export function evolveHomogeneous(setup: Setup): Work<HomogeneousTrajectory> {
  return setup.study.time.integrator ? bySplitting(setup) : adaptively(setup);
}

/**
 * The equations of motion: y = [phi (F), v (F)] and, where the expansion is self-consistent, [ln a, H, t]. Gives the system, its initial
 * state, and the record of a state at eta.
 */
export function equations(setup: Setup) {
  const { fields, potential, expansion, mean, velocity, study } = setup;
  const { alpha } = study.time;
  const values = new Array<number>(fields);
  /** a, H and t at eta in state y. */
  const surroundings = (eta: number, y: ArrayLike<number>): [number, number, number] =>
    expansion.kind === "prescribed"
      ? [expansion.background.scaleFactor(eta), expansion.background.hubble(eta), Number.NaN]
      : [Math.exp(y[2 * fields]!), y[2 * fields + 1]!, y[2 * fields + 2]!];
  return {
    initial: [...mean, ...velocity, ...(expansion.kind === "prescribed" ? [] : [0, initialHubble(setup), 0])],
    surroundings,
    /** Writes the slopes of y. */
    slope(eta: number, y: Float64Array, out: Float64Array): void {
      const [a, hubble] = surroundings(eta, y);
      const rate = a ** alpha;
      let squares = 0;
      for (let f = 0; f < fields; f++) values[f] = y[f]!;
      for (let f = 0; f < fields; f++) {
        const v = y[fields + f]!;
        squares += v * v;
        out[f] = rate * v;
        out[fields + f] = -rate * (3 * hubble * v + potential.gradient(f, ...values));
      }
      if (expansion.kind === "prescribed") return;
      out[2 * fields] = rate * hubble;
      const planckSquared = expansion.planckMass ** 2;
      const excess = hubble ** 2 - (squares / 2 + potential.value(...values)) / (3 * planckSquared);
      out[2 * fields + 1] = -rate * (squares / (2 * planckSquared) + 3 * Math.sign(hubble) * excess);
      out[2 * fields + 2] = rate;
    },
    /**
     * Writes the error that each number may have where it is near 0, however small the fields have become: velocities at turning points in
     * proportion to the field, whose rounding there V' has too.
     */
    floor(eta: number, y: Float64Array, out: Float64Array): void {
      const [, hubble] = surroundings(eta, y);
      out.fill(NOTHING, 0, 2 * fields);
      let energies = 0;
      for (let f = 0; f < fields; f++) values[f] = y[f]!;
      for (let f = 0; f < fields; f++) {
        const curvature = Math.abs(potential.hessian(f, f, ...values));
        const frequency = Math.sqrt(hubble ** 2 + (Number.isFinite(curvature) ? curvature : 0));
        out[fields + f]! += NEAR_ZERO * frequency * Math.abs(y[f]!);
        energies += y[fields + f]! ** 2 / 2;
      }
      if (expansion.kind === "prescribed") return;
      energies += Math.abs(potential.value(...values));
      out[2 * fields] = NEAR_ZERO;
      out[2 * fields + 1] = (NEAR_ZERO * Math.sqrt(energies / 3)) / expansion.planckMass + NOTHING;
      out[2 * fields + 2] = NEAR_ZERO * y[2 * fields + 2]! + NOTHING;
    },
    record(eta: number, y: Float64Array): HomogeneousRecord {
      const [scaleFactor, hubble, clock] = surroundings(eta, y);
      return {
        time: expansion.kind === "prescribed" ? expansion.background.time(eta) : clock,
        scaleFactor,
        hubble,
        mean: Array.from(y.subarray(0, fields)),
        velocity: Array.from(y.subarray(fields, 2 * fields)),
      };
    },
  };
}

function* adaptively(setup: Setup): Work<HomogeneousTrajectory> {
  const { time } = setup.study;
  if (setup.expansion.kind === "prescribed") assertReached(time.end, setup.expansion.background);
  const etas = recordingGrid(time);
  const { initial, slope, floor, record } = equations(setup);
  let states: readonly Float64Array[];
  try {
    states = yield* integration(slope, initial, etas, { ...TOLERANCE, floor });
  } catch (error) {
    if (error instanceof TooStiffError) {
      throw new InputError(
        `the field moves too fast to be followed to ${time.end} (${error.message}); end earlier, record more often (time.step) or use a flatter potential`,
        { path: "time.end", cause: error },
      );
    }
    if (!(error instanceof DivergenceError)) throw error;
    states = error.partial as Float64Array[];
  }
  return { etas, records: states.map((y, r) => record(etas[r]!, y)) };
}

function* bySplitting(setup: Setup): Work<HomogeneousTrajectory> {
  const { expansion, study } = setup;
  const { time } = study;
  const stops = recordedSteps(stepsTo(time), time.recordEvery);
  const etas = stops.map((step) => step * time.step);
  const records: HomogeneousRecord[] = [];
  const state = { phi: [...setup.mean], pi: [...setup.velocity] };
  if (expansion.kind === "selfConsistent") yield* coupled(setup, stops, state, records);
  else {
    const { background } = expansion;
    const { coefficients, after } = buildSchedule(time, background, stops);
    for (let o = 0, r = 0; r < stops.length; o++) {
      while (r < stops.length && after(stops[r]!) === o) {
        const scaleFactor = background.scaleFactor(etas[r]!);
        records.push({
          time: background.time(etas[r]!),
          scaleFactor,
          hubble: background.hubble(etas[r]!),
          mean: [...state.phi],
          velocity: state.pi.map((pi) => pi / scaleFactor ** 3),
        });
        r++;
      }
      if (r === stops.length) break;
      if (o % 1000 === 0) yield;
      kick(setup, state, coefficients[3 * o + 1]!);
      for (const f of state.phi.keys()) state.phi[f]! += coefficients[3 * o + 2]! * state.pi[f]!;
    }
  }
  return { etas, records };
}

interface State {
  /** [F]. */
  readonly phi: number[];
  readonly pi: number[];
}

function kick({ potential }: Setup, { phi, pi }: State, force: number): void {
  for (const f of phi.keys()) pi[f]! -= force * potential.gradient(f, ...phi);
}

/** The coupled schedule of latticeJob.ts for one site. */
function* coupled(setup: Setup, stops: readonly number[], state: State, records: HomogeneousRecord[]): Work<void> {
  const { expansion, potential, study } = setup;
  if (expansion.kind !== "selfConsistent") throw new RangeError("a prescribed background is not coupled");
  const { time } = study;
  const { durations, after } = coupledDurations(time, stops[stops.length - 1]!);
  const { acceleration, force, drift, clock: clockRate } = coupling(time.alpha, expansion.planckMass);
  const monomial = ({ factor, power }: { factor: number; power: number }, q: number): number => factor * q ** power;
  let a = 1;
  let rate = initialHubble(setup);
  let clock = 0;
  const pull = (): number =>
    monomial(acceleration.momentumSquare, a) * state.pi.reduce((sum, pi) => sum + pi ** 2, 0) +
    monomial(acceleration.potential, a) * potential.value(...state.phi);
  for (let o = 0, r = 0; ; o++) {
    if (after(stops[r]!) === o) {
      records.push({
        time: clock,
        scaleFactor: a,
        hubble: rate / a ** (1 + time.alpha),
        mean: [...state.phi],
        velocity: state.pi.map((pi) => pi / a ** 3),
      });
      if (++r === stops.length) return;
    }
    if (o % 1000 === 0) yield;
    const h = durations[o]!;
    rate += (h / 2) * pull();
    kick(setup, state, (h / 2) * monomial(force, a));
    const next = a + h * rate;
    const middle = (a + next) / 2;
    for (const f of state.phi.keys()) state.phi[f]! += h * monomial(drift, middle) * state.pi[f]!;
    clock += h * monomial(clockRate, middle);
    a = next;
    kick(setup, state, (h / 2) * monomial(force, a));
    rate += (h / 2) * pull();
  }
}
