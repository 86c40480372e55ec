/**
 * Kernels of infinitely wide networks (physics.md section 1): the NNGP covariance of the outputs at initialisation (Neal 1996; Lee et
 * al., arXiv:1711.00165) and the neural tangent kernel (Jacot, Gabriel and Hongler, arXiv:1806.07572), by their recursion over layers.
 */
import { complete, type Work } from "../cooperate.ts";
import type { Architecture } from "../engine/engine.ts";
import type { Activation } from "../network/activations.ts";
import { type Moments, Quadrature } from "./gaussian.ts";

export interface Kernels {
  /** Covariance of f at initialisation, [D][D]. */
  readonly nngp: Float64Array;
  /** Theta, [D][D]. */
  readonly ntk: Float64Array;
}

/** The moments of one activation; by quadrature those of equal covariances are computed once, since symmetric data repeat them. */
function momentsBetween(activation: Activation): (suu: number, suv: number, svv: number) => Moments {
  if (activation.gaussianMoments) return activation.gaussianMoments;
  const quadrature = new Quadrature(activation);
  const known = new Map<string, Moments>();
  /** Equal to 14 digits: what is left of one variance after sums in another order. */
  const rounded = (variance: number): number => Number(variance.toPrecision(14));
  return (suu, suv, svv) => {
    const [su, sv] = [rounded(suu), rounded(svv)];
    const norm = Math.sqrt(su * sv);
    const key = `${su},${sv},${norm > 0 ? Math.round((suv / norm) * 1e14) : 0}`;
    let moments = known.get(key);
    if (!moments) {
      moments = quadrature.moments(su, suv, sv);
      known.set(key, moments);
    }
    return moments;
  };
}

/** Both kernels for D = `points` inputs, [D][d] row after row. Throws InputError where a quadrature does not converge. */
export function infiniteWidthKernels(architecture: Architecture, inputs: Float64Array, points: number): Kernels {
  return complete(kernelRecursion(architecture, inputs, points));
}

/** `infiniteWidthKernels` as work that can be interrupted. */
export function* kernelRecursion(architecture: Architecture, inputs: Float64Array, points: number): Work<Kernels> {
  const { inputDimension: d, depth, activation, weightStd, biasStd } = architecture;
  const weightVariance = weightStd ** 2;
  const biasVariance = biasStd ** 2;
  const at = (a: number, b: number): number => a * points + b;
  let covariance = new Float64Array(points * points);
  for (let a = 0; a < points; a++) {
    for (let b = 0; b < points; b++) {
      let product = 0;
      for (let i = 0; i < d; i++) product += inputs[a * d + i]! * inputs[b * d + i]!;
      covariance[at(a, b)] = (weightVariance * product) / d + biasVariance;
    }
    yield;
  }
  let tangent = covariance.slice();
  for (let layer = 0; layer < depth; layer++) {
    const nextCovariance = new Float64Array(points * points);
    const nextTangent = new Float64Array(points * points);
    const moments = momentsBetween(activation);
    for (let a = 0; a < points; a++) {
      for (let b = 0; b <= a; b++) {
        if (!activation.gaussianMoments || b % 1000 === 0) yield;
        const { value: product, slope: slopes } = moments(
          covariance[at(a, a)]!,
          covariance[at(a, b)]!,
          covariance[at(b, b)]!,
        );
        const value = weightVariance * product + biasVariance;
        nextCovariance[at(a, b)] = value;
        nextCovariance[at(b, a)] = value;
        const slope = value + weightVariance * slopes * tangent[at(a, b)]!;
        nextTangent[at(a, b)] = slope;
        nextTangent[at(b, a)] = slope;
      }
    }
    covariance = nextCovariance;
    tangent = nextTangent;
  }
  return { nngp: covariance, ntk: tangent };
}
