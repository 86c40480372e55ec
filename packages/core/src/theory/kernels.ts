/**
 * Kernels of infinitely wide networks (physics.md section 1): the NNGP covariance of the outputs at initialisation (Neal 1996; Lee et
 * al., arXiv:1711.00165) and the neural tangent kernel (Jacot, Gabriel and Hongler, arXiv:1806.07572), by their recursion over layers.
 */
import { complete, type Work } from "../cooperate.ts";
import type { Architecture } from "../engine/ensembleJob.ts";
import type { Activation } from "../network/activations.ts";
import { correlationOf, geometricMean, sineSquaredBetween, versine } from "./angles.ts";
import { type Moments, Quadrature } from "./gaussian.ts";
import { hermiteSeries } from "./hermite.ts";

export interface Kernels {
  /** Covariance of f at initialisation, [D][D]. */
  readonly nngp: Float64Array;
  /** Theta, [D][D]. */
  readonly ntk: Float64Array;
  /** The parts of Theta that the weights and biases into each layer have, the output's last, [depth + 1][D][D]; where asked for. */
  readonly layers?: readonly Float64Array[];
  /** Where test inputs were given. */
  readonly test?: TestKernels;
}

/** What links P test inputs to the D training ones. */
export interface TestKernels {
  /** Covariance of f at the test inputs with f at the training ones, [P][D]. */
  readonly nngp: Float64Array;
  /** Theta_*, [P][D]. */
  readonly ntk: Float64Array;
  /** Variance of f at the test inputs, [P]. */
  readonly variance: Float64Array;
}

/** Squared sines below which they are carried from layer to layer: of larger ones the moments leave 13 digits. */
const CLOSE = 1e-3;

/** The moments of one activation; by quadrature those of equal covariances are computed once, since symmetric data repeat them. */
export function momentsBetween(
  activation: Activation,
): (suu: number, suv: number, svv: number, sineSquared?: number) => Moments {
  if (activation.gaussianMoments) return activation.gaussianMoments;
  const quadrature = new Quadrature(activation);
  const known = new Map<string, Moments>();
  /** Equal to 14 digits: what is left of one variance after sums in another order. */
  const rounded = (variance: number): number => Number(variance.toPrecision(14));
  return (suu, suv, svv, sineSquared = sineSquaredBetween(suu, suv, svv)) => {
    const [su, sv, sine] = [rounded(suu), rounded(svv), rounded(sineSquared)];
    const correlation = correlationOf(suu, suv, svv);
    const key = `${su},${sv},${Math.round(correlation * 1e14)},${sine < CLOSE ? sine : ""}`;
    let moments = known.get(key);
    if (!moments) {
      moments = quadrature.moments(su, correlation * Math.sqrt(su * sv), sv, sine);
      known.set(key, moments);
    }
    return moments;
  };
}

/**
 * Both kernels for D = `points` inputs, [D][d] row after row, and their rows for test inputs [P][d]. Throws InputError where a quadrature
 * does not converge, RangeError for arrays of other sizes.
 */
export function infiniteWidthKernels(
  architecture: Architecture,
  inputs: Float64Array,
  points: number,
  test?: Float64Array,
): Kernels {
  const { inputDimension: d } = architecture;
  if (inputs.length !== points * d || (test && test.length % d !== 0))
    throw new RangeError(
      `${points} inputs of ${d} coordinates are ${points * d} numbers, and test inputs have as many each`,
    );
  return complete(kernelRecursion(architecture, inputs, points, test));
}

/** Pairs between two yields. */
const SLICE = 10_000;

/**
 * The pairs of which a layer needs only the same pairs of the layer before, in the order in which they are kept and updated in place: row
 * after row, of a training point a those with b <= a, of a test point those with the training points and then with itself.
 */
interface Pairs {
  readonly training: number;
  /** Training points and then test points. */
  readonly points: number;
}

