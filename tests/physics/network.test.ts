/** What the trained ensembles must show (physics.md sections 1 and 4), at full size on the engine that a user gets here. */
import { dualityStudy } from "@slowroll/core/duality/run";
import { measureScaling } from "@slowroll/core/duality/scaling";
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { type NetworkResult, networkStudy } from "@slowroll/core/network/run";
import { setupNetwork } from "@slowroll/core/network/setup";
import { Moments } from "@slowroll/core/network/statistics";
import type { NetworkStudy } from "@slowroll/core/network/study";
import { quadraticPrediction } from "@slowroll/core/theory/prediction";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "auto", adapter: "auto", precision: "float32" });
});
afterAll(() => engine.close());

const study = (changes: { width?: number; depth?: number; size?: number; steps?: number } = {}): NetworkStudy => ({
  network: { depth: changes.depth ?? 1, width: changes.width ?? 1024, activation: "erf", weightStd: 1.5, biasStd: 0.1 },
  data: { inputs: { circle: { points: 8 } }, targets: "sin(theta) + 0.5*cos(2*theta)" },
  training: {
    learningRate: { relative: 0.5 },
    momentum: 0,
    steps: changes.steps ?? 200,
    potential: "quadratic",
    recordEvery: 1,
  },
  ensemble: { size: changes.size ?? 512, seed: 1 },
});

describe("4,096 networks of width 1,024", () => {
  const plain = study({ size: 4096 });
  const given: NetworkStudy = { ...plain, data: { ...plain.data, test: { inputs: { circle: { points: 24 } } } } };
  const record = [0, 5, 20, 200];
  const D = 8;
  const moments = record.map(() => new Moments(D, { covariance: true }));
  let result: NetworkResult;
  beforeAll(async () => {
    // Of the outputs that the engine hands on, too, which the study's result has no covariance of at each step.
    const watched: Engine = {
      ...engine,
      trainEnsemble: (job, onBatch, control) =>
        engine.trainEnsemble(
          job,
          (batch) => {
            const { recordOutputs } = job;
            for (let m = 0; m < batch.count; m++)
              for (const [r, of] of moments.entries())
                of.add(batch.outputs, (m * recordOutputs.length + recordOutputs.indexOf(record[r]!)) * D);
            return onBatch(batch);
          },
          control,
        ),
    };
    ({ result } = await networkStudy(given, watched));
  });

  it("have theory's covariance and mean, each entry within 5 standard errors and the finite-width size", async () => {
    const setup = await setupNetwork(given);
    const { targets } = setup.data;
    expect(setup.data.points).toBe(D);
    expect(moments[0]!.count).toBe(given.ensemble.size);
    const prediction = quadraticPrediction(
      { points: D, theta: setup.kernels.ntk, learningRate: setup.eta, momentum: 0 },
      1,
      setup.kernels.nngp,
      targets,
      record,
    );
    const { width } = given.network;
    const N = given.ensemble.size;
    const largestTarget = Math.max(...targets.map(Math.abs));
    for (const [r, step] of record.entries()) {
      const covariance = prediction.covariance(r);
      const measured = moments[r]!.covariance();
      const mean = prediction.mean(r);
      for (let a = 0; a < D; a++) {
        // At step 0 the mean has no finite-width shift: only sampling.
        const meanError = 5 * Math.sqrt(moments[r]!.variance(a) / N) + (step > 0 ? (7 * largestTarget) / width : 0);
        expect(Math.abs(moments[r]!.mean[a]! - mean[a]!), `mean ${a} at step ${step}`).toBeLessThan(meanError);
        if (step === 200) continue;
        for (let b = 0; b < D; b++) {
          const [aa, bb, ab] = [covariance[a * D + a]!, covariance[b * D + b]!, covariance[a * D + b]!];
          const sampling = 5 * Math.sqrt((aa * bb + ab * ab) / N);
          const finiteWidth = (0.8 * setup.kernels.nngp[a * D + a]!) / width;
          // At step 0 f is a sum of independent units: its kurtosis widens the sampling error by order 1/width, within the same allowance.
          expect(Math.abs(measured[a * D + b]! - ab), `covariance ${a},${b} at step ${step}`).toBeLessThan(
            sampling + finiteWidth,
          );
        }
      }
    }
  });

  it("have theory's mean and band off the training points, within 5 standard errors and the finite-width size", () => {
    const { mean, std, theory, inputs } = result.test!;
    expect(inputs).toHaveLength(24);
    const N = given.ensemble.size;
    for (const [p, f] of mean.entries()) {
      const sampling = (5 * std[p]!) / Math.sqrt(N);
      expect(Math.abs(f - theory!.mean[p]!), `mean ${p}`).toBeLessThan(sampling + 10 / given.network.width);
      // On the training points the band is all but gone, and what is left is of finite width.
      expect(Math.abs(std[p]! - theory!.std[p]!), `band ${p}`).toBeLessThan(
        (5 * std[p]!) / Math.sqrt(2 * N) + 10 / given.network.width,
      );
    }
  });
});

