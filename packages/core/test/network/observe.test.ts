/** What is recorded of an ensemble on its way, on the float64 reference engine. */
import { measureScaling } from "@slowroll/core/duality/scaling";
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleBatch } from "@slowroll/core/engine/ensembleJob";
import { DivergenceError, InterruptedError } from "@slowroll/core/errors";
import { type NetworkResult, networkStudy, type PartialNetworkResult } from "@slowroll/core/network/run";
import { ensembleJob, setupNetwork } from "@slowroll/core/network/setup";
import type { NetworkStudy, ObserveSpec } from "@slowroll/core/network/study";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import { drawNetwork, outputsAndGradients } from "../../../../tests/reference/ensemble.ts";

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
    observe: { kernelMatrices: false, kernelsByLayer: false, parameterNorms: false, linearised: false, ...observe },
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
      return onBatch(batch);
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
    const asked: Observe = { kernelsEvery: 2, kernelMatrices: true, parameterNorms: true, linearised: true };
    expect(await observed(asked, inBatches)).toEqual(await observed(asked));
  });
  it("can be interrupted at its eigenvalues", async () => {
    const abort = new AbortController();
    const late = changed(() => abort.abort());
    const run = networkStudy(study({ kernelsEvery: 3 }), late, { signal: abort.signal });
    await expect(run).rejects.toThrow(InterruptedError);
  });
  it("can be interrupted between the eigenvalues of many small matrices", async () => {
    const abort = new AbortController();
    const late = changed(() => setImmediate(() => abort.abort()) as unknown as undefined);
    const many = { ...study({ kernelsEvery: 1 }, { steps: 2000, recordEvery: 2000 }), ensemble: { size: 1, seed: 3 } };
    const stages: string[] = [];
    const run = networkStudy(many, late, { signal: abort.signal, onStage: (stage) => stages.push(stage) });
    await expect(run).rejects.toThrow(InterruptedError);
    expect(stages).not.toContain("theory of 2 data");
  });
  it("is refused where its kernels would fill the heap", async () => {
    const { data, ...rest } = study({ kernelsEvery: 1, kernelMatrices: true }, { steps: 1e6, recordEvery: 1e6 });
    const large = { ...rest, data: { ...data, inputs: { circle: { points: 64 } }, targets: "sin(theta)" } };
    await expect(networkStudy(large, referenceEngine)).rejects.toMatchObject({
      path: "observe.kernelsEvery",
      message: expect.stringMatching(/takes \d+\.\d+ GiB, and Node's heap .* record kernels less often/),
    });
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

/** Sum of matrices. */
const sum = (matrices: readonly number[][][]): number[][] =>
  matrices[0]!.map((row, a) => row.map((_, b) => matrices.reduce((all, matrix) => all + matrix[a]![b]!, 0)));

function expectClose(got: readonly number[][], want: readonly number[][]): void {
  for (const [a, row] of want.entries())
    for (const [b, value] of row.entries()) expect(got[a]![b]).toBeCloseTo(value, 12);
}

describe("the kernel by layer", () => {
  it("adds up to the kernel, measured and of infinite width, and changes nothing else", async () => {
    const plain = await observed({ kernelsEvery: 3 });
    const { kernelLayers, ...result } = await observed({ kernelsEvery: 3, kernelsByLayer: true });
    const { initial, final, theory } = kernelLayers!;
    expect([initial.length, final.length, theory.length]).toEqual([3, 3, 3]);
    expectClose(sum(initial), plain.kernelInitial);
    expectClose(sum(final), plain.kernelFinal);
    const { kernels } = await setupNetwork(study({}));
    expectClose(sum(theory), [
      [kernels.ntk[0]!, kernels.ntk[1]!],
      [kernels.ntk[2]!, kernels.ntk[3]!],
    ]);
    // The output's weights see the last layer's units: their part is the covariance.
    expectClose(theory[2]!, [
      [kernels.nngp[0]!, kernels.nngp[1]!],
      [kernels.nngp[2]!, kernels.nngp[3]!],
    ]);
    expectClose(
      [result.kernelSeries.drift, result.kernelSeries.eigenvalues!.flat()],
      [plain.kernelSeries.drift, plain.kernelSeries.eigenvalues!.flat()],
    );
    expect(plain.kernelLayers).toBeUndefined();
  });
});

describe("parameter norms", () => {
  it("are those of the networks drawn, and of their first step along the gradient", async () => {
    const given = study({ parameterNorms: true }, { steps: 1, momentum: 0 });
    const one = { ...given, ensemble: { size: 1, seed: 3 } };
    const { result } = await networkStudy(one, referenceEngine);
    const setup = await setupNetwork(one);
    const job = ensembleJob(setup, one, { recordOutputs: [], recordKernels: [] });
    const layers = drawNetwork(job, 0);
    const gradients = [-1, 0.5].flatMap((x) => outputsAndGradients(job, layers, [x]));
    const { times, meanSquare, distance, layerDistance } = result.parameterNorms!;
    expect(times).toEqual([0, 1]);
    expect(distance[0]).toBe(0);
    const flat = ({ weights, biases }: (typeof layers)[number]): number[] => [...weights, ...biases];
    const squares = (values: readonly number[]): number => values.reduce((all, value) => all + value * value, 0);
    const parts = layers.map((layer, l) => {
      const theta = flat(layer);
      const [left, right] = gradients.map(({ f, gradient }, a) => {
        const force = setup.potential.gradient(0, f - [1, -0.5][a]!);
        return flat(gradient[l]!).map((value) => result.eta * force * value);
      });
      return { theta, way: left!.map((value, i) => value + right![i]!) };
    });
    for (const [l, { theta, way }] of parts.entries()) {
      expect(meanSquare[0]![l]).toBeCloseTo(squares(theta) / theta.length, 12);
      expect(layerDistance[1]![l]).toBeCloseTo(Math.sqrt(squares(way) / squares(theta)), 12);
    }
    const all = (pick: (part: (typeof parts)[number]) => number[]): number => squares(parts.flatMap(pick));
    expect(distance[1]).toBeCloseTo(Math.sqrt(all(({ way }) => way) / all(({ theta }) => theta)), 12);
    expect(distance[1]).toBeGreaterThan(1e-3);
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
