/**
 * The registry of activations: a new one is one entry. An entry is plain data and pure functions: float64 value and derivative for
 * references and theory, and the WGSL that gives both at once (they share an exponential).
 */
import erf from "@stdlib/math-base-special-erf";
import { InputError } from "../errors.ts";
import { mend } from "../nearest.ts";
import {
  geometricMean,
  meanSquareDifference,
  segment,
  shiftedAngles,
  sineSquaredBetween,
  sineSquaredOf,
  versine,
} from "../theory/angles.ts";
import { evenGeluDifference } from "../theory/evenGelu.ts";

/** Of (u, v) Gaussian: E[act(u)^2 act(v)^2], E[act(u) act'(u) act(v) act'(v)] and E[act'(u)^2 act'(v)^2]. */
export interface SquaredMoments {
  readonly square: number;
  readonly product: number;
  readonly slopeSquare: number;
}

export interface Activation {
  readonly name: string;
  /** act(z), float64. */
  value(z: number): number;
  /** act'(z), float64. */
  derivative(z: number): number;
  /**
   * WGSL of `fn activation(z: vec4f) -> ActivationPair`, with `struct ActivationPair { value: vec4f, slope: vec4f }` declared by the
   * kernel; may start with `// include: special/erf.wgsl` lines.
   */
  readonly wgsl: string;
  /**
   * E[act(u) act(v)] and E[act'(u) act'(v)] for (u, v) Gaussian with covariance [[suu, suv], [suv, svv]], where a closed form exists;
   * without it theory integrates numerically. `sineSquared`, 1 - suv^2/(suu svv), is given where more of its digits are known than suv has.
   */
  readonly gaussianMoments?: (
    suu: number,
    suv: number,
    svv: number,
    sineSquared?: number,
  ) => { value: number; slope: number };
  /**
   * Goes with `gaussianMoments`: the squared sine of the angle between act(u) and act(v), from that between u and v. A correlation near 1 or
   * -1 keeps only half of the angle's digits, and layers of large weights, or a kink, enlarge what is lost.
   */
  readonly sineSquared?: (suu: number, suv: number, svv: number, sineSquared: number) => number;
  /** What kernels of finite width fluctuate by, where a closed form exists; an activation with a kink needs one. */
  readonly squaredMoments?: (suu: number, suv: number, svv: number) => SquaredMoments;
}

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** Phi, the standard normal distribution. */
const normalDistribution = (z: number): number => 0.5 * (1 + erf(z / Math.SQRT2));

/**
 * E[sin u sin v] = exp(-(suu + svv)/2) sinh suv and E[cos u cos v], with cosh, by expm1: a difference of two exponentials has no digits at
 * small variance, as deep networks of small weights have.
 */
function sineMoments(
  suu: number,
  suv: number,
  svv: number,
  sineSquared = sineSquaredBetween(suu, suv, svv),
): { value: number; slope: number } {
  const near = Math.exp(-meanSquareDifference(suu, suv, svv, sineSquared) / 2);
  const less = Math.expm1(-2 * Math.abs(suv));
  return { value: (-Math.sign(suv) * near * less) / 2, slope: near * (1 + less / 2) };
}

