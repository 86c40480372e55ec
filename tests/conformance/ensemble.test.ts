/** The ensemble job of every engine against tests/reference: every activation and built-in potential, depths, momentum, odd sizes. */
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleBatch, EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { openEngine } from "@slowroll/core/engine/open";
import { InputError, InterruptedError } from "@slowroll/core/errors";
import { activations } from "@slowroll/core/network/activations";
import { drawSubsets } from "@slowroll/core/network/subsets";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { compilePotential } from "@slowroll/core/potential/compile";
import type { PotentialSpec } from "@slowroll/core/potential/potential";
import { normals } from "@slowroll/core/random/normal";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawNetwork, outputsAndGradients, referenceEnsemble } from "../reference/ensemble.ts";

/** Largest difference from the reference over its largest value, after a dozen steps. */
const ENGINES = [
  { engine: "webgpu", adapter: "software", precision: "float32", fused: false, bound: 5e-5 },
  { engine: "cpu", adapter: "auto", precision: "float32", fused: false, bound: 1e-5 },
  { engine: "cpu", adapter: "auto", precision: "float64", fused: false, bound: 1e-13 },
  // Fused last: once a process has it, it has it for good.
  { engine: "cpu", adapter: "auto", precision: "float32", fused: true, bound: 1e-5 },
  { engine: "cpu", adapter: "auto", precision: "float64", fused: true, bound: 1e-13 },
] as const;

interface Case {
  depth?: number;
  width?: number;
  activation?: string;
  data?: number;
  outputs?: number;
  dimension?: number;
  momentum?: number;
  potential?: PotentialSpec;
  steps?: number;
  count?: number;
  recordKernels?: number[];
  test?: number;
  batch?: number;
  kernelParts?: boolean;
  parameterNorms?: boolean;
}

async function jobOf(given: Case): Promise<EnsembleJob> {
  const {
    depth = 1,
    width = 19,
    activation = "erf",
    data = 5,
    outputs,
    dimension = 2,
    momentum = 0,
    potential = "quadratic",
    steps = 12,
    count = 3,
  } = given;
  return {
    architecture: {
      inputDimension: dimension,
      depth,
      width,
      activation: activations[activation]!,
      weightStd: 1.4,
      biasStd: 0.3,
      outputs,
    },
    inputs: normals(5, 0, 0, data * dimension),
    targets: normals(6, 0, 0, data * (outputs ?? 1)),
    potential: await compilePotential(potential),
    learningRate: 0.01,
    momentum,
    steps,
    seed: 42,
    networks: { first: 2, count },
    recordOutputs: Array.from({ length: steps + 1 }, (_, t) => t),
    recordKernels: given.recordKernels ?? [0, Math.floor(steps / 2), steps],
    subsets: given.batch ? drawSubsets(data, steps, { size: given.batch, seed: 9 }) : undefined,
    test: given.test ? normals(7, 0, 0, given.test * dimension) : undefined,
    kernelParts: given.kernelParts,
    parameterNorms: given.parameterNorms,
  };
}

async function train(engine: Engine, job: EnsembleJob): Promise<EnsembleBatch> {
  const batches: EnsembleBatch[] = [];
  await engine.trainEnsemble(job, (batch) => batches.push(batch));
  expect(batches.reduce((sum, batch) => sum + batch.count, 0)).toBe(job.networks.count);
  const joined = (pick: (batch: EnsembleBatch) => Float64Array): Float64Array =>
    Float64Array.from(batches.flatMap((batch) => Array.from(pick(batch))));
  return {
    first: batches[0]!.first,
    count: job.networks.count,
    outputs: joined((b) => b.outputs),
    kernels: joined((b) => b.kernels),
    norms: joined((b) => b.norms),
    test: joined((b) => b.test),
  };
}

/** Largest difference over the largest value. */
function difference(got: Float64Array, want: Float64Array): number {
  expect(got.length).toBe(want.length);
  const scale = want.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  return got.reduce((largest, value, i) => Math.max(largest, Math.abs(value - want[i]!)), 0) / scale;
}

