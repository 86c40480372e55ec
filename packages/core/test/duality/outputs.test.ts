/** A duality study of several outputs on the float64 reference engine: each is dual to a field of its own, all in one universe. */
import { parseConfig } from "@slowroll/core/config/parse";
import { compareDuals, ORDERS } from "@slowroll/core/duality/dual";
import { type DualityResult, dualityStudy } from "@slowroll/core/duality/run";
import type { DualityStudy } from "@slowroll/core/duality/study";
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleBatch } from "@slowroll/core/engine/ensembleJob";
import { eigen } from "@slowroll/core/linalg/eigen";
import { networkStudy } from "@slowroll/core/network/run";
import { setupNetwork } from "@slowroll/core/network/setup";
import { compilePotential } from "@slowroll/core/potential/compile";
import { recursion } from "@slowroll/core/theory/prediction";
import { beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const EXPRESSIONS = { across: "cos(theta)", up: "sin(theta) - 0.3", level: "0.2" } as const;
const NAMES = Object.keys(EXPRESSIONS);

/** Of all three outputs, or of one of them as the only one. */
const config = (duality: string, training = "", output?: string): Promise<DualityStudy> =>
  parseConfig(
    "duality",
    `network: { width: 10 }
data: { inputs: { circle: { points: 3 } }, targets: ${JSON.stringify(output ?? { expressions: EXPRESSIONS })} }
training: { steps: 12, learningRate: { relative: 0.3 }${training} }
ensemble: { size: 6 }
duality: { ${duality} }`,
  );
const run = async (study: DualityStudy, engine: Engine = referenceEngine) =>
  (await dualityStudy<number[]>(study, engine)).result;

/** Output c of [T][D][C]. */
const of = (trajectory: readonly (readonly number[][])[] | null, c: number) =>
  trajectory?.map((data) => data.map((outputs) => outputs[c]!)) ?? null;

describe.each([
  ["plain descent", ""],
  ["momentum", ", momentum: 0.6"],
  ["a potential that is not quadratic", ", potential: { expression: phi^2/2 + phi^4/40 }, momentum: 0.3"],
])("the background of three outputs, %s", (_, training) => {
  let three: NonNullable<DualityResult<number[]>["background"]>;
  let alone: NonNullable<DualityResult["background"]>[];
  beforeAll(async () => {
    const result = await run(await config("", training));
    expect(result.outputs).toEqual(NAMES);
    three = result.background!;
    alone = await Promise.all(
      Object.values(EXPRESSIONS).map(async (expression) => {
        const { result: one } = await dualityStudy(await config("", training, expression), referenceEngine);
        expect(one).not.toHaveProperty("outputs");
        return one.background!;
      }),
    );
  });

  it("has of each the theory and the duals that it has as the only one", () => {
    for (const [c, one] of alone.entries()) {
      expect(of(three.theory, c)).toEqual(one.theory);
      for (const order of ORDERS) expect(of(three.dual[order], c)).toEqual(one.dual[order]);
    }
    expect(three.dual.exact === null).toBe(training.includes("phi^4"));
  });
  it("has the largest errors of all, over the largest phi(0) of all", () => {
    const largest = (of: readonly (readonly number[])[]): number => Math.max(...of.flat().map(Math.abs));
    const scales = alone.map(({ theory }) => largest(theory.slice(0, 1)));
    for (const order of ORDERS) {
      if (three.errors[order] === null) continue;
      const errors = alone.map((one, c) => one.errors[order]! * scales[c]!);
      expect(three.errors[order]).toBeCloseTo(Math.max(...errors) / Math.max(...scales), 14);
    }
  });
  it("has the ensemble's own mean, and its distance from its networks' own duals", async () => {
    const study = await config("", training);
    const { data, kernels, eta, potential } = await setupNetwork(study);
    const batches: EnsembleBatch[] = [];
    const { result } = await networkStudy<number[]>(study, referenceEngine, {}, (batch) => batches.push(batch));
    for (const [t, row] of three.network.entries())
      for (const [a, phi] of row.entries())
        for (const [c, value] of phi.entries())
          expect(value).toBeCloseTo(result.mean[t]![a]![c]! - data.targets[a * 3 + c]!, 12);
    const [{ outputs: f }] = batches as [EnsembleBatch];
    const { momentum } = study.training;
    const dynamics = { points: 3, theta: kernels.ntk, potential, learningRate: eta, momentum };
    const distances = three.times.map(() => new Float64Array(9));
    for (let m = 0; m < 6; m++) {
      for (let c = 0; c < 3; c++) {
        const phi = (t: number, a: number) => f[(m * 13 + t) * 9 + a * 3 + c]! - data.targets[a * 3 + c]!;
        const own = recursion(dynamics, [phi(0, 0), phi(0, 1), phi(0, 2)], three.times);
        for (const t of three.times)
          for (let a = 0; a < 3; a++) distances[t]![a * 3 + c]! += (phi(t, a) - own[t * 3 + a]!) / 6;
      }
    }
    const value = Math.max(...distances.flatMap((row) => Array.from(row, Math.abs)));
    expect(value).toBeGreaterThan(1e-3);
    expect(three.deviation.value).toBeCloseTo(value, 12);
  });
});

describe("duals of several outputs", () => {
  it("are of an order only where each output has one, and the warning names the one that has none", async () => {
    const potential = await compilePotential("hilltop");
    const dynamics = { points: 1, theta: Float64Array.of(1), potential, learningRate: 0.9, momentum: 0 };
    const record = [0, 1, 2];
    const outputNames = ["near", "far"];
    const near = compareDuals(dynamics, [0.01, 0.02], record, { outputNames });
    expect(near.warnings).toEqual([]);
    expect(near.dual.slowRoll).not.toBeNull();
    const far = compareDuals(dynamics, [0.01, 1.2], record, { outputNames });
    expect(far.theory.every(Number.isFinite)).toBe(true);
    expect(far.dual.slowRoll).toBeNull();
    expect(far.errors.slowRoll).toBeNull();
    expect(far.warnings[0]).toMatch(/^background\.dual\.slowRoll is left out: of output far /);
  });
  it("take the spectrum that they are given", async () => {
    const potential = await compilePotential("quadratic");
    const theta = Float64Array.of(2, 1, 1, 3);
    const dynamics = { points: 2, theta, potential, learningRate: 0.1, momentum: 0 };
    const initial = [1, 0.5, -1, 2];
    const known = compareDuals(dynamics, initial, [0, 5], { spectrum: eigen(theta, 2) });
    expect(known).toEqual(compareDuals(dynamics, initial, [0, 5]));
    expect(known.errors.exact).toBeLessThan(1e-14);
    const other = compareDuals(dynamics, initial, [0, 5], { spectrum: eigen([1, 0, 0, 1], 2) });
    expect(other.errors.exact).toBeGreaterThan(0.1);
  });
});

describe("what is measured of all outputs together", () => {
  const names = ["friction", "lambda", "lambdaEta"] as const;
  /** The reference engine without what one output pushes another by. */
  const uncoupled: Engine = {
    ...referenceEngine,
    trainEnsemble: (job, onBatch, control) =>
      referenceEngine.trainEnsemble(
        job,
        (batch) => {
          for (let i = 0; i < batch.kernels.length; i++) if (Math.floor(i / 9) % 3 !== i % 3) batch.kernels[i] = 0;
          return onBatch(batch);
        },
        control,
      ),
  };
  it("by the regression has the kernel between outputs in it, by which narrow networks' push each other", async () => {
    const given = await config("background: false, regression: { bootstrap: 30 }");
    const study = {
      ...given,
      network: { ...given.network, width: 32 },
      training: { ...given.training, learningRate: { relative: 0.6 } },
      ensemble: { ...given.ensemble, size: 12 },
    };
    const whole = (await run(study)).regression!.b;
    const parts = (await run(study, uncoupled)).regression!.b;
    expect(Math.abs(whole.value! / whole.expected - 1)).toBeLessThan(0.02);
    expect(Math.abs(parts.value! / parts.expected - 1)).toBeGreaterThan(0.1);
    expect(parts.error!).toBeGreaterThan(5 * whole.error!);
  });
  it("by the scaling is the network command's of each width, over data and outputs", async () => {
    const study = await config("background: false, widths: [8, 10]");
    const { scaling } = await run(study);
    const observe = { kernelMatrices: false, kernelsByLayer: false, parameterNorms: false, linearised: true };
    const batches: EnsembleBatch[] = [];
    const { result } = await networkStudy<number[]>({ ...study, observe }, referenceEngine, {}, (batch) =>
      batches.push(batch),
    );
    expect(scaling!.kernelFluctuation.values[1]).toBeCloseTo(result.kernelFluctuation, 12);
    expect(scaling!.kernelDrift.values[1]).toBeCloseTo(result.kernelDrift, 12);
    const apart = result.linearised!.error.map((error) => error!);
    expect(scaling!.linearisationError.values[1]).toBeCloseTo(Math.max(...apart), 12);
    // From the dual: one recursion of all outputs with Theta (x) 1.
    const { data, jointNtk, eta, potential } = await setupNetwork(study);
    const { outputs: f } = batches[0]!;
    const steps = result.times;
    const squares = steps.map(() => 0);
    const dynamics = { points: 9, theta: jointNtk, potential, learningRate: eta, momentum: 0 };
    for (let m = 0; m < 6; m++) {
      const phi = Float64Array.from({ length: 13 * 9 }, (_, i) => f[m * 13 * 9 + i]! - data.targets[i % 9]!);
      const dual = recursion(dynamics, phi.subarray(0, 9), steps);
      for (const [i, value] of phi.entries()) squares[Math.floor(i / 9)]! += (value - dual[i]!) ** 2 / 9 / 6;
    }
    expect(scaling!.dualDeviation.values[1]).toBeCloseTo(Math.sqrt(Math.max(...squares)), 12);
  });
  it("by the hyperparameters is one universe, and masses are means over the outputs", async () => {
    const duality = "background: false, regression: {}, hyperparameters: { momentum: [0] }";
    const study = await config(duality);
    const { regression, hyperparameters } = await run(study);
    const [{ measured, predicted }] = hyperparameters as [NonNullable<typeof hyperparameters>[number]];
    for (const name of names) expect(measured[name].value).toBe(regression![name].value);
    const [{ predicted: one }] = (await run(await config(duality, "", EXPRESSIONS.up))).hyperparameters!;
    expect(predicted).toEqual(one);
    const { kernelInitial, kernelFluctuation } = (await networkStudy<number[]>(study, referenceEngine)).result;
    expect(measured.kernelFluctuation.value).toBeCloseTo(kernelFluctuation, 12);
    // Modes turn the kernel and leave its trace.
    const trace = kernelInitial.reduce((sum, row, a) => sum + row[a]!, 0);
    expect(measured.massSquared.values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 10);
    expect(measured.massSquared.values).toHaveLength(3);
  });
});

describe("checks of several outputs", () => {
  const checked = (path: string) => config(`checks: [{ path: ${path}, expected: 0, tolerance: 100 }]`);
  it("are of one output's number", async () => {
    for (const path of ["background.theory.12.2.1", "background.dual.slowRoll.0.0.2", "background.errors.exact"])
      expect((await run(await checked(path))).passed).toBe(true);
  });
  it("of a number that there is none of are refused", async () => {
    for (const path of ["background.theory.12.2", "background.theory.12.2.3", "background.theory.12.2.1.0"])
      await expect(checked(path).then((study) => run(study))).rejects.toMatchObject({
        message: expect.stringContaining(`no number of the result stands at "${path}"`),
        path: "duality.checks[0].path",
      });
  });
});
