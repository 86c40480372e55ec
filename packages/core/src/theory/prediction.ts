/**
 * What an infinitely wide ensemble does in discrete time (physics.md section 1), exactly: for any potential the recursion
 *   phi(t+1) - phi(t) = beta (phi(t) - phi(t-1)) - eta Theta V'(phi(t)),   phi(-1) = phi(0),
 * and for quadratic V the mean and covariance of the outputs, whose propagator is a function of Theta.
 */
import { complete, type Work } from "../cooperate.ts";
import { type Eigen, eigen } from "../linalg/eigen.ts";
import { forceWeight, type Subsets } from "../network/subsets.ts";
import { hasKinks } from "../potential/differentiate.ts";
import type { Potential } from "../potential/potential.ts";
import type { TestKernels } from "./kernels.ts";

export interface Dynamics {
  /** D; of several outputs together D C, datum after datum. */
  readonly points: number;
  /** C where `points` has as many numbers of each datum; 1 unless given. */
  readonly outputs?: number | undefined;
  /** Theta, [points][points]. */
  readonly theta: Float64Array;
  readonly potential: Potential;
  readonly learningRate: number;
  readonly momentum: number;
  /** Mini-batches, where V' is that of a step's data only. */
  readonly subsets?: Subsets | undefined;
}

/** Multiplications and additions of `recursionWork` between two yields, a millisecond of them, or one step's where it has more. */
const PIECE = 2 ** 18;

/** `recursion` as work that can be interrupted. */
export function* recursionWork(
  dynamics: Dynamics,
  initial: ArrayLike<number>,
  record: ArrayLike<number>,
): Work<Float64Array> {
  const { points, outputs = 1, theta, potential, learningRate, momentum, subsets } = dynamics;
  const result = new Float64Array(record.length * points);
  const phi = Float64Array.from(initial);
  const velocity = new Float64Array(points);
  const force = new Float64Array(points);
  let done = 0;
  for (let t = 0, r = 0; r < record.length; t++) {
    if (record[r] === t) result.set(phi, r++ * points);
    if (r === record.length) break;
    const slopes = potential.gradients(0, [phi], points);
    for (let a = 0; a < points; a++) force[a] = forceWeight(subsets, t, Math.floor(a / outputs)) * slopes[a]!;
    for (let a = 0; a < points; a++) {
      let push = 0;
      for (let b = 0; b < points; b++) push += theta[a * points + b]! * force[b]!;
      velocity[a] = momentum * velocity[a]! - learningRate * push;
    }
    for (let a = 0; a < points; a++) phi[a]! += velocity[a]!;
    done += points * points;
    if (done < PIECE) continue;
    done = 0;
    yield;
  }
  return result;
}

/**
 * phi at the ascending steps `record`, [record.length][D], from phi(0) = `initial` and no velocity. Throws RangeError where they do not
 * ascend, or arrays do not have the sizes of D.
 */
export function recursion(dynamics: Dynamics, initial: ArrayLike<number>, record: ArrayLike<number>): Float64Array {
  const { points, theta } = dynamics;
  if (initial.length !== points || theta.length !== points ** 2)
    throw new RangeError(`${points} points have ${points} initial values and ${points ** 2} of Theta`);
  for (let r = 0; r < record.length; r++) {
    if (!(Number.isInteger(record[r]) && record[r]! > (r > 0 ? record[r - 1]! : -1)))
      throw new RangeError(`recorded steps are ascending whole numbers from 0, not ${Array.from(record).join(", ")}`);
  }
  return complete(recursionWork(dynamics, initial, record));
}

/** V'' of a potential that is quadratic with its extremum at phi = 0; undefined for any other. */
export function quadraticMass(potential: Potential): number | undefined {
  const curvature = potential.tree.hessian[0]![0]!;
  // The derivative of |phi| is flat wherever it is defined, and so is that of the slope of |phi| + phi^2/2.
  const quadratic = curvature.kind === "number" && potential.gradient(0, 0) === 0 && !hasKinks(potential.tree.value);
  return quadratic ? curvature.value : undefined;
}

