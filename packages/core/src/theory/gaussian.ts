/**
 * E[act(u) act(v)] and E[act'(u) act'(v)] for two correlated Gaussians, in closed form where an activation states one, else by the
 * trapezoidal rule. For smooth integrands that rule converges faster than any power of its step (Trefethen and Weideman, SIAM Review 56
 * (2014) 385), so the step is halved until nothing changes; Gauss-Hermite rules of fixed size are off by 1e-5 at large variance.
 *
 * An activation changes over a width of 1 about 0, a Gaussian over its deviation s, which may be a million times larger. So the rule's
 * variable is t = asinh(z) + z/s: its nodes are dense where |z| < 1, thin out in proportion to |z|, and are evenly spaced beyond s.
 */
import { InputError } from "../errors.ts";
import type { Activation } from "../network/activations.ts";
import { correlationOf, sineSquaredBetween, sineSquaredOf, versine } from "./angles.ts";

export interface Moments {
  readonly value: number;
  readonly slope: number;
  /** The squared sine of the angle between act(u) and act(v), where it comes with the others. */
  readonly sineSquared?: number;
}

/** Change on halving the step, relative to the largest that the moments can be; the error left is about its square. */
const TOLERANCE = 1e-12;
/** Standard deviations at which the normal density is cut: below 1e-18 there. */
const CUT = 9;
const FIRST_STEP = 0.5;
const SMALLEST_STEP = 1 / 64;
/** A difference of u and v below which act(u) - act(v) is that times the slope between, to its square: so it keeps its digits. */
const NEAR = 1e-5;

/** Nodes z with the rule's weights (without any density) and the activation there. */
interface Nodes {
  readonly z: Float64Array;
  readonly weight: Float64Array;
  readonly value: Float64Array;
  readonly slope: Float64Array;
}

/** z(t) of t = asinh(z) + z/s for t >= 0, by Newton's method: t(z) is concave, so that it converges from below. */
function inverse(t: number, s: number): number {
  let z = 0;
  for (let iteration = 0; iteration < 100; iteration++) {
    const root = Math.sqrt(1 + z * z);
    const change = (t - Math.asinh(z) - z / s) / (1 / root + 1 / s);
    z += change;
    if (change <= 1e-15 * z) break;
  }
  return z;
}

/** The nodes between -`range` and `range` for features of width 1 about 0 under a Gaussian of deviation `s`. */
function nodesFor({ value, derivative }: Activation, s: number, range: number, step: number): Nodes {
  const count = Math.ceil((Math.asinh(range) + range / s) / step);
  const z = new Float64Array(2 * count + 1);
  const weight = new Float64Array(z.length);
  for (let i = 0; i <= count; i++) {
    const node = inverse(i * step, s);
    z[count + i] = node;
    z[count - i] = -node;
    weight[count + i] = step / (1 / Math.sqrt(1 + node * node) + 1 / s);
    weight[count - i] = weight[count + i]!;
  }
  return { z, weight, value: z.map(value), slope: z.map(derivative) };
}

const INVERSE_ROOT_TAU = 1 / Math.sqrt(2 * Math.PI);
const density = (y: number): number => INVERSE_ROOT_TAU * Math.exp(-(y * y) / 2);

