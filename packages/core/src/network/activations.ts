/**
 * The registry of activations: a new one is one entry. An entry is plain data and pure functions: float64 value and derivative for
 * references and theory, and the WGSL that gives both at once (they share an exponential).
 */
import erf from "@stdlib/math-base-special-erf";
import { InputError } from "../errors.ts";
import { mend } from "../nearest.ts";

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
   * without it theory integrates numerically.
   */
  readonly gaussianMoments?: (suu: number, suv: number, svv: number) => { value: number; slope: number };
  /**
   * For an activation with a kink, whose slopes' moment goes as the angle between u and v (the arc cosine of their correlation): the same
   * from that angle's squared sine, and in `sineSquared` that of act(u) and act(v). A correlation near 1, as between close inputs or in
   * deep networks, keeps only half of the angle's digits.
   */
  readonly angularMoments?: (
    suu: number,
    suv: number,
    svv: number,
    sineSquared: number,
  ) => { value: number; slope: number; sineSquared: number };
  /** What kernels of finite width fluctuate by, where a closed form exists; an activation with a kink needs one. */
  readonly squaredMoments?: (suu: number, suv: number, svv: number) => SquaredMoments;
}

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** Phi, the standard normal distribution. */
const normalDistribution = (z: number): number => 0.5 * (1 + erf(z / Math.SQRT2));

/**
 * `angularMoments` of relu: Cho and Saul, "Kernel methods for deep learning", NIPS 22 (2009). With the angle t, the correlation of relu(u)
 * and relu(v) is (sin t + (pi - t) cos t)/pi.
 */
function arcCosine(
  suu: number,
  suv: number,
  svv: number,
  sineSquared: number,
): { value: number; slope: number; sineSquared: number } {
  const norm = Math.sqrt(suu) * Math.sqrt(svv);
  if (norm === 0) return { value: 0, slope: 0.25, sineSquared: 0 };
  const sine = Math.sqrt(sineSquared);
  const cosine = suv / norm;
  const angle = Math.atan2(sine, cosine);
  const correlation = (sine + (Math.PI - angle) * cosine) / Math.PI;
  const square = angle * angle;
  // sin t - t cos t and 1 - cos t without the differences where they are small.
  const segment =
    angle < 0.01 ? ((angle * square) / 3) * (1 - (square / 10) * (1 - square / 28)) : sine - angle * cosine;
  const versine = cosine > 0 ? sineSquared / (1 + cosine) : 1 - cosine;
  return {
    value: (norm / 2) * correlation,
    slope: (Math.PI - angle) / (2 * Math.PI),
    sineSquared: Math.max(0, versine - segment / Math.PI) * (1 + correlation),
  };
}

/**
 * E[sin u sin v] = exp(-(suu + svv)/2) sinh suv, by expm1: a difference of two exponentials has no digits at small variance, as deep
 * networks of small weights have.
 */
const sineMoment = (suu: number, suv: number, svv: number): number =>
  (-Math.sign(suv) * Math.exp(Math.abs(suv) - (suu + svv) / 2) * Math.expm1(-2 * Math.abs(suv))) / 2;

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
    gaussianMoments: (suu, suv, svv) => {
      const root = Math.sqrt(1 + 2 * suu) * Math.sqrt(1 + 2 * svv);
      // (1 + 2 suu)(1 + 2 svv) - 4 suv^2 as a sum of what is not negative: the difference has no digits at large variance.
      const determinant = Math.max(0, suu * svv - suv * suv);
      return {
        value: (2 / Math.PI) * Math.asin(Math.min(1, Math.max(-1, (2 * suv) / root))),
        slope: 4 / Math.PI / Math.sqrt(1 + 2 * suu + 2 * svv + 4 * determinant),
      };
    },
  },
  {
    name: "relu",
    value: (z) => Math.max(0, z),
    derivative: (z) => (z > 0 ? 1 : 0),
    wgsl: `fn activation(z: vec4f) -> ActivationPair {
  return ActivationPair(max(z, vec4f(0.0)), select(vec4f(0.0), vec4f(1.0), z > vec4f(0.0)));
}`,
    gaussianMoments: (suu, suv, svv) => {
      const cosine = suv / (Math.sqrt(suu) * Math.sqrt(svv) || 1);
      return arcCosine(suu, suv, svv, Math.max(0, 1 - cosine * cosine));
    },
    angularMoments: arcCosine,
    // Cho and Saul's arc cosine kernels of order 2, 1 and 0.
    squaredMoments: (suu, suv, svv) => {
      const cosine = Math.max(-1, Math.min(1, suv / (Math.sqrt(suu) * Math.sqrt(svv) || 1)));
      const sineSquared = 1 - cosine * cosine;
      const { value, slope } = arcCosine(suu, suv, svv, sineSquared);
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
    gaussianMoments: (suu, suv, svv) => {
      const determinant = Math.max(0, suu * svv - suv * suv);
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
    gaussianMoments: (suu, suv, svv) => ({
      value: sineMoment(suu, suv, svv),
      slope: (Math.exp(suv - (suu + svv) / 2) + Math.exp(-suv - (suu + svv) / 2)) / 2,
    }),
    // sin^2 and cos^2 are (1 -+ cos 2z)/2, sin cos is sin(2z)/2.
    squaredMoments: (suu, suv, svv) => {
      const [left, right] = [Math.exp(-2 * suu), Math.exp(-2 * svv)];
      const cosines = (Math.exp(4 * suv - 2 * (suu + svv)) + Math.exp(-4 * suv - 2 * (suu + svv))) / 2;
      return {
        // 1 - left - right + cosines.
        square: (Math.expm1(-2 * suu) * Math.expm1(-2 * svv) + 2 * sineMoment(2 * suu, 2 * suv, 2 * svv) ** 2) / 4,
        product: sineMoment(4 * suu, 4 * suv, 4 * svv) / 4,
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