const rowLength = ({ training }: Pairs, a: number): number => Math.min(a, training) + 1;
const partner = ({ training }: Pairs, a: number, column: number): number => (column < training ? column : a);
/** Where row a starts. */
const rowStart = ({ training }: Pairs, a: number): number => {
  const rows = Math.min(a, training);
  return (rows * (rows + 1)) / 2 + (a - rows) * (training + 1);
};
/** Where the pair (a, a) is. */
const diagonal = (pairs: Pairs, a: number): number => rowStart(pairs, a + 1) - 1;

/** The symmetric [D][D] of the training points. */
function* trainingBlock(kept: Float64Array, { training }: Pairs): Work<Float64Array> {
  const full = new Float64Array(training * training);
  for (let a = 0, k = 0; a < training; a++) {
    for (let b = 0; b <= a; b++, k++) {
      full[a * training + b] = kept[k]!;
      full[b * training + a] = kept[k]!;
    }
    yield;
  }
  return full;
}

/** The [P][D] between test and training points. */
function testBlock(kept: Float64Array, pairs: Pairs): Float64Array {
  const { training, points } = pairs;
  const block = new Float64Array((points - training) * training);
  for (let a = training; a < points; a++) {
    const start = rowStart(pairs, a);
    block.set(kept.subarray(start, start + training), (a - training) * training);
  }
  return block;
}

/**
 * Squared sines of the angles between the vectors (weightStd x/sqrt(d), biasStd). From differences of inputs, so that close ones
 * keep their digits: |u|^2 |v|^2 sin^2 = |x|^2 |p|^2 + biasVariance |e|^2 for e = x - y and its part p across the shorter, x.
 */
function* inputSines(
  architecture: Architecture,
  inputs: Float64Array,
  variances: Float64Array,
  pairs: Pairs,
): Work<Float64Array> {
  const { inputDimension: d, weightStd, biasStd } = architecture;
  const weight = weightStd ** 2 / d;
  const result = new Float64Array(rowStart(pairs, pairs.points));
  for (let a = 0, k = 0; a < pairs.points; a++) {
    for (let j = 0; j < rowLength(pairs, a); j++, k++) {
      const b = partner(pairs, a, j);
      if (b === a) continue;
      const [x, y] = variances[a]! < variances[b]! ? [a * d, b * d] : [b * d, a * d];
      let square = 0;
      let along = 0;
      let apart = 0;
      for (let i = 0; i < d; i++) {
        const difference = inputs[x + i]! - inputs[y + i]!;
        square += inputs[x + i]! ** 2;
        along += inputs[x + i]! * difference;
        apart += difference * difference;
      }
      const slant = square > 0 ? along / square : 0;
      let across = 0;
      for (let i = 0; i < d; i++) across += (inputs[x + i]! - inputs[y + i]! - slant * inputs[x + i]!) ** 2;
      const area = weight * square * weight * across + biasStd ** 2 * weight * apart;
      if (area > 0) result[k] = Math.min(1, area / variances[a]! / variances[b]!);
    }
    yield;
  }
  return result;
}

/**
 * The squared sine between two vectors of lengths `left` and `right` and this product, to both of which a component of square `bias` is
 * added: |u|^2 |v|^2 sin^2 grows by bias |u - v|^2, a sum of what is not negative.
 */
function withBias(left: number, product: number, right: number, sineSquared: number, bias: number): number {
  if (bias === 0) return sineSquared;
  const norm = left * right;
  const difference = (left - right) ** 2 + 2 * norm * versine(norm > 0 ? product / norm : 0, sineSquared);
  const [next, other] = [left * left + bias, right * right + bias];
  const before = ((left * left) / next) * ((right * right) / other) * sineSquared;
  return Math.min(1, before + (bias / next) * (difference / other));
}

