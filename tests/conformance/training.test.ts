/**
 * A thousand steps of training on every engine's resident and layered path against tests/reference: errors of a step must not add up.
 * One hidden layer with few data is resident on both engines, with few outputs on WebGPU; more than 16 data, or more layers, are layered on
 * WebGPU, and so is what asks for it.
 */
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleBatch, EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { openEngine } from "@slowroll/core/engine/open";
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";
import { openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { activations } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEnsemble } from "../reference/ensemble.ts";

const STEPS = 1000;
interface Case {
  activation: string;
  momentum: number;
  depth: number;
  width: number;
  data: number;
  outputs: number;
}
const shapes = [1, 2, 3, 4].map((depth) => ({ depth, width: 7, data: 3 }));
/** Of one layer: many data, and several units an invocation or a worker's vector. */
const larger = [
  { depth: 1, width: 7, data: 17 },
  { depth: 1, width: 130, data: 3 },
];
const severalOutputs = [
  { depth: 1, width: 7, data: 3, outputs: 2 },
  { depth: 1, width: 33, data: 6, outputs: 5 },
  { depth: 2, width: 7, data: 3, outputs: 3 },
  { depth: 3, width: 5, data: 5, outputs: 5 },
  { depth: 1, width: 130, data: 8, outputs: 2 },
].flatMap((shape) => [0, 0.9].map((momentum): Case => ({ activation: "erf", momentum, ...shape })));
const cases = [
  ...Object.keys(activations).flatMap((activation, a) => [
    ...[0, 0.9].flatMap((momentum) => shapes.map((shape): Case => ({ activation, momentum, outputs: 1, ...shape }))),
    // Every activation and either momentum with either of these: what they change is none of the momentum's.
    ...larger.map((shape, s): Case => ({ activation, momentum: [0, 0.9][(a + s) % 2]!, outputs: 1, ...shape })),
  ]),
  ...severalOutputs,
];

const cpu = (precision: "float32" | "float64") => openEngine({ engine: "cpu", adapter: "auto", precision });
/** Bounds are of the largest difference from the reference over the largest value: a few roundings of the weights, not a thousand. */
const ENGINES = [
  { name: "webgpu", open: async () => webGpuEngine(await openGpu("software")), bound: 2e-5, taken: cases },
  {
    name: "webgpu, layered",
    open: async () => webGpuEngine(await openGpu("software"), "float32", { layered: true }),
    bound: 2e-5,
    taken: cases.filter(({ depth, data }) => depth === 1 && data < 17),
  },
  { name: "cpu, float32", open: () => cpu("float32"), bound: 2e-5, taken: cases },
  { name: "cpu, float64", open: () => cpu("float64"), bound: 1e-13, taken: cases },
];

async function jobOf({ activation, momentum, depth, width, data, outputs }: Case): Promise<EnsembleJob> {
  return {
    architecture: {
      inputDimension: 2,
      depth,
      width,
      activation: activations[activation]!,
      weightStd: 1.2,
      biasStd: 0.3,
      outputs,
    },
    inputs: normals(5, 0, 0, 2 * data),
    targets: normals(6, 0, 0, data * outputs),
    potential: await compilePotential("quadratic"),
    // Far from unstable all the way: a network that drifts to the edge of stability multiplies rounding without end.
    learningRate: 0.05 / data,
    momentum,
    steps: STEPS,
    seed: 42,
    networks: { first: 0, count: 1 },
    recordOutputs: [0, 1, 10, 100, 300, 1000],
    // Descent brings relu's units to rest on a datum, where the slope jumps: which side rounding leaves them on is no error.
    recordKernels: activation === "relu" ? [0] : [0, STEPS],
  };
}

/** Of each case, made once for all engines. */
const references = new Map<Case, EnsembleBatch>();

/** Largest difference over the largest value. */
function difference(got: Float64Array, want: Float64Array): number {
  expect(got.length).toBe(want.length);
  const scale = Math.max(...want.map(Math.abs));
  return Math.max(...got.map((value, i) => Math.abs(value - want[i]!))) / scale;
}

describe.each(ENGINES)("$name", ({ bound, open, taken }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.close());

  it.each(taken)("$activation, momentum $momentum, depth $depth, width $width, D $data, C $outputs", async (given) => {
    const job = await jobOf(given);
    const want = references.get(given) ?? referenceEnsemble(job);
    references.set(given, want);
    // It has learnt: what is compared is not the start.
    const loss = (record: number): number =>
      job.targets.reduce((sum, y, i) => sum + (want.outputs[record * job.targets.length + i]! - y) ** 2, 0);
    expect(loss(5)).toBeLessThan(0.9 * loss(0));
    let got: EnsembleBatch | undefined;
    await engine.trainEnsemble(job, (batch) => {
      got = batch;
    });
    expect(difference(got!.outputs, want.outputs)).toBeLessThan(bound);
    expect(difference(got!.kernels, want.kernels)).toBeLessThan(bound);
  });
});
