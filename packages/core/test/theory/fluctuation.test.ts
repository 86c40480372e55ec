/** The tangent kernel's fluctuation at finite width: its moments against independent integrals, closed forms against series and quadrature. */
import { complete } from "@slowroll/core/cooperate";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { type Activation, activationNamed, activations } from "@slowroll/core/network/activations";
import { jointKernel } from "@slowroll/core/network/outputs";
import { squaredNorm } from "@slowroll/core/network/statistics";
import { compilePotential } from "@slowroll/core/potential/compile";
import { kernelFluctuation } from "@slowroll/core/theory/fluctuation";
import { infiniteWidthKernels } from "@slowroll/core/theory/kernels";
import { describe, expect, it } from "vitest";
import { referenceEnsemble } from "../../../../tests/reference/ensemble.ts";

const inputs = Float64Array.of(1, 0.2, -0.5, 1.1, 0.3, 0.4, -1.2, 0.9);
const points = 4;
const architectureOf = (
  activation: Activation,
  changes: { depth?: number; width?: number; weightStd?: number } = {},
) => ({
  inputDimension: 2,
  depth: 1,
  width: 64,
  weightStd: 1.3,
  biasStd: 0.3,
  activation,
  ...changes,
});
const fluctuationOf = (architecture: ReturnType<typeof architectureOf>): number | undefined =>
  complete(kernelFluctuation(architecture, inputs, infiniteWidthKernels(architecture, inputs, points)));

/** E[f(u, v)] for unit normals u and v on a dense grid. */
function dense(f: (u: number, v: number) => number): number {
  const step = 1 / 10;
  const weights = Array.from({ length: 18 / step + 1 }, (_, i) => Math.exp(-((i * step - 9) ** 2) / 2) * step);
  let sum = 0;
  for (const [i, left] of weights.entries())
    for (const [j, right] of weights.entries()) sum += left * right * f(i * step - 9, j * step - 9);
  return sum / (2 * Math.PI);
}

describe("the kernel's fluctuation", () => {
  it.each(["erf", "tanh", "gelu", "sin", "linear"])(
    "of %s is the standard deviation of its units' kernels, integrated densely",
    (name) => {
      const { value, derivative } = activationNamed(name);
      const architecture = architectureOf(activationNamed(name));
      const { weightStd, biasStd, width } = architecture;
      const { ntk } = infiniteWidthKernels(architecture, inputs, points);
      let variance = 0;
      for (let a = 0; a < points; a++) {
        for (let b = 0; b < points; b++) {
          const shared = (i: number, j: number): number =>
            (weightStd ** 2 * (inputs[2 * i]! * inputs[2 * j]! + inputs[2 * i + 1]! * inputs[2 * j + 1]!)) / 2 +
            biasStd ** 2;
          const [suu, suv, svv] = [shared(a, a), shared(a, b), shared(b, b)];
          const across = Math.sqrt(Math.max(0, svv - suv ** 2 / suu));
          // w^2 has mean 1 and mean square 3.
          const square = dense((x, y) => {
            const u = Math.sqrt(suu) * x;
            const v = (suv / suu) * u + across * y;
            const values = value(u) * value(v);
            const slopes = suv * derivative(u) * derivative(v);
            return values ** 2 + 2 * values * slopes + 3 * slopes ** 2;
          });
          variance += weightStd ** 4 * square - (ntk[a * points + b]! - biasStd ** 2) ** 2;
        }
      }
      const norm = ntk.reduce((sum, element) => sum + element ** 2, 0);
      expect(fluctuationOf(architecture)).toBeCloseTo(Math.sqrt(variance / width / norm), 10);
    },
  );

  it.each([0, 0.3, 1.2, Math.PI / 2, 2.5, Math.PI])(
    "of relu has the moments of two normals at an angle of %d",
    (angle) => {
      const [suu, svv] = [1.7, 0.4];
      const suv = Math.sqrt(suu * svv) * Math.cos(angle);
      const moments = activations.relu!.squaredMoments!(suu, suv, svv);
      // In polar coordinates, with E[r^4] = 8 and E[r^2] = 2.
      const count = 200_000;
      const sums = [0, 0, 0];
      for (let i = 0; i < count; i++) {
        const at = (2 * Math.PI * (i + 0.5)) / count;
        const [u, v] = [Math.max(0, Math.cos(at)), Math.max(0, Math.cos(at - angle))];
        sums[0]! += (8 * suu * svv * (u * v) ** 2) / count;
        sums[1]! += (2 * Math.sqrt(suu * svv) * u * v) / count;
        sums[2]! += (u > 0 && v > 0 ? 1 : 0) / count;
      }
      expect(moments.square).toBeCloseTo(sums[0]!, 7);
      expect(moments.product).toBeCloseTo(sums[1]!, 7);
      expect(moments.slopeSquare).toBeCloseTo(sums[2]!, 4);
    },
  );

  it.each([1, 2, 4])("of %d outputs is that of networks drawn, whose outputs push each other", async (outputs) => {
    const architecture = { ...architectureOf(activationNamed("tanh"), { width: 12 }), outputs };
    const expected = fluctuationOf(architecture)!;
    const { ntk } = infiniteWidthKernels(architecture, inputs, points);
    const count = 2000;
    const job: EnsembleJob = {
      architecture,
      seed: 7,
      inputs,
      targets: new Float64Array(points * outputs),
      potential: await compilePotential("quadratic"),
      learningRate: 0,
      momentum: 0,
      steps: 0,
      recordOutputs: [],
      recordKernels: [0],
      networks: { first: 0, count },
    };
    const infinite = jointKernel(ntk, points, outputs);
    const { kernels } = referenceEnsemble(job);
    const squares = Array.from(
      { length: count },
      (_, m) =>
        squaredNorm(kernels, m * infinite.length, infinite.length, infinite) /
        squaredNorm(infinite, 0, infinite.length),
    );
    const mean = squares.reduce((sum, value) => sum + value, 0) / count;
    const error = Math.sqrt(squares.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / count;
    expect(error / mean).toBeLessThan(0.05);
    expect(Math.abs(mean - expected ** 2)).toBeLessThan(5 * error);
  });

  it("falls as the root of the width, and is left out for more layers", () => {
    const erf = activationNamed("erf");
    expect(fluctuationOf(architectureOf(erf, { width: 16 }))! / fluctuationOf(architectureOf(erf))!).toBeCloseTo(2, 12);
    expect(fluctuationOf(architectureOf(erf, { depth: 2 }))).toBeUndefined();
  });

  it("of sin is the same in closed form and integrated, where no series ends", () => {
    const { squaredMoments: _closed, ...numeric } = activations.sin!;
    const changes = { weightStd: 6 };
    expect(fluctuationOf(architectureOf(numeric, changes))).toBeCloseTo(
      fluctuationOf(architectureOf(activations.sin!, changes))!,
      9,
    );
  });

  it("is left out where an integral does not converge", () => {
    const { squaredMoments: _closed, ...numeric } = activations.relu!;
    expect(fluctuationOf(architectureOf(numeric))).toBeUndefined();
  });

  it("of networks without weights and biases is none", () => {
    const silent = { ...architectureOf(activationNamed("erf"), { weightStd: 0 }), biasStd: 0 };
    expect(fluctuationOf(silent)).toBe(0);
  });
});