const cases: Case[] = [
  ...Object.keys(activations).map((activation) => ({ activation })),
  ...Object.keys(activations).map((activation) => ({ activation, depth: 2, momentum: 0.5 })),
  // A narrow hilltop throws the outputs to 1e13 within four steps, where rounding is all that is left of them.
  ...Object.keys(builtins).map((name) => ({
    potential: { name, parameters: name === "hilltop" ? { mu: 5 } : {} },
    momentum: 0.9,
  })),
  { data: 1, dimension: 1, width: 1, count: 1 },
  { data: 1, dimension: 3, width: 4, depth: 2 },
  { data: 16, width: 64 },
  { data: 17, width: 65, dimension: 1 },
  { data: 21, width: 33, depth: 3, momentum: 0.9, steps: 6 },
  { data: 4, width: 257, momentum: 0.9, recordKernels: [] },
  { data: 8, width: 300, depth: 2, steps: 4 },
  { data: 3, width: 130, depth: 4, steps: 4, activation: "tanh" },
  { steps: 0, recordKernels: [0] },
  // Mini-batches, resident and layered, with more data than a word of the table and several epochs.
  { data: 8, batch: 3, recordKernels: [] },
  { data: 8, batch: 3, momentum: 0.9 },
  { data: 13, batch: 1, recordKernels: [], test: 4 },
  { data: 37, batch: 5, depth: 2, momentum: 0.5, steps: 9 },
  { data: 37, batch: 37, depth: 2, steps: 3, recordKernels: [] },
  { data: 6, batch: 4, depth: 3, recordKernels: [] },
  { test: 13 },
  { test: 3, recordKernels: [], momentum: 0.5 },
  { test: 9, depth: 3, recordKernels: [], count: 2 },
  { test: 1, data: 17, steps: 0, recordKernels: [], depth: 2 },
  { data: 8, width: 1030, dimension: 9, momentum: 0.5, steps: 4 },
  { data: 8, width: 70, dimension: 100, momentum: 0.5, steps: 4 },
  { data: 33, width: 70, dimension: 3, depth: 2, steps: 6 },
  // So many that WebGPU takes the first layer and the kernels in tiles.
  { data: 61, width: 37, dimension: 31, steps: 4 },
  { data: 70, width: 37, dimension: 40, depth: 2, momentum: 0.9, steps: 3, test: 75, kernelParts: true, count: 1 },
  { kernelParts: true, parameterNorms: true, recordKernels: [0, 1, 2, 5, 12] },
  { kernelParts: true, parameterNorms: true, depth: 3, momentum: 0.5, data: 7 },
  { parameterNorms: true, width: 190, depth: 2, dimension: 3, momentum: 0.9, steps: 4 },
  { kernelParts: true, data: 18, depth: 2 },
  // Fewer and more outputs than a tile has rows or a WebGPU kernel takes at once, each with what a job can be asked for.
  ...[2, 3, 5].flatMap((outputs) => [
    { outputs },
    { outputs, momentum: 0.9, data: 7, width: 33, test: 9, kernelParts: true, parameterNorms: true },
    { outputs, depth: 2, potential: "doubleWell" },
    { outputs, depth: 3, momentum: 0.9, data: 7, test: 9, kernelParts: true, parameterNorms: true },
    { outputs, data: 8, batch: 3, recordKernels: [] },
    { outputs, data: 37, batch: 5, depth: 2, momentum: 0.5, width: 7, steps: 9, recordKernels: [] },
  ]),
  { outputs: 2, data: 1, dimension: 1, width: 1, count: 1 },
  { outputs: 3, data: 1, dimension: 3, width: 4, depth: 2 },
  {
    outputs: 3,
    data: 66,
    width: 5,
    depth: 2,
    count: 1,
    potential: { name: "quadratic", parameters: { massSquared: 0.1 } },
  },
  { outputs: 10, data: 3, width: 40, depth: 2, activation: "tanh", steps: 4, recordKernels: [0, 4] },
  { outputs: 2, data: 61, dimension: 31, width: 13, momentum: 0.9, steps: 3, kernelParts: true, count: 1 },
  { outputs: 17, data: 2, width: 9, activation: "relu", test: 3, recordKernels: [12] },
  { outputs: 4, steps: 0, recordKernels: [0] },
  // Resident on WebGPU with all that its registers may hold; layered in tiles; and sensitivities in tiles where training needs none.
  { outputs: 2, data: 8, width: 130, momentum: 0.9, recordKernels: [12] },
  { outputs: 3, data: 21, depth: 2, width: 12, batch: 5, kernelParts: true, test: 30, count: 1 },
  { outputs: 3, data: 9, depth: 3, width: 12, momentum: 0.9, test: 4, count: 2 },
  { outputs: 11, data: 5, depth: 2, width: 9, momentum: 0.5, kernelParts: true, parameterNorms: true, count: 2 },
];

/** Of each case, made once for all engines. */
const references = new Map<Case, EnsembleBatch>();

