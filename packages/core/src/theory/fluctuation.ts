/**
 * How much a finite network's tangent kernel differs from Theta at initialisation. With one hidden layer of n units the kernel is
 * biasStd^2 plus the mean over units of n independent terms
 *   theta_ab = weightStd^2 (act(u) act(v) + w^2 S_ab act'(u) act'(v)),   (u, v) ~ N(0, S), w ~ N(0, 1),
 * so that E||Theta_n - Theta||^2 = sum_ab Var(theta_ab)/n exactly, with E[w^4] = 3:
 *   E[theta_ab^2] = weightStd^4 (E[act^2 act^2] + 2 S_ab E[act act' act act'] + 3 S_ab^2 E[act'^2 act'^2]).
 * Two outputs c and e share the units below them: between them the kernel is the mean of weightStd^2 w_c w_e S_ab act'(u) act'(v), which is
 * zero in the mean and has E[theta_ab^2] = weightStd^4 S_ab^2 E[act'^2 act'^2]. Of C outputs every pair (c, e) adds it, and Theta's norm,
 * that of Theta (x) 1_C, has C ||Theta||^2.
 */
import type { Work } from "../cooperate.ts";
import { type Architecture, outputsOf } from "../engine/ensembleJob.ts";
import { InputError } from "../errors.ts";
import type { Activation, SquaredMoments } from "../network/activations.ts";
import { correlationOf } from "./angles.ts";
import { hermiteSeries } from "./hermite.ts";
import { type Kernels, momentsBetween } from "./kernels.ts";

/** Data up to which moments are integrated pair by pair, some 30 ms each, where their series is too long. */
const INTEGRATED = 16;
/** Data up to which series are summed, a few ms for each variance. */
const SUMMED = 512;

type PairMoments = (a: number, b: number, covariance: number) => SquaredMoments;

/** The moments of pairs of points of these variances; undefined where they would take too long. */
function* squaredMoments(activation: Activation, variances: Float64Array): Work<PairMoments | undefined> {
  const { value, derivative, squaredMoments: closed } = activation;
  if (closed) return (a, b, covariance) => closed(variances[a]!, covariance, variances[b]!);
  if (variances.length > SUMMED) return undefined;
  // Two functions each, of which the moments are taken as those of an activation and its derivative.
  const { name, wgsl } = activation;
  const squares = { name, wgsl, value: (z: number) => value(z) ** 2, derivative: (z: number) => derivative(z) ** 2 };
  const product = (z: number): number => value(z) * derivative(z);
  const products = { name, wgsl, value: product, derivative: product };
  const squareSeries = yield* hermiteSeries(squares, variances);
  const productSeries = yield* hermiteSeries(products, variances);
  if (squareSeries && productSeries) {
    return (a, b, covariance) => {
      const correlation = correlationOf(variances[a]!, covariance, variances[b]!);
      const both = squareSeries.moments(a, b, correlation);
      return {
        square: both.value,
        product: productSeries.moments(a, b, correlation).value,
        slopeSquare: both.slope,
      };
    };
  }
  if (variances.length > INTEGRATED) return undefined;
  const squareRule = momentsBetween(squares);
  const productRule = momentsBetween(products);
  return (a, b, covariance) => {
    const both = squareRule(variances[a]!, covariance, variances[b]!);
    return {
      square: both.value,
      product: productRule(variances[a]!, covariance, variances[b]!).value,
      slopeSquare: both.slope,
    };
  };
}

/** What `integrate` gives, unless it finds that it does not converge. */
function converged<T>(integrate: () => T): T | undefined {
  try {
    return integrate();
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/**
 * sqrt(E||Theta_n - Theta||_F^2)/||Theta||_F at initialisation for `inputs` [D][d], of all outputs together; undefined for more than one
 * hidden layer, for so many data that moments without a closed form would take more than seconds, and where their integral does not converge.
 */
export function* kernelFluctuation(
  architecture: Architecture,
  inputs: Float64Array,
  { ntk }: Pick<Kernels, "ntk">,
): Work<number | undefined> {
  const { inputDimension: d, depth, width, activation, weightStd, biasStd } = architecture;
  if (depth !== 1) return undefined;
  const others = outputsOf(architecture) - 1;
  const points = inputs.length / d;
  const covariance = (a: number, b: number): number => {
    let product = 0;
    for (let i = 0; i < d; i++) product += inputs[a * d + i]! * inputs[b * d + i]!;
    return (weightStd ** 2 * product) / d + biasStd ** 2;
  };
  const variances = Float64Array.from({ length: points }, (_, a) => covariance(a, a));
  const moments = yield* squaredMoments(activation, variances);
  if (!moments) return undefined;
  let variance = 0;
  let norm = 0;
  for (let a = 0; a < points; a++) {
    for (let b = 0; b <= a; b++) {
      const shared = covariance(a, b);
      const pair = converged(() => moments(a, b, shared));
      if (!pair) return undefined;
      const { square, product, slopeSquare } = pair;
      const theta = ntk[a * points + b]!;
      const times = a === b ? 1 : 2;
      const second = weightStd ** 4 * (square + 2 * shared * product + 3 * shared ** 2 * slopeSquare);
      const across = others * weightStd ** 4 * shared ** 2 * slopeSquare;
      variance += times * (second - (theta - biasStd ** 2) ** 2 + across);
      norm += times * theta ** 2;
      if (!activation.squaredMoments) yield;
    }
    yield;
  }
  return norm > 0 ? Math.sqrt(Math.max(0, variance) / width / norm) : 0;
}