describe("width", () => {
  it("gives the exponents and sizes of the free field's corrections, 400 networks, 200 steps", async () => {
    const widths = [256, 512, 1024, 2048, 4096];
    const { result } = await measureScaling(study({ size: 400 }), widths, engine);
    const near = (quantity: Exclude<keyof typeof result, "widths">, exponent: number, tolerance: number): void =>
      expect(Math.abs(result[quantity].exponent! - exponent), quantity).toBeLessThan(tolerance);
    near("kernelFluctuation", -0.5, 0.05);
    near("kernelDrift", -0.95, 0.06);
    near("linearisationError", -0.9, 0.1);
    near("dualDeviation", -0.48, 0.06);
    const sizes = {
      kernelFluctuation: [0.0906, 0.0627, 0.0448, 0.0316, 0.0226],
      kernelDrift: [0.033, 0.0176, 0.0091, 0.0048, 0.0024],
      dualDeviation: [0.0575, 0.0381, 0.0304, 0.0211, 0.0152],
      linearisationError: [0.0116, 0.0062, 0.0036, 0.002, 0.00098],
    } as const;
    for (const [quantity, values] of Object.entries(sizes) as [keyof typeof sizes, readonly number[]][]) {
      for (const [w, value] of values.entries()) {
        expect(Math.abs(result[quantity].values[w]! / value - 1), `${quantity} at ${widths[w]}`).toBeLessThan(0.12);
      }
    }
  });
});

describe("the layers", () => {
  it("have theory's parts of the kernel, and move by order one together however many weights they have", async () => {
    const at = async (width: number) => {
      const given = study({ depth: 3, width, size: 32, steps: 20 });
      const observe = { kernelMatrices: false, kernelsByLayer: true, parameterNorms: true, linearised: false };
      return (await networkStudy({ ...given, observe }, engine)).result;
    };
    const [narrow, wide] = [await at(128), await at(512)];
    const { initial, theory } = wide.kernelLayers!;
    for (const [l, part] of theory.entries()) {
      const distance = part.flatMap((row, a) => row.map((value, b) => initial[l]![a]![b]! - value));
      // 3 standard errors of 32 networks, each of which scatters by 0.1.
      expect(Math.hypot(...distance) / Math.hypot(...part.flat()), `part ${l}`).toBeLessThan(0.06);
    }
    const movement = (of: typeof wide) => of.parameterNorms!.layerDistance.at(-1)!;
    // The first and the output's have width times as many, the hidden ones width^2.
    for (const [l, power] of [0.5, 1, 1, 0.5].entries())
      expect(
        Math.abs(Math.log(movement(narrow)[l]! / movement(wide)[l]!) / Math.log(4) - power),
        `layer ${l}`,
      ).toBeLessThan(0.1);
  });
});

describe("the cosmological constant", () => {
  it("is measured from training curves: Lambda eta = 2/3", async () => {
    const { result } = await dualityStudy(
      { ...study({ size: 128 }), duality: { background: false, regression: { bootstrap: 200 } } },
      engine,
    );
    const { value, error, expected } = result.regression!.lambdaEta;
    expect(error! / expected).toBeLessThan(0.01);
    expect(Math.abs(value! / expected - 1)).toBeLessThan((3 * error!) / expected + 2 / 1024);
  });
});

describe("sizes", () => {
  const shapes = [
    { depth: 1, width: 65536, steps: 3 },
    { depth: 2, width: 4096, steps: 2 },
  ];
  const adapters = ["auto", "software"];
  it.each(shapes.flatMap((shape) => adapters.map((adapter) => ({ ...shape, adapter }))))(
    "a network of depth $depth and width $width trains, --adapter $adapter",
    async ({ adapter, ...shape }) => {
      const own = await openEngine({ engine: "auto", adapter, precision: "float32" });
      const { result } = await networkStudy(study({ ...shape, size: 1 }), own);
      await own.close();
      expect(result.loss.at(-1)!).toBeLessThan(result.loss[0]!);
      // The kernel of one network this wide is near the infinite one.
      expect(result.kernelFluctuation).toBeLessThan(0.1);
    },
  );
});
