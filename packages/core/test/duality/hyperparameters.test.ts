/** The hyperparameter study on the float64 reference engine: what differs between its points, and against what it is measured. */
import { parseConfig } from "@slowroll/core/config/parse";
import { kernelStudy } from "@slowroll/core/duality/kernel";
import { type DualityResult, dualityStudy } from "@slowroll/core/duality/run";
import type { HyperparametersSpec } from "@slowroll/core/duality/study";
import { type DivergenceError, InputError, InterruptedError } from "@slowroll/core/errors";
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
/** Of other inputs. */
const withData = async (data: string, duality: string) =>
  parseConfig(
    "duality",
    `network: { width: 12 }
data: { ${data} }
training: { steps: 12 }
ensemble: { size: 12 }
duality: { background: false, ${duality} }`,
  );

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
      friction: dictionary!.friction,
      lambda: dictionary!.lambda,
      lambdaEta: dictionary!.lambdaEta,
      massSquared: dictionary!.massSquared,
    });
    expect(eta! * eigenvalues![0]!).toBeCloseTo(0.5, 12);
    expect(points[2]!.predicted.lambdaEta).toBeCloseTo(((2 / 3) * 0.25) / 1.5, 12);
    expect(points[0]!.predicted.friction).toBeCloseTo(10, 12);
  });
  it("measures masses in proportion to V''(0), as predicted", async () => {
    const of = async (potential: string) => {
      const training = `steps: 12, learningRate: 0.01, potential: ${potential}`;
      const [point] = (await run("hyperparameters: { depth: [1] }", training)).hyperparameters!;
      return { measured: point!.measured.massSquared.values, predicted: point!.predicted.massSquared };
    };
    const [one, three] = [await of("quadratic"), await of('{ expression: "3*phi^2/2" }')];
    for (const what of ["measured", "predicted"] as const)
      for (const [i, mass] of one[what].entries()) expect(three[what][i]! / mass).toBeCloseTo(3, 10);
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
  it.each([
    "inputs: { circle: { points: 3 } }",
    "inputs: { sphere: { points: 3, dimension: 4, seed: 5 } }, targets: x0 - x3",
    "inputs: { gaussian: { points: 3, dimension: 1 } }, targets: sin(x0)",
  ])("takes other numbers of data: %s", async (data) => {
    const values = "hyperparameters: { points: [2, 4], depth: [1] }, regression: {}";
    const { result } = await dualityStudy(await withData(data, values), referenceEngine);
    const [usual, two, four] = result.hyperparameters!;
    expect([usual, two, four].map((point) => point!.settings)).toEqual([{ depth: 1 }, { points: 2 }, { points: 4 }]);
    for (const [point, points] of [
      [two!, 2],
      [usual!, 3],
      [four!, 4],
    ] as const) {
      const own = await withData(data.replace("points: 3", `points: ${points}`), "regression: {}");
      const { dictionary } = await kernelStudy(own);
      expect(point.predicted.massSquared).toEqual(dictionary!.massSquared);
      expect(point.predicted.friction).toBe(dictionary!.friction);
      expect(point.measured.massSquared.values).toHaveLength(points);
      const { regression } = (await dualityStudy(own, referenceEngine)).result;
      expect(point.measured.friction.value).toBe(regression!.friction.value);
    }
  });
  it("refuses other numbers of data that are given or listed one by one", async () => {
    const refused = async (data: string) =>
      dualityStudy(await withData(data, "hyperparameters: { points: [2, 4] }"), referenceEngine);
    for (const inputs of ["[[0], [1]]", "{ grid: { points: [3] } }"])
      await expect(refused(`inputs: ${inputs}, targets: x0`)).rejects.toMatchObject({
        message: expect.stringContaining("a circle, a sphere or gaussian"),
        path: "duality.hyperparameters.points",
      });
    await expect(refused("inputs: { circle: { points: 2 } }, targets: [1, 2]")).rejects.toMatchObject({
      message: "2 targets are given for 4 inputs",
      path: "duality.hyperparameters.points[1]",
    });
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
    ["points: [2, 5000]", "duality.hyperparameters.points[1]"],
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
  it("refuses the first value that does not fit, or that no kernel is finite of, before any is trained, at its place", async () => {
    const asked: string[] = [];
    const engine: typeof referenceEngine = {
      ...referenceEngine,
      async assertRoom({ architecture: { width, depth } }) {
        asked.push(`${width} ${depth}`);
        if (width > 100) throw new InputError("does not fit", { path: "network.width" });
      },
      async trainEnsemble() {
        throw new Error("trained");
      },
    };
    const study = await config("hyperparameters: { depth: [2] }");
    const studied = (hyperparameters: HyperparametersSpec) =>
      dualityStudy({ ...study, duality: { ...study.duality, hyperparameters } }, engine);
    await expect(studied({ width: [20, 128], depth: [2] })).rejects.toMatchObject({
      message: "does not fit",
      path: "duality.hyperparameters.width[1]",
    });
    expect(asked.splice(0)).toEqual(["20 1", "128 1"]);
    await expect(studied({ depth: [2], weightStd: [1, 1e200] })).rejects.toMatchObject({
      path: "duality.hyperparameters.weightStd[1]",
    });
    expect(asked).toEqual(["12 2", "12 1"]);
  });
  it("names the value at which training diverges, and what to mend", async () => {
    const rate = run("hyperparameters: { learningRate: [0.01, 1.0e+30] }");
    await expect(rate).rejects.toMatchObject({
      message: expect.stringMatching(
        /^training at learningRate 1e\+30 diverged in \d+ of \d+ networks: .*; use a smaller duality\.hyperparameters\.learningRate\[1\]$/,
      ),
      path: "duality.hyperparameters.learningRate[1]",
    });
    const deep = run("hyperparameters: { depth: [3] }", "steps: 12, learningRate: 1.0e+30");
    await expect(deep).rejects.toMatchObject({
      message: expect.stringMatching(
        /use a smaller training\.learningRate or leave out duality\.hyperparameters\.depth\[0\]$/,
      ),
      path: "duality.hyperparameters.depth[0]",
    });
  });
  it("keeps what is measured before a value at which training diverges, with its warnings", async () => {
    const rates = "learningRate: [0.01, { relative: 2.1 }, 1.0e+30]";
    const error = await run(`hyperparameters: { ${rates} }`).catch((thrown: unknown) => thrown);
    const { hyperparameters, warnings } = (error as DivergenceError<DualityResult>).partial!;
    const whole = await run("hyperparameters: { learningRate: [0.01, { relative: 2.1 }] }");
    expect(hyperparameters).toEqual(whole.hyperparameters);
    expect(warnings).toEqual(whole.warnings);
    expect(warnings.join()).toContain("learningRate[1]: eta lambda_max");
  });
  it("warns of the value that is past divergence, at its own place", async () => {
    const { warnings } = await run("hyperparameters: { learningRate: [{ relative: 2.1 }], momentum: [0] }", "steps: 4");
    const said = warnings.filter((warning) => warning.includes("is unstable"));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^duality\.hyperparameters\.learningRate\[0\]: eta lambda_max/);
    const steep = await run("hyperparameters: { momentum: [0] }", "steps: 4, learningRate: { relative: 2.1 }");
    expect(steep.warnings.join()).toContain("duality.hyperparameters.momentum[0]: training.learningRate: eta");
  });
});

it("gives each mass the standard error of its mean over the networks", async () => {
  /** u . Theta(0) u of each network, u the only eigenvector of one datum. */
  let masses: number[] = [];
  const engine: typeof referenceEngine = {
    ...referenceEngine,
    trainEnsemble: (job, onBatch, control) =>
      referenceEngine.trainEnsemble(
        job,
        async (batch) => {
          const records = job.recordKernels.length;
          masses = Array.from({ length: batch.count }, (_, m) => batch.kernels[m * records]!);
          await onBatch(batch);
        },
        control,
      ),
  };
  const study = await withData("inputs: [[1]], targets: [1]", "hyperparameters: { momentum: [0.5] }");
  const [point] = (await dualityStudy(study, engine)).result.hyperparameters!;
  const mean = masses.reduce((sum, mass) => sum + mass, 0) / masses.length;
  const squares = masses.reduce((sum, mass) => sum + (mass - mean) ** 2, 0);
  const { values, errors } = point!.measured.massSquared;
  expect(masses.length).toBe(12);
  expect(values).toEqual([expect.closeTo(mean, 12)]);
  expect(errors).toEqual([expect.closeTo(Math.sqrt(squares / 11 / 12), 12)]);
});

it("hears of an interrupt while it measures a batch", async () => {
  const abort = new AbortController();
  const engine: typeof referenceEngine = {
    ...referenceEngine,
    async trainEnsemble({ targets, steps }, onBatch) {
      const [D, count] = [targets.length, 60];
      setTimeout(() => abort.abort(), 20);
      await onBatch({
        first: 0,
        count,
        outputs: new Float64Array(count * (steps + 1) * D),
        kernels: new Float64Array(count * D * D),
        norms: new Float64Array(),
        test: new Float64Array(),
      });
      return { engineSeconds: 0 };
    },
  };
  // 60 networks of 200 data are some 0.4 s of work.
  const study = await withData("inputs: { circle: { points: 200 } }", "hyperparameters: { momentum: [0.5] }");
  const short = { ...study, training: { ...study.training, steps: 1 }, ensemble: { ...study.ensemble, size: 60 } };
  await expect(dualityStudy(short, engine, { signal: abort.signal })).rejects.toThrow(InterruptedError);
});
