/** Statistics of samples in pairs: the pairs' means are independent, their members are not. */
import { Moments } from "../network/statistics.ts";

export class PairedMoments {
  readonly all: Moments;
  private readonly pairs: Moments;
  private readonly size: number;

  constructor(size: number, options: { readonly covariance: boolean }) {
    this.size = size;
    this.all = new Moments(size, options);
    this.pairs = new Moments(size, { covariance: false });
  }

  /** Adds the two vectors at `offset` of `values`. */
  add(values: Float64Array, offset: number): void {
    const { size } = this;
    this.all.add(values, offset);
    this.all.add(values, offset + size);
    this.pairs.add(
      Float64Array.from({ length: size }, (_, a) => (values[offset + a]! + values[offset + size + a]!) / 2),
    );
  }

  mean(): Float64Array {
    return this.pairs.mean;
  }

  meanError(): Float64Array {
    return Float64Array.from(this.pairs.mean, (_, a) => Math.sqrt(this.pairs.variance(a) / this.pairs.count));
  }

  std(): Float64Array {
    return this.all.std();
  }
}
