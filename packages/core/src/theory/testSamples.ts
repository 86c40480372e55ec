/**
 * Sampled ensembles (sampling.ts) off their training points: f* is where f*(0) was, as far as f(0) tells, and the way that the force at the
 * training points has moved it, f*(t+1) - f*(t) = beta (f*(t) - f*(t-1)) - eta Theta_* V'(phi(t)).
 */
import type { Work } from "../cooperate.ts";
import { type Eigen, eigenvalueRounding } from "../linalg/eigen.ts";
import type { TestKernels } from "./kernels.ts";
import { PairedMoments } from "./pairedMoments.ts";
import type { Dynamics } from "./prediction.ts";

/**
 * What is known of f*(0) once f(0) = U sqrt(Lambda) z is: its mean A z with A = K_* U/sqrt(Lambda), [P][D], and the variance about it, [P].
 * Directions without variance carry nothing.
 */
function conditional(
  { values, vectors }: Eigen,
  { nngp, variance }: TestKernels,
): { slope: Float64Array; rest: Float64Array } {
  const D = values.length;
  const rounding = eigenvalueRounding(values);
  const slope = new Float64Array(nngp.length);
  const rest = variance.slice();
  for (let p = 0; p < variance.length; p++) {
    for (let i = 0; i < D; i++) {
      if (!(values[i]! > rounding)) continue;
      let overlap = 0;
      for (let a = 0; a < D; a++) overlap += nngp[p * D + a]! * vectors[a * D + i]!;
      slope[p * D + i] = overlap / Math.sqrt(values[i]!);
      rest[p]! -= slope[p * D + i]! ** 2;
    }
  }
  return { slope, rest: rest.map((value) => Math.max(0, value)) };
}

/** Follows f* of block after block of samples, and collects it after the last step. */
export class TestSamples {
  private readonly dynamics: Pick<Dynamics, "points" | "learningRate" | "momentum">;
  /** Theta_*, [P][D]. */
  private readonly ntk: Float64Array;
  private readonly known: { readonly slope: Float64Array; readonly rest: Float64Array };
  /** Of each output, [P]. */
  private readonly moments: readonly PairedMoments[];
  /** What moves f*, [C][samples][D]: its velocity is -eta Theta_* memory, and its way -eta Theta_* travel. */
  private memory = new Float64Array(0);
  private travel = new Float64Array(0);

  /** `initial`: eigenvalues and vectors of K. */
  constructor(dynamics: TestSamples["dynamics"], initial: Eigen, test: TestKernels, outputs: number) {
    this.dynamics = dynamics;
    this.ntk = test.ntk;
    this.known = conditional(initial, test);
    this.moments = Array.from(
      { length: outputs },
      () => new PairedMoments(test.variance.length, { covariance: false }),
    );
  }

  /** A block of samples, of so many numbers at the training points, is at its start. */
  begin(size: number): void {
    this.memory = new Float64Array(size);
    this.travel = new Float64Array(size);
  }

  /** It takes a step under the force at the training points. */
  step(force: Float64Array): void {
    const { memory, travel } = this;
    const { momentum } = this.dynamics;
    for (let i = 0; i < memory.length; i++) {
      memory[i] = momentum * memory[i]! + force[i]!;
      travel[i]! += memory[i]!;
    }
  }

  /** It has come to its end; z are the normals of the first half of each pair, the second halves' are of opposite sign. */
  *end(z: readonly Float64Array[]): Work<void> {
    const { ntk, known, travel, moments } = this;
    const { points: D, learningRate } = this.dynamics;
    const P = known.rest.length;
    const samples = 2 * z.length;
    for (const [c, of] of moments.entries()) {
      const moved = new Float64Array(samples * P);
      for (let s = 0; s < samples; s++) {
        const normals = z[s >> 1]!;
        const sign = s % 2 === 0 ? 1 : -1;
        for (let p = 0; p < P; p++) {
          let way = 0;
          let from = 0;
          for (let a = 0; a < D; a++) {
            way += ntk[p * D + a]! * travel[(c * samples + s) * D + a]!;
            from += known.slope[p * D + a]! * normals[a]!;
          }
          moved[s * P + p] = sign * from - learningRate * way;
        }
        yield;
      }
      for (let s = 0; s < samples; s += 2) of.add(moved, s * P);
    }
  }

  /** Of one output: mean of f* over the samples, its standard error and the standard deviation of f*, [P] each. */
  of(output: number): { mean: Float64Array; meanError: Float64Array; std: Float64Array } {
    const moments = this.moments[output]!;
    return {
      mean: moments.mean(),
      meanError: moments.meanError(),
      std: moments.std().map((std, p) => Math.sqrt(std * std + this.known.rest[p]!)),
    };
  }
}