/** `infiniteWidthKernels` as work that can be interrupted, with the layers' parts where `byLayer`. */
export function* kernelRecursion(
  architecture: Architecture,
  trainingInputs: Float64Array,
  training: number,
  test: Float64Array = new Float64Array(0),
  byLayer = false,
): Work<Kernels> {
  const { inputDimension: d, depth, activation, weightStd, biasStd } = architecture;
  const weightVariance = weightStd ** 2;
  const biasVariance = biasStd ** 2;
  const inputs = new Float64Array(trainingInputs.length + test.length);
  inputs.set(trainingInputs);
  inputs.set(test, trainingInputs.length);
  const points = training + test.length / d;
  const pairs: Pairs = { training, points };
  const covariance = new Float64Array(rowStart(pairs, points));
  for (let a = 0, k = 0; a < points; a++) {
    for (let j = 0; j < rowLength(pairs, a); j++, k++) {
      const b = partner(pairs, a, j);
      let product = 0;
      for (let i = 0; i < d; i++) product += inputs[a * d + i]! * inputs[b * d + i]!;
      covariance[k] = (weightVariance * product) / d + biasVariance;
    }
    yield;
  }
  const tangent = covariance.slice();
  const parts = byLayer ? [covariance.slice()] : [];
  const variances = Float64Array.from({ length: points }, (_, a) => covariance[diagonal(pairs, a)]!);
  const sines = yield* inputSines(architecture, inputs, variances, pairs);
  for (let layer = 0; layer < depth; layer++) {
    const moments = momentsBetween(activation);
    const series = activation.gaussianMoments ? undefined : yield* hermiteSeries(activation, variances);
    // Variances and deviations of what the layer's output has of its weights alone, at each point.
    const squares = new Float64Array(points);
    for (const [a, variance] of variances.entries()) {
      squares[a] = weightVariance * (series?.moments(a, a, 1) ?? moments(variance, variance, variance, 0)).value;
      yield;
    }
    const deviations = squares.map(Math.sqrt);
    for (let a = 0, k = 0; a < points; a++) {
      for (let j = 0; j < rowLength(pairs, a); j++, k++) {
        const b = partner(pairs, a, j);
        if (!(activation.gaussianMoments || series) || k % SLICE === 0) yield;
        const [suu, suv, svv, sineSquared] = [variances[a]!, covariance[k]!, variances[b]!, sines[k]!];
        const correlation = series ? correlationOf(suu, suv, svv) : 0;
        const pair: Moments = series?.moments(a, b, correlation) ?? moments(suu, suv, svv, sineSquared);
        let product = weightVariance * pair.value;
        if (a !== b) {
          let sine = sineSquaredBetween(squares[a]!, product, squares[b]!);
          if (sine < CLOSE) {
            sine =
              series?.sineSquared(a, b, correlation, sineSquared) ??
              activation.sineSquared?.(suu, suv, svv, sineSquared) ??
              pair.sineSquared ??
              sine;
            product = Math.sign(product) * geometricMean(squares[a]!, squares[b]!) * Math.sqrt(1 - sine);
          }
          sines[k] = withBias(deviations[a]!, product, deviations[b]!, sine, biasVariance);
        }
        covariance[k] = product + biasVariance;
        const back = weightVariance * pair.slope;
        tangent[k] = covariance[k]! + back * tangent[k]!;
        for (const part of parts) part[k]! *= back;
      }
    }
    for (let a = 0; a < points; a++) variances[a] = covariance[diagonal(pairs, a)]!;
    if (byLayer) parts.push(covariance.slice());
  }
  const between = { nngp: yield* trainingBlock(covariance, pairs), ntk: yield* trainingBlock(tangent, pairs) };
  const layers: Float64Array[] = [];
  for (const part of parts) layers.push(yield* trainingBlock(part, pairs));
  const trained = byLayer ? { ...between, layers } : between;
  if (points === training) return trained;
  return {
    ...trained,
    test: {
      nngp: testBlock(covariance, pairs),
      ntk: testBlock(tangent, pairs),
      variance: variances.subarray(training),
    },
  };
}