const registry: readonly Activation[] = [
  {
    name: "erf",
    value: erf,
    derivative: (z) => TWO_OVER_SQRT_PI * Math.exp(-z * z),
    wgsl: `// include: special/erf.wgsl
fn activation(z: vec4f) -> ActivationPair {
  let pair = erfPair(z);
  return ActivationPair(pair.erf, 1.1283792 * pair.gaussian);
}`,
    // Williams, "Computing with infinite networks", NIPS 9 (1996).
    gaussianMoments: (suu, suv, svv, sineSquared = sineSquaredBetween(suu, suv, svv)) => {
      const root = Math.sqrt(1 + 2 * suu) * Math.sqrt(1 + 2 * svv);
      // (1 + 2 suu)(1 + 2 svv) - 4 suv^2 as a sum of what is not negative: the difference has no digits at large variance.
      const determinant = suu * svv * sineSquared;
      return {
        value: (2 / Math.PI) * Math.asin(Math.min(1, Math.max(-1, (2 * suv) / root))),
        slope: 4 / Math.PI / Math.sqrt(1 + 2 * suu + 2 * svv + 4 * determinant),
      };
    },
    // E[erf u erf v] = 1 - 2 t/pi with the angles t of twice the covariance.
    sineSquared: (suu, suv, svv, sineSquared) => {
      const { excess } = shiftedAngles(2 * suu, 2 * svv, 2 * meanSquareDifference(suu, suv, svv, sineSquared));
      const square = (variance: number): number => (2 / Math.PI) * Math.asin((2 * variance) / (1 + 2 * variance));
      return sineSquaredOf(square(suu), square(svv), (4 / Math.PI) * excess);
    },
  },
  {
    name: "relu",
    value: (z) => Math.max(0, z),
    derivative: (z) => (z > 0 ? 1 : 0),
    wgsl: `fn activation(z: vec4f) -> ActivationPair {
  return ActivationPair(max(z, vec4f(0.0)), select(vec4f(0.0), vec4f(1.0), z > vec4f(0.0)));
}`,
    // Cho and Saul, "Kernel methods for deep learning", NIPS 22 (2009): with the angle t, the correlation of relu(u) and relu(v) is
    // (sin t + (pi - t) cos t)/pi.
    gaussianMoments: (suu, suv, svv, sineSquared = sineSquaredBetween(suu, suv, svv)) => {
      const norm = geometricMean(suu, svv);
      if (norm === 0) return { value: 0, slope: 0.25 };
      const sine = Math.sqrt(sineSquared);
      const cosine = suv / norm;
      const angle = Math.atan2(sine, cosine);
      return {
        value: (norm / 2 / Math.PI) * (sine + (Math.PI - angle) * cosine),
        slope: (Math.PI - angle) / (2 * Math.PI),
      };
    },
    sineSquared: (suu, suv, svv, sineSquared) => {
      const norm = geometricMean(suu, svv);
      if (norm === 0) return 0;
      const sine = Math.sqrt(sineSquared);
      const cosine = suv / norm;
      const angle = Math.atan2(sine, cosine);
      const complement = Math.max(0, versine(cosine, sineSquared) - segment(angle) / Math.PI);
      return complement * (2 - complement);
    },
    // Cho and Saul's arc cosine kernels of order 2, 1 and 0.
    squaredMoments: (suu, suv, svv) => {
      const cosine = Math.max(-1, Math.min(1, suv / (Math.sqrt(suu) * Math.sqrt(svv) || 1)));
      const sineSquared = 1 - cosine * cosine;
      const { value, slope } = activations.relu!.gaussianMoments!(suu, suv, svv, sineSquared);
      const angle = Math.acos(cosine);
      const order2 = 3 * Math.sqrt(sineSquared) * cosine + (Math.PI - angle) * (1 + 2 * cosine * cosine);
      return { square: (suu * svv * order2) / (2 * Math.PI), product: value, slopeSquare: slope };
    },
  },
  {
    name: "tanh",
    value: Math.tanh,
    derivative: (z) => 1 / Math.cosh(z) ** 2,
    wgsl: `// include: special/hyperbolic.wgsl
fn activation(z: vec4f) -> ActivationPair {
  let t = safeTanh4(z);
  return ActivationPair(t, 1.0 - t * t);
}`,
  },
  {
    // x Phi(x), exact: Hendrycks and Gimpel, arXiv:1606.08415.
    name: "gelu",
    value: (z) => z * normalDistribution(z),
    derivative: (z) => normalDistribution(z) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI),
    wgsl: `// include: special/erf.wgsl
fn activation(z: vec4f) -> ActivationPair {
  let pair = erfPair(0.70710678 * z);
  let distribution = 0.5 + 0.5 * pair.erf;
  return ActivationPair(z * distribution, distribution + 0.39894228 * z * pair.gaussian);
}`,
    // By parts from E[Phi(u) Phi(v)] and from E[phi(u) phi(v)] = 1/(2 pi sqrt(det(1 + covariance))), phi the standard normal density; Tsuchida
    // et al., arXiv:2002.08517, have the value.
    gaussianMoments: (suu, suv, svv, sineSquared = sineSquaredBetween(suu, suv, svv)) => {
      const determinant = suu * svv * sineSquared;
      // A sum of what is not negative, as erf's.
      const shifted = 1 + suu + svv + determinant;
      const distributions = 0.25 + Math.atan2(suv, Math.sqrt(shifted)) / (2 * Math.PI);
      const densities = 1 / (2 * Math.PI * Math.sqrt(shifted));
      const inverses = 1 / (1 + suu) + 1 / (1 + svv);
      return {
        value: suv * distributions + densities * (determinant + suv * suv * inverses),
        slope: distributions + suv * densities * (inverses + 1 / shifted),
      };
    },
    sineSquared: (suu, suv, svv, sineSquared) => {
      const meanSquare = meanSquareDifference(suu, suv, svv, sineSquared);
      const square = (variance: number): number =>
        activations.gelu!.gaussianMoments!(variance, variance, variance).value;
      const [left, right] = [square(suu), square(svv)];
      // Of gelu = z/2 + even(z) the even part adds up where u and v are opposite.
      const apart = evenGeluDifference(suu, svv, meanSquare);
      const even = suv < 0 ? 2 * (left - suu / 4 + right - svv / 4) - apart : apart;
      return sineSquaredOf(left, right, meanSquare / 4 + even);
    },
  },
  {
    name: "sin",
    value: Math.sin,
    derivative: Math.cos,
    wgsl: `// include: special/trigonometry.wgsl
fn activation(z: vec4f) -> ActivationPair {
  let both = sinCos(z);
  return ActivationPair(both.sin, both.cos);
}`,
    gaussianMoments: sineMoments,
    sineSquared: (suu, suv, svv, sineSquared) => {
      const difference = meanSquareDifference(suu, suv, svv, sineSquared);
      // E[(sin u - sin v)^2], of which the last term, (exp(-suu) - exp(-svv))^2/2, is that of different variances.
      const variances = Math.exp(-Math.min(suu, svv)) * Math.expm1(-Math.abs(suu - svv));
      const squares =
        -Math.expm1(-difference / 2) * (1 + Math.exp(difference / 2 - suu - svv)) - (variances * variances) / 2;
      return sineSquaredOf(-Math.expm1(-2 * suu) / 2, -Math.expm1(-2 * svv) / 2, squares);
    },
    // sin^2 and cos^2 are (1 -+ cos 2z)/2, sin cos is sin(2z)/2.
    squaredMoments: (suu, suv, svv) => {
      const [left, right] = [Math.exp(-2 * suu), Math.exp(-2 * svv)];
      const cosines = (Math.exp(4 * suv - 2 * (suu + svv)) + Math.exp(-4 * suv - 2 * (suu + svv))) / 2;
      return {
        // 1 - left - right + cosines.
        square:
          (Math.expm1(-2 * suu) * Math.expm1(-2 * svv) + 2 * sineMoments(2 * suu, 2 * suv, 2 * svv).value ** 2) / 4,
        product: sineMoments(4 * suu, 4 * suv, 4 * svv).value / 4,
        slopeSquare: (1 + left + right + cosines) / 4,
      };
    },
  },
  {
    name: "linear",
    value: (z) => z,
    derivative: () => 1,
    wgsl: `fn activation(z: vec4f) -> ActivationPair {
  return ActivationPair(z, vec4f(1.0));
}`,
    gaussianMoments: (_suu, suv) => ({ value: suv, slope: 1 }),
    sineSquared: (_suu, _suv, _svv, sineSquared) => sineSquared,
    squaredMoments: (suu, suv, svv) => ({ square: suu * svv + 2 * suv * suv, product: suv, slopeSquare: 1 }),
  },
];

/** All activations by name. */
export const activations: Readonly<Record<string, Activation>> = Object.fromEntries(
  registry.map((entry) => [entry.name, entry]),
);

/** The activation of that name. Throws InputError with the nearest name where there is none. */
export function activationNamed(name: string, path = "network.activation"): Activation {
  if (!Object.hasOwn(activations, name)) {
    throw new InputError(`unknown activation ${JSON.stringify(name)}; ${mend(name, Object.keys(activations))}`, {
      path,
    });
  }
  return activations[name]!;
}
