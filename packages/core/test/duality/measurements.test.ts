/** The duality's measurements on trajectories whose truth is known. */
import { complete } from "@slowroll/core/cooperate";
import { resampled, spread } from "@slowroll/core/duality/bootstrap";
import { assertCheckable, evaluateChecks, numberAt } from "@slowroll/core/duality/checks";
import { stepEquation } from "@slowroll/core/duality/dictionary";
import { accumulate, regress } from "@slowroll/core/duality/regression";
import { dualityStudy } from "@slowroll/core/duality/run";
import { slope } from "@slowroll/core/duality/scaling";
import type { DualityStudy } from "@slowroll/core/duality/study";
import type { Engine } from "@slowroll/core/engine/engine";
import { DivergenceError, InputError, InterruptedError } from "@slowroll/core/errors";
import { networkStudy } from "@slowroll/core/network/run";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals, uniforms } from "@slowroll/core/random/normal";
import { recursion } from "@slowroll/core/theory/prediction";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const theta = Float64Array.from([3, 1, 1, 2]);
const T = 60;

/** Trajectories that follow the infinite-width recursion exactly, each network's kernel known but for a relative error of its own. */
async function syntheticSums(
  x: number,
  momentum: number,
  kernelError = 0,
): Promise<{ sums: number[]; learningRate: number }> {
  const potential = await compilePotential("quadratic");
  const learningRate = x / 3.618;
  const sums: number[] = [];
  for (let m = 0; m < 40; m++) {
    const initial = normals(1, m, 0, 2);
    const steps = Array.from({ length: T }, (_, t) => t);
    const outputs = recursion({ points: 2, theta, potential, learningRate, momentum }, initial, steps);
    const factor = 1 + kernelError * normals(2, m, 0, 1)[0]!;
    const kernels = Float64Array.from({ length: T * 4 }, (_, i) => factor * theta[i % 4]!);
    const batch = { first: m, count: 1, outputs, kernels, norms: new Float64Array(), test: new Float64Array() };
    accumulate(batch, { targets: new Float64Array(2), potential, records: T, kernelRecords: T }, sums);
  }
  return { sums, learningRate };
}

describe("regression", () => {
  it.each([
    [0.5, 0],
    [0.3, 0.5],
    [0.1, 0.9],
  ])("finds A and B of exact trajectories, x = %d, momentum %d", async (x, momentum) => {
    const { sums, learningRate } = await syntheticSums(x, momentum);
    const result = complete(regress(sums, 50, learningRate, momentum));
    const { a, b } = stepEquation(learningRate, momentum);
    expect(result.identifiable).toBe(true);
    expect(result.a.value! / a).toBeCloseTo(1, 8);
    expect(result.b.value! / b).toBeCloseTo(1, 8);
    for (const { value, expected } of [result.friction, result.lambda, result.lambdaEta])
      expect(value! / expected).toBeCloseTo(1, 8);
  });
  it("says how far the columns of phi'' and phi' are from one direction", () => {
    // Of both lengths 2 sqrt(2) and sqrt(2) with a cosine of 0.6: singular values of unit columns are the square roots of 1.6 and 0.4.
    const sums = [4, 1.2, 1, 1, 1, 4, 1.2, 1, 1, 1];
    expect(complete(regress(sums, 20, 0.1, 0)).conditionNumber).toBeCloseTo(2, 12);
  });
  it("cannot tell from one network, whose bootstrap has no spread", async () => {
    const { sums, learningRate } = await syntheticSums(0.5, 0);
    const result = complete(regress(sums.slice(0, 5), 50, learningRate, 0));
    expect(result.identifiable).toBe(false);
    expect(result.lambdaEta).toMatchObject({ value: null, error: null });
  });
  it("says so where the data cannot tell", async () => {
    const { sums, learningRate } = await syntheticSums(0.02, 0, 0.3);
    const result = complete(regress(sums, 100, learningRate, 0));
    expect(result.identifiable).toBe(false);
    expect(result.a).toMatchObject({ value: null, error: null });
    expect(result.lambdaEta.expected).toBeCloseTo(2 / 3, 12);
  });
});

describe("bootstrap", () => {
  it("gives the standard error of a mean", () => {
    const size = 400;
    const values = normals(3, 0, 0, size);
    const means = complete(
      resampled(size, 500, 1, (weights) => weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0) / size),
    );
    expect(spread(means) * Math.sqrt(size)).toBeGreaterThan(0.85);
    expect(spread(means) * Math.sqrt(size)).toBeLessThan(1.15);
  });
  it("draws every network as often as the ensemble is large", () => {
    const drawn = (count: number) => complete(resampled(7, count, 1, (weights) => [...weights]));
    for (const weights of drawn(5)) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(7);
    expect(drawn(2)).toEqual(drawn(2));
    expect(uniforms(1, 2)()).not.toBe(uniforms(1, 3)());
  });
});

