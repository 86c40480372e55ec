/**
 * What a run's record lacks for its figures of the background, asked of the library anew: the duals' errors at learning rates other than
 * the run's, so that the order of the map is measured and not assumed, and the dual field from the ensemble's own mean at step 0. Each of
 * several outputs has duals of its own; errors are the largest over all.
 */
import { exactDual, secondOrderDual, slowRollDual } from "@slowroll/core/duality/dual";
import { slope } from "@slowroll/core/duality/scaling";
import { SlowrollError } from "@slowroll/core/errors";
import type { Eigen } from "@slowroll/core/linalg/eigen";
import { byOutput, interleaved, type PerDatum, perRecord } from "@slowroll/core/network/outputs";
import { setupNetwork } from "@slowroll/core/network/setup";
import { type Dynamics, quadraticMass, recursion } from "@slowroll/core/theory/prediction";
import type { DualityDocument } from "../document.ts";
import { earlyThenThinned, largest } from "./figure.ts";

/** The orders whose error falls with x; `exact` has rounding alone. */
export const FALLING = ["slowRoll", "secondOrder"] as const;
export type Falling = (typeof FALLING)[number];

/** Largest |theory - dual| over largest |phi(0)| at x = eta lambda_max/(1 - beta)^2; null where the dual diverges. */
export type ErrorsAt = { readonly x: number } & Readonly<Record<Falling, number | null>>;

export interface DualStudy {
  /** The run's own x. */
  readonly x: number;
  readonly errors: readonly ErrorsAt[];
  /**
   * The best dual there is from the ensemble's mean phi(0), [T][D] or of several outputs [T][D][C]. The mean follows it for quadratic V alone, since f(0) has a variance
   * of order 1: null for other V.
   */
  readonly fromMean: { readonly order: "exact" | "secondOrder"; readonly phi: PerDatum[][] } | null;
}

/** What the library throws where a field blows up, moves too fast to follow, or cannot be set up. */
const isExpected = (cause: unknown): cause is Error => cause instanceof SlowrollError || cause instanceof RangeError;

const XS = [0.4, 0.2, 0.1, 0.05, 0.025];
/**
 * Up to here the leading power of x stands alone (physics.md section 3). With momentum the slow roll's next term is larger: it starts
 * from rest, which takes 1/(1 - beta) steps.
 */
export const fitUpTo = (momentum: number): number => (momentum > 0 ? 0.0125 : 0.1);
/** Five values, three of them in the fit, and where the run's own x lies far above them some more on the way to it. */
function xsFor(momentum: number, own: number): number[] {
  const xs = XS.map((x) => x * (fitUpTo(momentum) / fitUpTo(0)));
  for (let x = xs[0]! * 4; x < own; x *= 4) xs.unshift(x);
  return xs;
}
/** A trajectory is followed for as many e-folds of the fastest mode as the run's, within these. */
const EFOLDS = [10, 20] as const;
/** Data, times outputs, beyond which the study would cost seconds. */
const MOST_POINTS = 128;

/** From each output's phi(0). */
function errorsAt(x: number, dynamics: Dynamics, initial: readonly Float64Array[], lastStep: number): ErrorsAt {
  const record = earlyThenThinned(lastStep + 1, 40, 160);
  const theory = initial.map((own) => recursion(dynamics, own, record));
  const scale = Math.max(...initial.map(largest)) || 1;
  const errorOf = (dual: typeof slowRollDual | typeof secondOrderDual): number | null => {
    try {
      const differences = initial.map((own, c) =>
        dual(dynamics, own, record).map((value, i) => value - theory[c]![i]!),
      );
      const error = Math.max(...differences.map(largest)) / scale;
      return Number.isFinite(error) ? error : null;
    } catch (cause) {
      if (isExpected(cause)) return null;
      throw cause;
    }
  };
  return { x, slowRoll: errorOf(slowRollDual), secondOrder: errorOf(secondOrderDual) };
}

function dualFrom(
  dynamics: Dynamics,
  { network, times }: NonNullable<DualityDocument["background"]>,
  spectrum: Eigen,
): DualStudy["fromMean"] {
  const start = Float64Array.from(network[0]!.flat());
  const { length: size } = start;
  const outputs = size / dynamics.points;
  const initial = byOutput(start, outputs);
  const exact = initial.flatMap((own) => exactDual(dynamics, own, times, spectrum) ?? []);
  // Whether there is an exact one is told by the masses, which are the same for all outputs.
  const isExact = exact.length === outputs;
  const dual = interleaved(isExact ? exact : initial.map((own) => secondOrderDual(dynamics, own, times)));
  return {
    order: isExact ? "exact" : "secondOrder",
    phi: perRecord(dual, size, outputs),
  };
}

/** The study, or why there is none. */
export async function studyDuals({ background, config, eta }: DualityDocument): Promise<DualStudy | string> {
  if (!background || eta === undefined) return "the background was not computed";
  const theory = background.theory[0] ?? [];
  if (theory.flat().length > MOST_POINTS) {
    const what = typeof theory[0] === "number" ? "data" : "numbers of all data and outputs";
    return `there are more than ${MOST_POINTS} ${what}`;
  }
  const { momentum, steps } = config.training;
  try {
    const { data, kernels, potential, spectrum } = await setupNetwork(config);
    const lambdaMax = spectrum.values[0]!;
    const dynamics = { points: data.points, theta: kernels.ntk, potential, learningRate: eta, momentum };
    const unit = (1 - momentum) ** 2 / lambdaMax;
    const own = eta / unit;
    const efolds = Math.min(Math.max(steps * own * (1 - momentum), EFOLDS[0]), EFOLDS[1]);
    const initial = byOutput(
      data.targets.map((y) => -y),
      data.outputs,
    );
    const errors = xsFor(momentum, own).map((x) =>
      errorsAt(x, { ...dynamics, learningRate: x * unit }, initial, Math.ceil(efolds / (x * (1 - momentum)))),
    );
    const fromMean = quadraticMass(potential) === undefined ? null : dualFrom(dynamics, background, spectrum);
    return { x: own, errors, fromMean };
  } catch (cause) {
    if (isExpected(cause)) return cause.message;
    throw cause;
  }
}

/** The fitted power of x and whether it is the one that the order promises. */
export interface OrderVerdict {
  /** Null with fewer than two errors to fit. */
  readonly slope: number | null;
  readonly expected: number;
  readonly holds: boolean;
}

const TOLERANCE = 0.1;

export function judgeOrder(errors: readonly ErrorsAt[], order: Falling, momentum: number): OrderVerdict {
  const fitted = errors.filter(({ x }) => x <= fitUpTo(momentum));
  const expected = order === "secondOrder" && momentum === 0 ? 2 : 1;
  const power = slope(
    fitted.map(({ x }) => x),
    fitted.map((at) => at[order]),
  );
  return { slope: power, expected, holds: power !== null && Math.abs(power - expected) <= TOLERANCE };
}