/** What an infinitely wide ensemble predicts at P test inputs. */
export interface TestPrediction {
  /** Mean and standard deviation of f* over the ensemble, [P] each. */
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/**
 * Off the training points, for quadratic V with V'' = `massSquared`, after `steps` steps: every step moves f* by Theta_* times what it moves
 * f by Theta, so that f*(t) = f*(0) - B (f(0) - y) with B = Theta_* Theta^-1 (1 - P), and
 *   mean* = B y,  covariance* = K_** - B K_*^T - K_* B^T + B K B^T
 * (Lee et al., arXiv:1902.06720, eq. 14 and 15, in discrete time and with momentum). Theta^-1 (1 - P) is summed step by step as a function
 * of Theta's eigenvalues, so that vanishing ones do no harm.
 * @param nngp K, [D][D]
 * @param targets y, [D]
 * @param spectrum of Theta
 */
export function testPrediction(
  dynamics: Omit<Dynamics, "potential" | "theta">,
  massSquared: number,
  nngp: Float64Array,
  test: TestKernels,
  targets: Float64Array,
  steps: number,
  spectrum: Eigen,
): TestPrediction {
  const { points: D, learningRate, momentum } = dynamics;
  const { values, vectors } = spectrum;
  const P = test.variance.length;
  const rate = learningRate * massSquared;
  // (1 - p)/lambda: the recursion of the propagators, divided by lambda.
  const gains = Float64Array.from(values, (lambda) => {
    const x = rate * lambda;
    let [before, present] = [0, 0];
    for (let t = 0; t < steps; t++)
      [before, present] = [present, (1 + momentum - x) * present - momentum * before + rate];
    return present;
  });
  const mean = new Float64Array(P);
  const std = new Float64Array(P);
  for (let p = 0; p < P; p++) {
    const at = p * D;
    // Row p of B, by the eigenvectors.
    const b = new Float64Array(D);
    for (let i = 0; i < D; i++) {
      let overlap = 0;
      for (let a = 0; a < D; a++) overlap += test.ntk[at + a]! * vectors[a * D + i]!;
      for (let a = 0; a < D; a++) b[a]! += gains[i]! * overlap * vectors[a * D + i]!;
    }
    let variance = test.variance[p]!;
    for (let a = 0; a < D; a++) {
      mean[p]! += b[a]! * targets[a]!;
      let back = -2 * test.nngp[at + a]!;
      for (let c = 0; c < D; c++) back += nngp[a * D + c]! * b[c]!;
      variance += b[a]! * back;
    }
    std[p] = Math.sqrt(Math.max(0, variance));
  }
  return { mean, std };
}

/** The propagators p_i(t) of phi's modes for x_i = eta lambda_i V'', at the ascending steps `record`: [record.length][D]. */
function propagators(x: Float64Array, momentum: number, record: ArrayLike<number>): Float64Array {
  const result = new Float64Array(record.length * x.length);
  const previous = new Float64Array(x.length).fill(1);
  const present = new Float64Array(x.length).fill(1);
  for (let t = 0, r = 0; r < record.length; t++) {
    if (record[r] === t) result.set(present, r++ * x.length);
    for (let i = 0; i < x.length; i++) {
      const next = (1 + momentum - x[i]!) * present[i]! - momentum * previous[i]!;
      previous[i] = present[i]!;
      present[i] = next;
    }
  }
  return result;
}

export interface QuadraticPrediction {
  /** Mean of f over the ensemble at step record[r], [D]. */
  mean(r: number): Float64Array;
  /** Covariance of f over the ensemble at step record[r], [D][D]. */
  covariance(r: number): Float64Array;
  /** The same as work that can be interrupted. */
  covarianceWork(r: number): Work<Float64Array>;
  /** Its diagonal, [D], for half of the work. */
  varianceWork(r: number): Work<Float64Array>;
}

/** Rows `a` to `a` + 3 of left right^T: four independent sums, and a row of `right` is read once for them. */
function multiplyRows(left: Float64Array, right: Float64Array, points: number, a: number, result: Float64Array): void {
  // Beyond the last row the last again.
  const last = points - 1;
  const row0 = a * points;
  const row1 = Math.min(a + 1, last) * points;
  const row2 = Math.min(a + 2, last) * points;
  const row3 = Math.min(a + 3, last) * points;
  for (let b = 0; b < points; b++) {
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let c = 0; c < points; c++) {
      const factor = right[b * points + c]!;
      sum0 += left[row0 + c]! * factor;
      sum1 += left[row1 + c]! * factor;
      sum2 += left[row2 + c]! * factor;
      sum3 += left[row3 + c]! * factor;
    }
    result[row0 + b] = sum0;
    result[row1 + b] = sum1;
    result[row2 + b] = sum2;
    result[row3 + b] = sum3;
  }
}