describe("power laws", () => {
  it("are found exactly", () => {
    const widths = [64, 256, 1024];
    expect(
      slope(
        widths,
        widths.map((n) => 3 * n ** -0.7),
      ),
    ).toBeCloseTo(-0.7, 12);
    expect(slope(widths, [1, null, null])).toBeNull();
  });
});

describe("checks", () => {
  it("look numbers up by path", () => {
    const result = { regression: { lambdaEta: { value: 0.66 } }, scaling: { values: [null, 2] } };
    expect(numberAt(result, "regression.lambdaEta.value")).toBe(0.66);
    expect(numberAt(result, "scaling.values.1")).toBe(2);
    for (const path of ["scaling.values.0", "regression.constructor", "nothing.at.all"])
      expect(numberAt(result, path)).toBeNull();
  });
  it("pass within the tolerance to either side, and never without a value", () => {
    const result = { scaling: { values: [null, 2] } };
    const passes = (expected: number, path = "scaling.values.1") =>
      evaluateChecks(result, [{ path, expected, tolerance: 0.25 }])[0]!.passed;
    expect([1.5, 1.75, 2.125, 2.25, 2.5].map((expected) => passes(expected))).toEqual([false, true, true, true, false]);
    expect(passes(0, "scaling.values.0")).toBe(false);
  });
});

const study: DualityStudy = {
  network: { depth: 1, width: 24, activation: "erf", weightStd: 1.5, biasStd: 0.1 },
  data: { inputs: { circle: { points: 4 } }, targets: "sin(theta)" },
  training: { learningRate: { relative: 0.5 }, momentum: 0, steps: 12, potential: "quadratic", recordEvery: 1 },
  ensemble: { size: 12, seed: 1 },
  duality: {
    background: true,
    regression: { bootstrap: 20 },
    widths: [12, 24],
    checks: [{ path: "background.errors.exact", expected: 0, tolerance: 1e-9 }],
  },
};

