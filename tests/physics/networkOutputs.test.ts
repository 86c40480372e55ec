/** Several outputs of wide networks on the engine that a user gets here: each on the theory of itself alone. */
import { dualityStudy } from "@slowroll/core/duality/run";
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { networkStudy } from "@slowroll/core/network/run";
import type { NetworkStudy } from "@slowroll/core/network/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "auto", adapter: "auto", precision: "float32" });
});
afterAll(() => engine.close());

const width = 512;
const size = 400;
const study = (changes: Partial<NetworkStudy["training"]>): NetworkStudy => ({
  network: { depth: 1, width, activation: "erf", weightStd: 1.5, biasStd: 0.1 },
  data: {
    inputs: { circle: { points: 8 } },
    targets: ["cos(theta) + 0.4*cos(2*theta)", "sin(theta)", "0*theta"],
    test: { inputs: { circle: { points: 20 } } },
  },
  training: {
    learningRate: { relative: 0.5 },
    momentum: 0,
    steps: 100,
    potential: "quadratic",
    recordEvery: 20,
    ...changes,
  },
  ensemble: { size, seed: 5 },
});

describe.each<[string, Partial<NetworkStudy["training"]>]>([
  ["quadratic", {}],
  ["quartic", { potential: "quartic", learningRate: { relative: 0.02 }, momentum: 0.5 }],
])("400 networks of width 512 and three outputs, %s loss", (_, changes) => {
  it("have theory's means and bands at and off the data within 5 standard errors and the finite-width size", async () => {
    const { result } = await networkStudy<number[]>(study(changes), engine);
    const { mean, std, theory, test, loss } = result;
    // What one hidden layer of n units shifts by, beside the noise: some max|y|/n, whose size is 7 (tests/physics/network.test.ts).
    const finiteWidth = (7 * 1.4) / width;
    const agree = (
      measured: number[],
      spread: number[],
      want: number[],
      band: number[],
      error: number[] | undefined,
    ) => {
      for (const [c, f] of measured.entries()) {
        const noise = Math.hypot(spread[c]! / Math.sqrt(size), error?.[c] ?? 0);
        expect(Math.abs(f - want[c]!)).toBeLessThan(5 * noise + finiteWidth);
        expect(Math.abs(spread[c]! - band[c]!)).toBeLessThan((5 * spread[c]!) / Math.sqrt(2 * size) + finiteWidth);
      }
    };
    for (const t of result.times.keys()) {
      for (const [a, f] of mean[t]!.entries())
        agree(f, std[t]![a]!, theory!.mean[t]![a]!, theory!.std![t]![a]!, theory!.meanError?.[t]?.[a]);
      // One network's loss varies by no more than its mean; beyond the noise of 400 the end is of finite width.
      expect(Math.abs(loss[t]! - theory!.loss![t]!)).toBeLessThan((6 * theory!.loss![t]!) / Math.sqrt(size) + 0.02);
    }
    for (const [p, f] of test!.mean.entries())
      agree(f, test!.std[p]!, test!.theory!.mean[p]!, test!.theory!.std[p]!, test!.theory!.meanError?.[p]);
  });
});

describe("the kernel's fluctuation at initialisation", () => {
  it.each([1, 3])("of 2,048 networks of 128 units and %d outputs is theory's", async (outputs) => {
    const given = study({ steps: 1 });
    const targets = ["x0", "x1", "x0*x1"].slice(0, outputs);
    const { result } = await networkStudy(
      {
        ...given,
        network: { ...given.network, width: 128 },
        data: { inputs: { circle: { points: 6 } }, targets },
        ensemble: { size: 2048, seed: 3 },
      },
      engine,
    );
    expect(Math.abs(result.kernelFluctuation / result.theory!.kernelFluctuation! - 1)).toBeLessThan(0.03);
  });
});

describe("the duality of 200 networks of three outputs", () => {
  it("has the cosmological constant of one and finite width's powers, and its mean is that of its networks' duals", async () => {
    const widths = [128, width];
    const { result } = await dualityStudy<number[]>(
      {
        ...study({ steps: 60 }),
        ensemble: { size: 200, seed: 5 },
        duality: { background: true, regression: { bootstrap: 100 }, widths },
      },
      engine,
    );
    const { regression, scaling, background } = result;
    const { value, error, expected } = regression!.lambdaEta;
    expect(error! / expected).toBeLessThan(0.01);
    expect(Math.abs(value! / expected - 1)).toBeLessThan((3 * error!) / expected + 2 / width);
    expect(background!.errors.exact).toBeLessThan(1e-12);
    const { dualDeviation, kernelFluctuation, kernelDrift } = scaling!;
    expect(background!.deviation.value).toBeLessThan(
      (5 * dualDeviation.values[1]!) / Math.sqrt(200) + (7 * 1.4) / width,
    );
    for (const [w, n] of widths.entries()) {
      const given = study({ steps: 1 });
      const untrained = { ...given, network: { ...given.network, width: n }, ensemble: { size: 1, seed: 1 } };
      const { theory } = (await networkStudy<number[]>(untrained, engine)).result;
      const { values, errors } = kernelFluctuation;
      expect(Math.abs(values[w]! - theory!.kernelFluctuation!)).toBeLessThan(4 * errors[w]!);
    }
    // The leading powers are -1/2, -1/2 and -1, which drift comes to from shallower ones.
    expect(Math.abs(kernelFluctuation.exponent! + 0.5)).toBeLessThan(0.06);
    expect(Math.abs(dualDeviation.exponent! + 0.48)).toBeLessThan(0.08);
    expect(kernelDrift.exponent).toBeLessThan(-0.65);
    expect(kernelDrift.exponent).toBeGreaterThan(-1.05);
  });
});
