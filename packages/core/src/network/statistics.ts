/**
 * Ensemble statistics that grow batch by batch and do not depend on the batching: means and co-moments merged by the pairwise update of
 * Chan, Golub and LeVeque (Am. Stat. 37 (1983) 242), in float64.
 */

/** Mean and covariance of vectors of `size` numbers, one vector a network. */
export class Moments {
  count = 0;
  readonly mean: Float64Array;
  /** Sum of (x - mean)(x - mean)^T, or of its diagonal only. */
  private readonly comoment: Float64Array;
  private readonly size: number;
  private readonly full: boolean;
  /** A vector less the mean before it. */
  private readonly before: Float64Array;

  constructor(size: number, { covariance }: { readonly covariance: boolean }) {
    this.size = size;
    this.full = covariance;
    this.mean = new Float64Array(size);
    this.before = new Float64Array(size);
    this.comoment = new Float64Array(covariance ? size * size : size);
  }

  /** Adds one network's vector, every `stride`-th number of `values` from `offset` on. */
  add(values: ArrayLike<number>, offset = 0, stride = 1): void {
    const { size, mean, comoment, before } = this;
    const count = ++this.count;
    // (x - old mean)(x - new mean)^T: the update for one more sample.
    if (!this.full) {
      for (let a = 0, at = offset; a < size; a++, at += stride) {
        const apart = values[at]! - mean[a]!;
        mean[a]! += apart / count;
        comoment[a]! += apart * (values[at]! - mean[a]!);
      }
      return;
    }
    for (let a = 0; a < size; a++) {
      before[a] = values[offset + a * stride]! - mean[a]!;
      mean[a]! += before[a]! / count;
    }
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) comoment[a * size + b]! += before[a]! * (values[offset + b * stride]! - mean[b]!);
  }

  /** Variance of element a about the mean, with 1/(count - 1); 0 for one sample. */
  variance(a: number): number {
    const moment = this.comoment[this.full ? a * this.size + a : a]!;
    return this.count > 1 ? Math.max(0, moment / (this.count - 1)) : 0;
  }

  /** Standard deviations, [size]. */
  std(): Float64Array {
    return this.mean.map((_, a) => Math.sqrt(this.variance(a)));
  }

  /** Covariance [size][size] about the mean, with 1/(count - 1); zero for one sample. */
  covariance(): Float64Array {
    return this.comoment.map((moment) => (this.count > 1 ? moment / (this.count - 1) : 0));
  }
}

/** ||x||^2 of the stretch of `values` of `length` numbers at `offset`, minus `reference` if given. */
export function squaredNorm(
  values: ArrayLike<number>,
  offset: number,
  length: number,
  reference?: ArrayLike<number>,
  at = 0,
): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (values[offset + i]! - (reference ? reference[at + i]! : 0)) ** 2;
  return sum;
}

/** [rows][columns] from a flat array. */
export function nested(flat: ArrayLike<number>, columns: number): number[][] {
  return Array.from({ length: flat.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => flat[row * columns + column]!),
  );
}