describe("dualityStudy on the reference engine", () => {
  it("gives every section", async () => {
    const { result } = await dualityStudy(study, referenceEngine);
    expect(result.passed).toBe(true);
    expect(result.background!.network.length).toBe(13);
    expect(result.regression!.lambdaEta.value! / (2 / 3)).toBeGreaterThan(0.8);
    expect(result.scaling!.kernelFluctuation.values.length).toBe(2);
    expect(result.background!.deviation.standardErrors).toBeGreaterThan(0);
  });
  it("gives the background's deviation, and how many of its standard errors that is", async () => {
    const engine: Engine = {
      ...referenceEngine,
      // phi is 0 where it starts, so that it stays there at infinite width; two networks move 1 and 3 away.
      async trainEnsemble({ networks: { count }, targets, recordOutputs: { length: records } }, onBatch) {
        const { length: D } = targets;
        const moved = (m: number, t: number) => (t === 0 ? 0 : 2 * m + 1);
        const outputs = Float64Array.from({ length: count * records * D }, (_, i) => {
          const record = Math.floor(i / D);
          return targets[i % D]! + moved(Math.floor(record / records), record % records);
        });
        const none = new Float64Array();
        await onBatch({ first: 0, count, outputs, kernels: none, norms: none, test: none });
        return { engineSeconds: 0 };
      },
    };
    const two = { ...study, ensemble: { size: 2, seed: 1 }, duality: { background: true } };
    const { deviation } = (await dualityStudy(two, engine)).result.background!;
    // The two deviate by 1 from their mean, 2: by the square root of 2 as a sample, whose mean is then known to 1.
    expect(deviation.value).toBeCloseTo(2, 12);
    expect(deviation.standardErrors).toBeCloseTo(2, 12);
  });
  it("hears of an interruption while it draws resamples", async () => {
    const abort = new AbortController();
    const engine: Engine = {
      ...referenceEngine,
      // Zeros are enough: resamples of them take as long.
      async trainEnsemble({ networks, targets, recordOutputs, recordKernels }, onBatch) {
        const { count } = networks;
        const zeros = (records: readonly number[], each: number) => new Float64Array(count * records.length * each);
        const [outputs, kernels] = [zeros(recordOutputs, targets.length), zeros(recordKernels, targets.length ** 2)];
        await onBatch({ first: 0, count, outputs, kernels, norms: new Float64Array(), test: new Float64Array() });
        setTimeout(() => abort.abort(), 20);
        return { engineSeconds: 0 };
      },
    };
    const long: DualityStudy = {
      ...study,
      ensemble: { size: 300, seed: 1 },
      duality: { background: false, regression: { bootstrap: 1e5 } },
    };
    await expect(dualityStudy(long, engine, { signal: abort.signal })).rejects.toThrow(InterruptedError);
  });
  it("says that it records every step", async () => {
    const { training } = study;
    const warnings = async (recordEvery: number) =>
      (
        await dualityStudy(
          { ...study, training: { ...training, recordEvery }, duality: { background: true } },
          referenceEngine,
        )
      ).result.warnings;
    expect(await warnings(5)).toEqual([expect.stringMatching(/^training.recordEvery: has no effect.* not every 5$/)]);
    expect(await warnings(1)).toEqual([]);
  });
  it("names the step of a divergence and keeps nothing false", async () => {
    const wild = {
      ...study,
      training: { ...study.training, learningRate: 1e6, steps: 80, potential: "quartic" as const },
    };
    const error = await dualityStudy(wild, referenceEngine).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as DivergenceError).step).toBeGreaterThan(0);
  });
  it("names the width at which the scaling diverges, and keeps the finished sections", async () => {
    const wild = {
      ...study,
      training: { ...study.training, learningRate: 1e6, steps: 80, potential: "quartic" as const },
      duality: { background: false, widths: [12, 24] },
    };
    const error = await dualityStudy(wild, referenceEngine).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as DivergenceError).message).toContain("width 12");
    expect((error as DivergenceError).step).toBeGreaterThan(0);
    expect((error as DivergenceError).partial).toMatchObject({ eta: 1e6 });
  });
  it("keeps the background of a study whose scaling diverges", async () => {
    // The networks of the first width alone are made to diverge.
    let runs = 0;
    const engine = {
      ...referenceEngine,
      trainEnsemble: (async (job, onBatch, control) =>
        referenceEngine.trainEnsemble(
          job,
          (batch) => {
            if (job.architecture.width === 12) batch.outputs[batch.outputs.length - 1] = Number.NaN;
            runs++;
            return onBatch(batch);
          },
          control,
        )) satisfies Engine["trainEnsemble"],
    };
    const error = await dualityStudy(study, engine).catch((reason: unknown) => reason);
    expect(runs).toBeGreaterThan(1);
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error).toMatchObject({ step: 12, path: "training.learningRate" });
    expect((error as DivergenceError).partial).toMatchObject({ background: {}, regression: { identifiable: true } });
  });
  it("tells no errors of an ensemble of one", async () => {
    const alone = { ...study, ensemble: { size: 1, seed: 1 } };
    const { result } = await dualityStudy(alone, referenceEngine);
    expect(result.regression!.identifiable).toBe(false);
    expect(result.scaling!.kernelDrift).toMatchObject({ errors: [null, null], exponentError: null });
    expect(result.warnings.join()).toContain("ensemble.size");
  });
  it.each([
    ["a potential outside its domain", { potential: { expression: "log(phi)" } }, {}, "training.potential"],
    ["a potential that overflows", { potential: { expression: "phi^1000000000" } }, {}, "training.potential"],
    ["targets that overflow", {}, { targets: [1e300, 1, 1, 1] }, "data.targets"],
  ])("refuses %s before training", async (_name, training, data, place) => {
    for (const duality of [{ background: true }, { background: false, widths: [12, 24] }]) {
      const bad = {
        ...study,
        training: { ...study.training, ...training },
        data: { ...study.data, ...data },
        duality,
      };
      const error = await dualityStudy(bad, referenceEngine).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).path).toBe(place);
      const alone = await networkStudy(bad, referenceEngine).catch((reason: unknown) => reason);
      expect(alone).toBeInstanceOf(InputError);
      expect((alone as InputError).path).toBe(place);
    }
  });
  it.each([
    ["foo", "known: eta, background.times"],
    ["background.errors.second", "did you mean background.errors.secondOrder?"],
    ["background.theory.13.0", "did you mean background.theory.0..12.0..3?"],
    ["scaling.kernelDrift.values", "did you mean scaling.kernelDrift.values.0..1?"],
  ])("refuses a check of %s", async (path, hint) => {
    const bad = { ...study, duality: { ...study.duality, checks: [{ path, expected: 1, tolerance: 1 }] } };
    const error = await dualityStudy(bad, referenceEngine).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe("duality.checks[0].path");
    expect((error as InputError).message).toContain(hint);
  });
  it("knows every number of its result as one to check", async () => {
    const { result } = await dualityStudy({ ...study, training: { ...study.training, steps: 5 } }, referenceEngine);
    const { warnings: _warnings, checks: _checks, ...sections } = result;
    const paths: string[] = [];
    const walk = (place: unknown, path: string[]): void => {
      if (typeof place === "number") paths.push(path.join("."));
      else if (typeof place === "object" && place !== null)
        for (const [key, inner] of Object.entries(place)) walk(inner, [...path, key]);
    };
    walk(sections, []);
    const checks = paths.map((path) => ({ path, expected: 0, tolerance: 1e9 }));
    assertCheckable(
      { ...study, training: { ...study.training, steps: 5 }, duality: { ...study.duality, checks } },
      4,
      1,
    );
    expect(paths.length).toBeGreaterThan(100);
  });
  it("warns of a learning rate past divergence", async () => {
    const fast = {
      ...study,
      training: { ...study.training, learningRate: { relative: 2.2 }, steps: 4 },
      duality: { background: true },
    };
    const { result } = await dualityStudy(fast, referenceEngine);
    expect(result.warnings[0]).toContain("is unstable");
  });
});
