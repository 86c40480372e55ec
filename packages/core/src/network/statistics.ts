/**
 * Ensemble statistics that grow batch by batch and do not depend on the batching: means and co-moments merged by the pairwise update of
 * Chan, Golub and LeVeque (Am. Stat. 37 (1983) 242), in float64.
 */

/** Mean and covariance of vectors of `size` numbers, one vector a network. */
export class Moments {
  count = 0;
  readonly mean: Float64Array;
  /** Sum of (x - mean)(x - mean)^T, of which only what is right of the diagonal is kept up, or of its diagonal only. */
  private readonly comoment: Float64Array;
  private readonly size: number;
  private readonly full: boolean;
  /** With `full`, a vector less the mean before it, and after it. */
  private readonly before: Float64Array;
  private readonly after: Float64Array;

  constructor(size: number, { covariance }: { readonly covariance: boolean }) {
    this.size = size;
    this.full = covariance;
    this.mean = new Float64Array(size);
    this.before = new Float64Array(covariance ? size : 0);
    this.after = new Float64Array(covariance ? size : 0);
    this.comoment = new Float64Array(covariance ? size * size : size);
  }

  /** Adds one network's vector, every `stride`-th number of `values` from `offset` on. */
  add(values: ArrayLike<number>, offset = 0, stride = 1): void {
    const { size, mean, comoment, before, after } = this;
    const share = 1 / ++this.count;
    // (x - old mean)(x - new mean)^T: the update for one more sample.
    if (!this.full) {
      for (let a = 0, at = offset; a < size; a++, at += stride) {
        const value = values[at]!;
        const apart = value - mean[a]!;
        const moved = mean[a]! + apart * share;
        mean[a] = moved;
        comoment[a]! += apart * (value - moved);
      }
      return;
    }
    for (let a = 0; a < size; a++) {
      before[a] = values[offset + a * stride]! - mean[a]!;
      mean[a]! += before[a]! * share;
      after[a] = values[offset + a * stride]! - mean[a]!;
    }
    for (let a = 0; a < size; a++) {
      const apart = before[a]!;
      for (let b = a; b < size; b++) comoment[a * size + b]! += apart * after[b]!;
    }
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
    const { size, comoment } = this;
    const share = this.count > 1 ? 1 / (this.count - 1) : 0;
    return comoment.map((_, i) => {
      const [a, b] = [Math.floor(i / size), i % size];
      return share * comoment[a < b ? i : b * size + a]!;
    });
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
  if (!reference) for (let i = offset; i < offset + length; i++) sum += values[i]! * values[i]!;
  else
    for (let i = 0; i < length; i++) {
      const apart = values[offset + i]! - reference[at + i]!;
      sum += apart * apart;
    }
  return sum;
}