/** The first index of the ascending `values` that is not below `bound`. */
function lowerBound(values: Float64Array, bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rule for N(0, s^2) with its density in the weights. */
function gaussianNodes(activation: Activation, s: number, step: number): Nodes {
  if (s === 0) {
    const at = (f: (z: number) => number): Float64Array => Float64Array.of(f(0));
    return { z: at(() => 0), weight: at(() => 1), value: at(activation.value), slope: at(activation.derivative) };
  }
  const nodes = nodesFor(activation, s, CUT * s, step);
  return { ...nodes, weight: nodes.weight.map((weight, i) => (weight * density(nodes.z[i]! / s)) / s) };
}

/** E[act^2] and E[act'^2]: what bounds the moments of two such variables. */
function squares({ weight, value, slope }: Nodes): Moments {
  let values = 0;
  let slopes = 0;
  for (let i = 0; i < weight.length; i++) {
    values += weight[i]! * value[i]! ** 2;
    slopes += weight[i]! * slope[i]! ** 2;
  }
  return { value: values, slope: slopes };
}

/** The rules of one activation, remembered by deviation and step: data on a circle share one variance. */
export class Quadrature {
  private readonly activation: Activation;
  private readonly known = new Map<string, { readonly nodes: Nodes; readonly squares: Moments }>();

  constructor(activation: Activation) {
    this.activation = activation;
  }

  private rule(s: number, step: number): { readonly nodes: Nodes; readonly squares: Moments } {
    const key = `${s}/${step}`;
    let rule = this.known.get(key);
    if (!rule) {
      const nodes = gaussianNodes(this.activation, s, step);
      rule = { nodes, squares: squares(nodes) };
      this.known.set(key, rule);
    }
    return rule;
  }

  /** The rule of one step for suu >= svv. */
  private trapezoidal(
    suu: number,
    suv: number,
    svv: number,
    sineSquared: number,
    step: number,
  ): Moments & { meanSquare: number } {
    const { value: act, derivative } = this.activation;
    const outer = this.rule(Math.sqrt(suu), step).nodes;
    // v = slant u + across y with a normal y; nothing is lost where the two are the same.
    const ratio = suu > 0 ? Math.sqrt(svv / suu) : 0;
    const correlation = correlationOf(suu, suv, svv);
    const slant = correlation * ratio;
    const across = Math.sqrt(svv * sineSquared);
    const sign = correlation < 0 ? -1 : 1;
    const apart = 1 - ratio + ratio * versine(Math.abs(correlation), sineSquared);
    /** act(u) - sign act(v), where u - sign v is `between`. */
    const difference = (u: number, v: number, between: number): number =>
      Math.abs(between) < NEAR
        ? act(u) - sign * act(sign * u) + between * derivative(sign * (u - between / 2))
        : act(u) - sign * act(v);
    const count = Math.round(CUT / step);
    const weights = Float64Array.from({ length: 2 * count + 1 }, (_, j) => step * density((j - count) * step));
    // Where 0 may lie within the Gaussian of v given u, and is narrow against it, it is resolved.
    const shared = across > 1 ? nodesFor(this.activation, across, 2 * CUT * across, step) : undefined;
    let [value, slope, meanSquare] = [0, 0, 0];
    for (let i = 0; i < outer.z.length; i++) {
      const u = outer.z[i]!;
      const mean = slant * u;
      let [innerValue, innerSlope, innerSquare] = [0, 0, 0];
      if (across === 0) {
        innerValue = act(mean);
        innerSlope = derivative(mean);
        innerSquare = difference(u, mean, apart * u) ** 2;
      } else if (shared && Math.abs(mean) < CUT * across) {
        const end = lowerBound(shared.z, mean + CUT * across);
        for (let j = lowerBound(shared.z, mean - CUT * across); j < end; j++) {
          const weight = (shared.weight[j]! * density((shared.z[j]! - mean) / across)) / across;
          innerValue += weight * shared.value[j]!;
          innerSlope += weight * shared.slope[j]!;
          innerSquare += weight * (outer.value[i]! - sign * shared.value[j]!) ** 2;
        }
      } else {
        for (let j = -count; j <= count; j++) {
          const beside = across * j * step;
          const v = mean + beside;
          innerValue += weights[j + count]! * act(v);
          innerSlope += weights[j + count]! * derivative(v);
          innerSquare += weights[j + count]! * difference(u, v, apart * u - sign * beside) ** 2;
        }
      }
      value += outer.weight[i]! * outer.value[i]! * innerValue;
      slope += outer.weight[i]! * outer.slope[i]! * innerSlope;
      meanSquare += outer.weight[i]! * innerSquare;
    }
    return { value, slope, meanSquare };
  }

  /**
   * The moments, the first two to 1e-12 of the largest that variables of these variances can have. `sineSquared`, 1 - suv^2/(suu svv), is given
   * where more of its digits are known than suv has.
   * @throws InputError (network.weightStd) where the rule does not settle: kinks, or oscillations within a large variance.
   */
  moments(suu: number, suv: number, svv: number, sineSquared = sineSquaredBetween(suu, suv, svv)): Moments {
    if (suu < svv) return this.moments(svv, suv, suu, sineSquared);
    let previous: Moments | undefined;
    for (let step = FIRST_STEP; step >= SMALLEST_STEP; step /= 2) {
      const next = this.trapezoidal(suu, suv, svv, sineSquared, step);
      if (previous) {
        const left = this.rule(Math.sqrt(suu), step).squares;
        const right = this.rule(Math.sqrt(svv), step).squares;
        const settled = (key: "value" | "slope"): boolean =>
          Math.abs(next[key] - previous![key]) <= TOLERANCE * Math.sqrt(left[key] * right[key]);
        if (settled("value") && settled("slope"))
          return { ...next, sineSquared: sineSquaredOf(left.value, right.value, next.meanSquare) };
      }
      previous = next;
    }
    const { name } = this.activation;
    throw new InputError(
      `the Gaussian moments of ${name} do not converge at the variances ${suu.toPrecision(3)} and ${svv.toPrecision(3)}; use a smaller weightStd, or state them in closed form`,
      { path: "network.weightStd" },
    );
  }
}

/** The two moments, in closed form or as `Quadrature.moments`. Throws InputError as there. */
export function gaussianMoments(activation: Activation, suu: number, suv: number, svv: number): Moments {
  return activation.gaussianMoments?.(suu, suv, svv) ?? new Quadrature(activation).moments(suu, suv, svv);
}
