/** The hyperparameter study on the float64 reference engine: what differs between its points, and against what it is measured. */
import { parseConfig } from "@slowroll/core/config/parse";
import { kernelStudy } from "@slowroll/core/duality/kernel";
import { type DualityResult, dualityStudy } from "@slowroll/core/duality/run";
import { InputError } from "@slowroll/core/errors";
import { beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const config = (duality: string, training = "steps: 12", size = 12) =>
  parseConfig(
    "duality",
    `network: { width: 12 }
data: { inputs: { circle: { points: 3 } }, targets: [1, 0.5, -1] }
training: { ${training} }
ensemble: { size: ${size} }
duality: { background: false, ${duality} }`,
  );
const run = async (duality: string, training?: string, size?: number): Promise<DualityResult> =>
  (await dualityStudy(await config(duality, training, size), referenceEngine)).result;

describe("the hyperparameter study", () => {
  let points: NonNullable<DualityResult["hyperparameters"]>;
  beforeAll(async () => {
    const values = "depth: [1, 3], momentum: [0.5], activation: [relu], learningRate: [0.02, { relative: 0.3 }]";
    points = (await run(`hyperparameters: { ${values} }`)).hyperparameters!;
  });

  it("has a point a value, each hyperparameter's in its own order", () => {
    expect(points.map(({ settings }) => settings)).toEqual([
      { learningRate: 0.02 },
      { learningRate: { relative: 0.3 } },
      { momentum: 0.5 },
      { depth: 1 },
      { depth: 3 },
      { activation: "relu" },
    ]);
  });
  it("predicts what the kernel command does for that study", async () => {
    const deep = await config("regression: {}");
    const { dictionary, eigenvalues, eta } = await kernelStudy({ ...deep, network: { ...deep.network, depth: 3 } });
    const { predicted } = points[4]!;
    expect(predicted).toEqual({
      friction: dictionary.friction,
      lambda: dictionary.lambda,
      lambdaEta: dictionary.lambdaEta,
      massSquared: dictionary.massSquared,
    });
    expect(eta * eigenvalues[0]!).toBeCloseTo(0.5, 12);
    expect(points[2]!.predicted.lambdaEta).toBeCloseTo(((2 / 3) * 0.25) / 1.5, 12);
    expect(points[0]!.predicted.friction).toBeCloseTo(10, 12);
  });
  it("measures what the regression does for that study", async () => {
    const { regression } = await run("regression: {}");
    const { measured } = points[3]!;
    for (const quantity of ["friction", "lambda", "lambdaEta"] as const) {
      const { value, error } = regression![quantity];
      expect(measured[quantity]).toEqual({ value, error });
    }
    const { regression: slow } = await run("regression: {}", "steps: 12, learningRate: { relative: 0.3 }");
    expect(points[1]!.measured.friction.value).toBe(slow!.friction.value);
  });
  it("measures masses and the kernel's fluctuation about theory's, within their errors", async () => {
    for (const { measured, predicted } of points) {
      const { values, errors } = measured.massSquared;
      // 5 standard errors, and the shift of order 1/n.
      for (const [i, value] of values.entries())
        expect(Math.abs(value - predicted.massSquared[i]!)).toBeLessThan(
          5 * errors[i]! + predicted.massSquared[0]! / 12,
        );
    }
    const { scaling } = await run("widths: [8, 12]");
    expect(points[3]!.measured.kernelFluctuation.value).toBeCloseTo(scaling!.kernelFluctuation.values[1]!, 12);
  });
  it("leaves out errors of one network, and what it cannot tell", async () => {
    const [point] = (await run("hyperparameters: { width: [4] }", "steps: 12", 1)).hyperparameters!;
    expect(point!.measured.friction).toEqual({ value: null, error: null });
    expect(point!.measured.massSquared.errors).toEqual([null, null, null]);
    expect(point!.measured.kernelFluctuation.error).toBeNull();
  });
  it("measures the masses at the start where nothing is trained", async () => {
    const [trained] = (await run("hyperparameters: { depth: [1] }")).hyperparameters!;
    const [untrained] = (await run("hyperparameters: { depth: [1] }", "steps: 0")).hyperparameters!;
    expect(untrained!.measured.massSquared).toEqual(trained!.measured.massSquared);
    expect(untrained!.measured.kernelFluctuation.value).toBe(trained!.measured.kernelFluctuation.value);
    expect(untrained!.measured.friction.value).toBeNull();
  });
  it("can be checked", async () => {
    const check = (path: string) =>
      `hyperparameters: { depth: [1, 2] }, checks: [{ path: ${path}, expected: 0, tolerance: 100 }]`;
    for (const path of ["hyperparameters.1.measured.lambdaEta.value", "hyperparameters.0.predicted.massSquared.2"])
      expect((await run(check(path))).passed).toBe(true);
    await expect(run(check("hyperparameters.2.measured.lambdaEta.value"))).rejects.toThrow(InputError);
  });
  it.each([
    ["activation: [erf, rely]", "duality.hyperparameters.activation[1]"],
    ["depth: [0]", "duality.hyperparameters.depth[0]"],
    ["depth: []", "duality.hyperparameters.depth"],
    ["seed: [1]", "duality.hyperparameters.seed"],
    ["", "duality.hyperparameters"],
    // Found when the value is set up, and when its networks are drawn.
    ["depth: [1, 2], weightStd: [1, 1.0e+200]", "duality.hyperparameters.weightStd[1]"],
    ["biasStd: [0.1, 1.0e+39]", "duality.hyperparameters.biasStd[1]"],
  ])("refuses { %s } at %s", async (values, place) => {
    const error = await run(`hyperparameters: { ${values} }`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe(place);
  });
  it("names the value at which training diverges", async () => {
    await expect(run("hyperparameters: { learningRate: [0.01, 1.0e+30] }")).rejects.toMatchObject({
      message: expect.stringContaining("training at learningRate 1e+30 diverged"),
      path: "duality.hyperparameters.learningRate[1]",
    });
  });
});
