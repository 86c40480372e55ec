/**
 * The homogeneous field in float64: phi'' + 3H phi' + dV/dphi = 0 in cosmic time, written in alpha-time as phi' = a^alpha v,
 * v' = -a^alpha (3H v + dV/dphi). Adaptive by default, so that the error is set by a tolerance; with an integrator named, the lattice's
 * own splitting, for comparison with it.
 */
import type { Work } from "../cooperate.ts";
import { DivergenceError, InputError } from "../errors.ts";
import type { Potential } from "../potential/potential.ts";
import type { Background } from "./background.ts";
import { integration, TooStiffError } from "./integrate.ts";
import { assertReached, buildSchedule } from "./schedule.ts";
import type { FieldSpec, TimeSpec } from "./study.ts";

export interface HomogeneousTrajectory {
  /** Alpha-times of the records. */
  readonly etas: number[];
  /** At the records; fewer where the solution leaves the finite numbers before the next. */
  readonly mean: number[];
  /** Cosmic-time derivatives. */
  readonly velocity: number[];
}

/** Error of a step relative to the solution; what accumulates over a run stays near the promised 1e-10. */
const TOLERANCE = { relativeTolerance: 1e-12, absoluteTolerance: 1e-14 };

/** Records at 0, every `recordEvery` steps before `end`, and at `end` itself. */
function recordingGrid({ step, end, recordEvery }: TimeSpec): number[] {
  const every = step * recordEvery;
  const count = Math.ceil(end / every - 1e-9);
  return [...Array.from({ length: count }, (_, r) => r * every), end];
}

/**
 * Evolves the homogeneous field.
 * @throws InputError (time.end) where the background ends before, or the field is too fast to be followed.
 */
export function evolveHomogeneous(
  potential: Potential,
  field: FieldSpec,
  background: Background,
  time: TimeSpec,
): Work<HomogeneousTrajectory> {
  return time.integrator
    ? bySplitting(potential, field, background, time)
    : adaptively(potential, field, background, time);
}

function* adaptively(
  potential: Potential,
  field: FieldSpec,
  background: Background,
  time: TimeSpec,
): Work<HomogeneousTrajectory> {
  assertReached(time.end, background);
  const { alpha } = time;
  const etas = recordingGrid(time);
  let states: readonly Float64Array[];
  try {
    states = yield* integration(
      (eta, [phi, velocity], slope) => {
        const rate = background.scaleFactor(eta) ** alpha;
        slope[0] = rate * velocity!;
        slope[1] = -rate * (3 * background.hubble(eta) * velocity! + potential.gradient(0, phi!));
      },
      [field.mean, field.velocity],
      etas,
      TOLERANCE,
    );
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
  return { etas, mean: states.map(([phi]) => phi!), velocity: states.map(([, velocity]) => velocity!) };
}

function* bySplitting(
  potential: Potential,
  field: FieldSpec,
  background: Background,
  time: TimeSpec,
): Work<HomogeneousTrajectory> {
  const { coefficients, observeAfter, etas } = buildSchedule(time, background);
  let phi = field.mean;
  // a = 1 at the start: the momentum is the velocity.
  let momentum = field.velocity;
  const mean: number[] = [];
  const velocity: number[] = [];
  for (let o = 0, r = 0; r < observeAfter.length; o++) {
    while (observeAfter[r] === o) {
      mean.push(phi);
      velocity.push(momentum / background.scaleFactor(etas[r]!) ** 3);
      r++;
    }
    if (r === observeAfter.length) break;
    if (o % 1000 === 0) yield;
    momentum -= coefficients[3 * o + 1]! * potential.gradient(0, phi);
    phi += coefficients[3 * o + 2]! * momentum;
  }
  return { etas, mean, velocity };
}