/** left right^T of [points][points] each. */
function* multiply(left: Float64Array, right: Float64Array, points: number): Work<Float64Array> {
  const result = new Float64Array(points * points);
  for (let a = 0; a < points; a += 4) {
    multiplyRows(left, right, points, a, result);
    yield;
  }
  return result;
}

function transpose(matrix: Float64Array, points: number): Float64Array {
  return Float64Array.from(matrix, (_, i) => matrix[(i % points) * points + Math.floor(i / points)]!);
}

/**
 * Mean y + P (0 - y) and covariance P K P^T of f at the steps `record` for quadratic V with V'' = `massSquared`, P = U p U^T the propagator
 * in Theta's eigenbasis `spectrum`.
 * @param nngp K, [D][D]
 * @param targets y, [D]
 */
export function quadraticPrediction(
  dynamics: Omit<Dynamics, "potential">,
  massSquared: number,
  nngp: Float64Array,
  targets: Float64Array,
  record: ArrayLike<number>,
  spectrum: Eigen = eigen(dynamics.theta, dynamics.points),
): QuadraticPrediction {
  const { points, learningRate, momentum } = dynamics;
  const { values, vectors } = spectrum;
  const x = values.map((lambda) => learningRate * lambda * massSquared);
  const p = propagators(x, momentum, record);
  const amplitudes = new Float64Array(points);
  for (let a = 0; a < points; a++)
    for (let i = 0; i < points; i++) amplitudes[i]! += vectors[a * points + i]! * targets[a]!;
  const transposed = transpose(vectors, points);
  let known: Float64Array | undefined;
  /** K U. */
  function* image(): Work<Float64Array> {
    known ??= yield* multiply(nngp, transposed, points);
    return known;
  }
  /** U p (K U)^T U p at record r, of which U^T from the right makes P K P^T. */
  function* half(r: number): Work<Float64Array> {
    const scaled = vectors.map((value, i) => value * p[r * points + (i % points)]!);
    const across = yield* multiply(scaled, yield* image(), points);
    return (yield* multiply(across, transposed, points)).map((value, i) => value * p[r * points + (i % points)]!);
  }
  function* covarianceWork(r: number): Work<Float64Array> {
    return yield* multiply(yield* half(r), vectors, points);
  }
  return {
    mean(r) {
      return Float64Array.from(targets, (y, a) => {
        let left = 0;
        for (let i = 0; i < points; i++) left += vectors[a * points + i]! * p[r * points + i]! * amplitudes[i]!;
        return y - left;
      });
    },
    covariance: (r) => complete(covarianceWork(r)),
    covarianceWork,
    *varianceWork(r) {
      const rows = yield* half(r);
      return Float64Array.from(targets, (_, a) => {
        let sum = 0;
        for (let i = a * points; i < (a + 1) * points; i++) sum += rows[i]! * vectors[i]!;
        return Math.max(0, sum);
      });
    },
  };
}
