/**
 * How large an ensemble's weights and biases are and how far training moves them. In NTK parametrisation they start as standard normals of
 * mean square one, and all of them together move by order one, however many there are: lazily (Chizat, Oyallon and Bach, NeurIPS 2019).
 */
import { type Architecture, type EnsembleBatch, outputsOf } from "../engine/ensembleJob.ts";

/** [K] are the steps whose kernels were recorded, [L + 1] the layers that parameters lead into, the output's last. */
export interface ParameterNormSeries {
  readonly times: number[];
  /** Mean over networks of |theta|^2 over the number of parameters, [K][L + 1]. */
  readonly meanSquare: number[][];
  /** Mean over networks of |theta(t) - theta(0)|/|theta(0)|, [K]. */
  readonly distance: number[];
  /** The same of each layer's parameters alone, [K][L + 1]. */
  readonly layerDistance: number[][];
}

/** Numbers of weights and biases into each layer, [L + 1]. */
function parameterCounts(architecture: Architecture): number[] {
  const { inputDimension, depth, width } = architecture;
  const outputs = outputsOf(architecture);
  return Array.from(
    { length: depth + 1 },
    (_, l) => ((l === 0 ? inputDimension : width) + 1) * (l < depth ? width : outputs),
  );
}

export class ParameterNorms {
  private readonly counts: readonly number[];
  private readonly steps: readonly number[];
  /** [K][L + 1] sums over networks; distances have one more, of all parameters. */
  private readonly squares: Float64Array[];
  private readonly distances: Float64Array[];
  private networks = 0;

  constructor(architecture: Architecture, steps: readonly number[]) {
    this.counts = parameterCounts(architecture);
    this.steps = steps;
    this.squares = steps.map(() => new Float64Array(this.counts.length));
    this.distances = steps.map(() => new Float64Array(this.counts.length + 1));
  }

  /** Adds network `m` of a batch. */
  add({ norms }: EnsembleBatch, m: number): void {
    const layers = this.counts.length;
    const first = m * this.steps.length * 2 * layers;
    for (const [k, squares] of this.squares.entries()) {
      let [moved, start] = [0, 0];
      for (let l = 0; l < layers; l++) {
        const [initial, at] = [first + 2 * l, first + 2 * (k * layers + l)];
        squares[l]! += norms[at]!;
        this.distances[k]![l]! += Math.sqrt(norms[at + 1]! / norms[initial]!);
        moved += norms[at + 1]!;
        start += norms[initial]!;
      }
      this.distances[k]![layers]! += Math.sqrt(moved / start);
    }
    this.networks++;
  }

  /** The first `records` records. */
  series(records: number): ParameterNormSeries {
    const { counts, networks } = this;
    const distances = this.distances.slice(0, records);
    return {
      times: this.steps.slice(0, records),
      meanSquare: this.squares.slice(0, records).map((sums) => counts.map((count, l) => sums[l]! / networks / count)),
      distance: distances.map((sums) => sums[counts.length]! / networks),
      layerDistance: distances.map((sums) => counts.map((_, l) => sums[l]! / networks)),
    };
  }
}
