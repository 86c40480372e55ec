/**
 * Kernels of infinitely wide networks (physics.md section 1): the NNGP covariance of the outputs at initialisation (Neal 1996; Lee et
 * al., arXiv:1711.00165) and the neural tangent kernel (Jacot, Gabriel and Hongler, arXiv:1806.07572), by their recursion over layers.
 */
import type { Architecture } from "../engine/engine.ts";
import { gaussianMoments, type Moments } from "./gaussian.ts";

export interface Kernels {
  /** Covariance of f at initialisation, [D][D]. */
  readonly nngp: Float64Array;
  /** Theta, [D][D]. */
  readonly ntk: Float64Array;
}

/** Both kernels for D = `points` inputs, [D][d] row after row. Throws RangeError where a quadrature does not converge. */
export function infiniteWidthKernels(architecture: Architecture, inputs: Float64Array, points: number): Kernels {
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
  }
  let tangent = covariance.slice();
  for (let layer = 0; layer < depth; layer++) {
    const nextCovariance = new Float64Array(points * points);
    const nextTangent = new Float64Array(points * points);
    // Data with symmetries repeat the same three variances many times.
    const known = new Map<string, Moments>();
    for (let a = 0; a < points; a++) {
      for (let b = 0; b <= a; b++) {
        const variances = [covariance[at(a, a)]!, covariance[at(a, b)]!, covariance[at(b, b)]!] as const;
        const key = variances.map((variance) => variance.toPrecision(15)).join();
        let moments = known.get(key);
        if (!moments) {
          moments = gaussianMoments(activation, ...variances);
          known.set(key, moments);
        }
        const value = weightVariance * moments.value + biasVariance;
        nextCovariance[at(a, b)] = value;
        nextCovariance[at(b, a)] = value;
        const slope = value + weightVariance * moments.slope * tangent[at(a, b)]!;
        nextTangent[at(a, b)] = slope;
        nextTangent[at(b, a)] = slope;
      }
    }
    covariance = nextCovariance;
    tangent = nextTangent;
  }
  return { nngp: covariance, ntk: tangent };
}