describe.each(ENGINES)("$engine ensembles, $precision, fused $fused", ({ bound, fused, ...choice }) => {
  let engine: Engine;
  beforeAll(async () => {
    if (fused) enableFusedMultiplyAdd();
    engine = await openEngine(choice);
    if (fused) expect(engine.info.fusedMultiplyAdd).toBe(true);
  });
  afterAll(() => engine.close());

  it.each(cases.map((given) => [JSON.stringify(given), given] as const))("%s", async (_name, given) => {
    const job = await jobOf(given);
    const want = references.get(given) ?? referenceEnsemble(job);
    references.set(given, want);
    const got = await train(engine, job);
    expect(difference(got.outputs, want.outputs)).toBeLessThan(bound);
    expect(difference(got.kernels, want.kernels)).toBeLessThan(bound);
    expect(difference(got.test, want.test)).toBeLessThan(bound);
    // Squares of the parameters and of their way from the start, apart: one is a hundred times the other.
    for (const which of [0, 1]) {
      const of = (norms: Float64Array): Float64Array => norms.filter((_, i) => i % 2 === which);
      expect(difference(of(got.norms), of(want.norms))).toBeLessThan(bound);
    }
  });

  it.each([1, 3])("of %d outputs are the same whatever the batching", async (outputs) => {
    const job = await jobOf({ outputs, count: 5, parameterNorms: true });
    const whole = await train(engine, job);
    const part = await train(engine, { ...job, networks: { first: 4, count: 2 } });
    const T = job.recordOutputs.length * job.targets.length;
    expect(part.outputs).toEqual(whole.outputs.slice(2 * T, 4 * T));
    const N = job.recordKernels.length * 4;
    expect(part.norms).toEqual(whole.norms.slice(2 * N, 4 * N));
  });

  if (choice.engine === "cpu") {
    it.each([
      [1, 1],
      [3, 1],
      [1, 3],
      [3, 3],
    ])("are the same on %d threads with %d outputs", async (threads, outputs) => {
      const job = await jobOf({ count: 7, depth: 2, test: 2, outputs });
      const other = await openEngine({ ...choice, threads });
      expect(other.info.threads).toBe(threads);
      const got = await train(other, job);
      await other.close();
      expect(got).toEqual(await train(engine, job));
    });
  }

  it("begin their mini-batches anew with each batch of networks", async () => {
    // Of such networks a software adapter trains two at a time.
    const job = await jobOf({ width: 1400, depth: 2, batch: 2, steps: 3, count: 3, recordKernels: [] });
    const whole = await train(engine, job);
    const last = await train(engine, { ...job, networks: { first: job.networks.first + 2, count: 1 } });
    expect(last.outputs).toEqual(whole.outputs.slice(-last.outputs.length));
  });

  it("refuse a network that does not fit", async () => {
    const job = await jobOf({ width: 2 ** 18, depth: 2 });
    await expect(engine.trainEnsemble(job, () => {})).rejects.toThrow(InputError);
    if (choice.engine === "webgpu") {
      const many: [Case, RegExp][] = [
        [{ outputs: 70_000, data: 1, width: 4, recordKernels: [] }, /70000 outputs at 1 data take 70000 workgroups/],
        [{ outputs: 2100, data: 8, width: 4 }, /the recorded kernels take .* fewer outputs/],
        [{ outputs: 16_400, data: 4, width: 16_383, recordKernels: [] }, /the outputs' weights/],
        [{ outputs: 1000, data: 4, width: 70_000 }, /the outputs' sensitivities/],
      ];
      for (const [given, message] of many) {
        const refused = engine.trainEnsemble(await jobOf({ ...given, steps: 1 }), () => {});
        await expect(refused).rejects.toThrow(message);
        await expect(refused).rejects.toThrow(InputError);
      }
    }
  });

  it("end when interrupted", async () => {
    const job = await jobOf({ width: 512, steps: 100_000, count: 64 });
    const abort = new AbortController();
    const run = engine.trainEnsemble({ ...job, recordOutputs: [0], recordKernels: [] }, () => {}, {
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(run).rejects.toThrow(InterruptedError);
  });
});

describe("the reference", () => {
  it("has the gradients of two outputs that finite differences give", async () => {
    const one = await jobOf({ depth: 2, width: 4 });
    const job = { ...one, architecture: { ...one.architecture, outputs: 2 } };
    const layers = drawNetwork(job, 0);
    const x = [0.3, -0.8];
    const evaluated = outputsAndGradients(job, layers, x);
    expect(evaluated).toHaveLength(2);
    for (const [c, { gradient }] of evaluated.entries()) {
      for (const [l, layer] of layers.entries()) {
        const last = layer.weights.length - 1;
        const weight = layer.weights[last]!;
        const h = 1e-5;
        const at = (value: number): number => {
          layer.weights[last] = value;
          return outputsAndGradients(job, layers, x)[c]!.f;
        };
        const slope = (at(weight + h) - at(weight - h)) / (2 * h);
        at(weight);
        expect(gradient[l]!.weights[last]).toBeCloseTo(slope, 8);
      }
    }
  });
});
