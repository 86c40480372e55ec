/** What is recorded of an ensemble on its way, on the float64 reference engine. */
import { measureScaling } from "@slowroll/core/duality/scaling";
import type { Engine, EnsembleBatch } from "@slowroll/core/engine/engine";
import { DivergenceError } from "@slowroll/core/errors";
import { type NetworkResult, networkStudy, type PartialNetworkResult } from "@slowroll/core/network/run";
import type { NetworkStudy, ObserveSpec } from "@slowroll/core/network/study";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

type Observe = Partial<ObserveSpec>;

function study(observe: Observe, changes: Partial<NetworkStudy["training"]> = {}): NetworkStudy {
  return {
    network: { depth: 2, width: 6, activation: "erf", weightStd: 1.5, biasStd: 0.1 },
    data: { inputs: [[-1], [0.5]], targets: [1, -0.5] },
    training: {
      learningRate: { relative: 0.05 },
      momentum: 0.5,
      steps: 7,
      potential: "quartic",
      recordEvery: 2,
      ...changes,
    },
    ensemble: { size: 5, seed: 3 },
    observe: { kernelMatrices: false, linearised: false, ...observe },
  };
}

const observed = async (observe: Observe, engine: Engine = referenceEngine): Promise<NetworkResult> =>
  (await networkStudy(study(observe), engine)).result;

/** The reference's networks in batches of one and two. */
const inBatches: Engine = {
  ...referenceEngine,
  trainEnsemble: async (job, onBatch) => {
    for (let done = 0, count = 1; done < job.networks.count; done += count, count = Math.min(2, 5 - done)) {
      await referenceEngine.trainEnsemble({ ...job, networks: { first: done, count } }, onBatch);
    }
    return { engineSeconds: 0 };
  },
};

/** The reference, each of its batches changed. */
const changed = (change: (batch: EnsembleBatch) => void): Engine => ({
  ...referenceEngine,
  trainEnsemble: (job, onBatch) =>
    referenceEngine.trainEnsemble(job, (batch) => {
      change(batch);
      onBatch(batch);
    }),
});

describe("the kernels' series", () => {
  it("has the first step, every so many, and the last; the ends as the result tells them", async () => {
    const result = await observed({ kernelsEvery: 3, kernelMatrices: true });
    const { times, drift, alignment, eigenvalues } = result.kernelSeries;
    expect(times).toEqual([0, 3, 6, 7]);
    expect(drift[0]).toBe(0);
    expect(drift[3]).toBe(result.kernelDrift);
    expect([alignment[0], alignment[3]]).toEqual([result.kernelAlignment.initial, result.kernelAlignment.final]);
    expect([result.kernels![0], result.kernels![3]]).toEqual([result.kernelInitial, result.kernelFinal]);
    expect(result.kernels).toHaveLength(4);
    for (const [k, [row, other]] of result.kernels!.entries()) {
      const [a, b, d] = [row![0]!, row![1]!, other![1]!];
      const half = Math.hypot((a - d) / 2, b);
      expect(eigenvalues![k]![0]).toBeCloseTo((a + d) / 2 + half, 12);
      expect(eigenvalues![k]![1]).toBeCloseTo((a + d) / 2 - half, 12);
    }
  });
  it("has the ends alone, and no eigenvalues, unless more is asked for", async () => {
    const { kernelSeries, kernels } = await observed({});
    expect(kernelSeries.times).toEqual([0, 7]);
    expect(kernelSeries.eigenvalues).toBeUndefined();
    expect(kernels).toBeUndefined();
  });
  it("does not show the batching", async () => {
    const asked: Observe = { kernelsEvery: 2, kernelMatrices: true, linearised: true };
    expect(await observed(asked, inBatches)).toEqual(await observed(asked));
  });
  it("is kept up to a divergence", async () => {
    const broken = changed(({ kernels, count }) => kernels.fill(Number.NaN, ((count - 1) * 4 + 2) * 4));
    const error = await networkStudy(study({ kernelsEvery: 3, kernelMatrices: true }), broken).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(DivergenceError);
    const { kernelSeries, kernels, times } = (error as DivergenceError<PartialNetworkResult>).partial!;
    const whole = await observed({ kernelsEvery: 3 });
    expect(kernelSeries.times).toEqual([0, 3]);
    expect(kernelSeries.drift).toEqual(whole.kernelSeries.drift.slice(0, 2));
    expect(kernelSeries.eigenvalues).toEqual(whole.kernelSeries.eigenvalues!.slice(0, 2));
    expect(kernels).toHaveLength(2);
    expect(times).toEqual([0, 2, 4]);
  });
});

describe("linearised twins", () => {
  it("of one datum decay by their own kernel", async () => {
    const given = study({ linearised: true }, { potential: "quadratic", momentum: 0 });
    const { result } = await networkStudy(
      { ...given, data: { inputs: [[0.7]], targets: [2] }, ensemble: { size: 1, seed: 3 } },
      referenceEngine,
    );
    const { mean, std, error } = result.linearised!;
    const rate = 1 - result.eta * result.kernelInitial[0]![0]!;
    for (const [t, step] of result.times.entries()) {
      const f = 2 + rate ** step * (result.mean[0]![0]! - 2);
      expect(mean[t]![0]).toBeCloseTo(f, 13);
      expect(std[t]![0]).toBe(0);
      expect(error[t]).toBeCloseTo(Math.abs(result.mean[t]![0]! - f), 13);
    }
    expect(error.at(-1)).toBeGreaterThan(1e-4);
  });
  it("are those of the scaling with width, for any V and momentum", async () => {
    const given = study({ linearised: true }, { recordEvery: 1 });
    const { result: scaling } = await measureScaling(given, [5, 6], referenceEngine);
    const { result } = await networkStudy(given, referenceEngine);
    const worst = Math.max(...result.linearised!.error.map((value) => value!));
    expect(worst).toBeCloseTo(scaling.linearisationError.values[1]!, 12);
  });
  it("are null with a warning where they diverge and the networks do not", async () => {
    const steep = changed(({ kernels }) => kernels.fill(1e60));
    const { result } = await networkStudy(study({ linearised: true }), steep);
    expect(result.linearised!.error[0]).toBe(0);
    expect(result.linearised!.error.at(-1)).toBeNull();
    expect(result.linearised!.mean.at(-1)).toEqual([null, null]);
    expect(result.warnings.join()).toContain("observe.linearised: from step");
  });
});
