/** Theory beyond the quadratic loss, and the first corrections in 1/width, against trained ensembles. */
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { activations } from "@slowroll/core/network/activations";
import { networkStudy } from "@slowroll/core/network/run";
import type { NetworkStudy } from "@slowroll/core/network/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "auto", adapter: "auto", precision: "float32" });
});
afterAll(() => engine.close());

describe.each(["doubleWell", "quartic"])("2,048 networks of width 1,024 in a %s loss", (potential) => {
  const width = 1024;
  const size = 2048;
  const given: NetworkStudy = {
    network: { depth: 1, width, activation: "erf", weightStd: 1.5, biasStd: 0.1 },
    data: {
      inputs: { circle: { points: 8 } },
      targets: "sin(theta) + 0.5*cos(2*theta)",
      test: { inputs: { circle: { points: 20 } } },
    },
    training: { learningRate: { relative: 0.03 }, momentum: 0.5, steps: 60, potential, recordEvery: 10 },
    ensemble: { size, seed: 7 },
  };
  it("have the sampled theory's mean, band and loss, on the data and off them, within 5 standard errors and the finite-width size", async () => {
    const { result } = await networkStudy(given, engine);
    const { mean, std, loss, theory, test } = result;
    expect(theory!.samples).toBe(8192);
    const finiteWidth = 2 / width;
    const agree = (
      [f, spread]: [number, number],
      [want, band, error]: [number, number, number],
      where: string,
    ): void => {
      expect(Math.abs(f - want), `mean ${where}`).toBeLessThan(
        5 * Math.hypot(spread / Math.sqrt(size), error) + finiteWidth,
      );
      expect(Math.abs(spread - band), `band ${where}`).toBeLessThan(
        5 * Math.hypot(spread / Math.sqrt(2 * size), band / Math.sqrt(8192)) + finiteWidth,
      );
    };
    for (const [t, means] of mean.entries()) {
      for (const [a, f] of means.entries())
        agree(
          [f, std[t]![a]!],
          [theory!.mean[t]![a]!, theory!.std![t]![a]!, theory!.meanError![t]![a]!],
          `${a} at record ${t}`,
        );
      // The loss of one network varies as much as its mean.
      expect(Math.abs(loss[t]! / theory!.loss![t]! - 1), `loss at record ${t}`).toBeLessThan(6 / Math.sqrt(size));
    }
    for (const [p, f] of test!.mean.entries())
      agree(
        [f, test!.std[p]!],
        [test!.theory!.mean[p]!, test!.theory!.std[p]!, test!.theory!.meanError![p]!],
        `test input ${p}`,
      );
  });
});

describe("a linear network of one datum past the learning rate that infinite width bears", () => {
  const width = 1024;
  it.each([1, 2, 3])(
    "is caught where its kernel has fallen below 2/eta, by the exact law of f and Theta, seed %i",
    async (seed) => {
      const { result } = await networkStudy(
        {
          network: { depth: 1, width, activation: "linear", weightStd: 1, biasStd: 0 },
          data: { inputs: [[1]], targets: [0] },
          training: { learningRate: { relative: 3 }, momentum: 0, steps: 60, potential: "quadratic", recordEvery: 1 },
          ensemble: { size: 1, seed },
        },
        engine,
      );
      expect(result.warnings.join()).toContain("is unstable at infinite width; finite networks may settle");
      const { eta, mean, loss } = result;
      // Lewkowycz et al., arXiv:2003.02218, equations 4 and 5.
      let f = mean[0]![0]!;
      let kernel = result.kernelInitial![0]![0]!;
      const peak = Math.max(...loss);
      for (const [t, [measured]] of mean.entries()) {
        expect(Math.abs(measured! - f), `step ${t}`).toBeLessThan(1e-3 * Math.sqrt(2 * peak));
        [f, kernel] = [
          f * (1 - eta * kernel + (eta * f) ** 2 / width),
          kernel + ((eta * f * f) / width) * (eta * kernel - 4),
        ];
      }
      expect(peak).toBeGreaterThan(100 * loss[0]!);
      expect(loss.at(-1)!).toBeLessThan(loss[0]!);
      expect(result.kernelFinal![0]![0]! * eta).toBeLessThan(2);
      expect(result.kernelFinal![0]![0]!).toBeCloseTo(kernel, 3);
    },
  );
});

describe("the kernel's fluctuation at initialisation", () => {
  it.each(Object.keys(activations))("of 4,096 networks of 128 units, %s, is theory's", async (activation) => {
    const { result } = await networkStudy(
      {
        network: { depth: 1, width: 128, activation, weightStd: 1.5, biasStd: 0.4 },
        data: { inputs: { gaussian: { points: 6, dimension: 3, seed: 2 } }, targets: "x0" },
        training: {
          learningRate: { relative: 0.1 },
          momentum: 0,
          steps: 1,
          potential: "quadratic",
          recordEvery: 1,
        },
        ensemble: { size: 4096, seed: 3 },
      },
      engine,
    );
    expect(Math.abs(result.kernelFluctuation / result.theory!.kernelFluctuation! - 1)).toBeLessThan(0.03);
  });
});
