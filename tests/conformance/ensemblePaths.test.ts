/** One ensemble by each of WebGPU's ways: resident and layer by layer, in batches that are read while the next is trained, and on a full binding. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EnsembleBatch, EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { trainEnsemble } from "@slowroll/core/engine/webgpu/network/ensemble";
import { residentShape } from "@slowroll/core/engine/webgpu/network/residentTrainer";
import { InputError, InterruptedError } from "@slowroll/core/errors";
import { type Activation, activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { referenceEnsemble } from "../reference/ensemble.ts";
import { limited, narrowed } from "../support/narrowed.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

async function jobOf(
  width: number,
  depth: number,
  count: number,
  more: Partial<EnsembleJob> = {},
): Promise<EnsembleJob> {
  const [data, dimension, points] = [5, 2, 7];
  return {
    architecture: {
      ...{ inputDimension: dimension, depth, width },
      ...{ activation: activationNamed("erf"), weightStd: 1.4, biasStd: 0.3 },
    },
    inputs: normals(5, 0, 0, data * dimension),
    targets: normals(6, 0, 0, data),
    test: normals(7, 0, 0, points * dimension),
    potential: await compilePotential("quadratic"),
    ...{ learningRate: 0.02, momentum: 0.5, steps: 20, seed: 4 },
    networks: { first: 0, count },
    ...{ recordOutputs: [0, 7, 20], recordKernels: [0, 20] },
    ...more,
  };
}

async function batchesOf(job: EnsembleJob, layered = false): Promise<EnsembleBatch[]> {
  const batches: EnsembleBatch[] = [];
  await trainEnsemble(gpu, job, (batch) => batches.push(batch), {}, { layered });
  return batches;
}

/** Targets of `outputs` outputs at `data` inputs. */
async function severalOutputs(outputs: number, data: number): Promise<EnsembleJob> {
  const job = await jobOf(130, 1, 3, { inputs: normals(5, 0, 0, 2 * data), targets: normals(6, 0, 0, data * outputs) });
  return { ...job, architecture: { ...job.architecture, outputs } };
}

it.each([
  [1, 5],
  [2, 7],
  [3, 4],
])("gives the same for %d outputs at %d data layer by layer as in the resident kernel", async (outputs, data) => {
  const job = await severalOutputs(outputs, data);
  const [[resident], [layered]] = [await batchesOf(job), await batchesOf(job, true)];
  for (const part of ["outputs", "kernels", "test"] as const) {
    expect(resident![part].some((value) => value !== 0)).toBe(true);
    for (const [i, value] of resident![part].entries()) expect(Math.abs(layered![part][i]! - value)).toBeLessThan(1e-5);
    // Sums in another order: equal to the last bit would be the same path twice.
    expect(layered![part]).not.toEqual(resident![part]);
  }
});

it("goes layer by layer where the resident kernel would hold more than one output may have", async () => {
  const resident = [
    [2, 8],
    [4, 4],
    [1, 16],
  ] as const;
  const layered = [
    [2, 9],
    [3, 5],
    [5, 1],
  ] as const;
  for (const [outputs, data] of resident) expect(residentShape(gpu, await severalOutputs(outputs, data))).toBeDefined();
  for (const [outputs, data] of layered)
    expect(residentShape(gpu, await severalOutputs(outputs, data))).toBeUndefined();
  const job = await severalOutputs(5, 5);
  const [[usual], [layer]] = [await batchesOf(job), await batchesOf(job, true)];
  expect(usual).toEqual(layer);
});

it.each([
  [1, 5, 1],
  [1, 5, 2],
  [2, 5, 2],
  [2, 18, 1],
  [1, 66, 1],
])(
  "keeps what pads its layers at nothing where units give something at 0: depth %d, %d data, %d outputs",
  async (depth, data, outputs) => {
    // As no built-in activation does.
    const activation: Activation = {
      name: "gaussian",
      value: (z) => Math.exp(-z * z),
      derivative: (z) => -2 * z * Math.exp(-z * z),
      wgsl: `fn activation(z: vec4f) -> ActivationPair {
        let value = exp(-z * z);
        return ActivationPair(value, -2.0 * z * value);
      }`,
    };
    const given = {
      inputs: normals(5, 0, 0, 2 * data),
      targets: normals(6, 0, 0, data * outputs),
      parameterNorms: true,
    };
    const job = await jobOf(67, depth, 2, { ...given, learningRate: 0.01 });
    const own = { ...job, architecture: { ...job.architecture, outputs, activation } };
    const [got] = await batchesOf(own);
    const want = referenceEnsemble(own);
    for (const part of ["outputs", "kernels", "test", "norms"] as const) {
      const scale = Math.max(...want[part].map(Math.abs));
      for (const [i, value] of want[part].entries())
        expect(Math.abs(got![part][i]! - value) / scale).toBeLessThan(5e-5);
    }
  },
);

describe("an ensemble in several batches", () => {
  /** A network takes half a megabyte, a batch of the software adapter sixteen. */
  const manyBatches = (): Promise<EnsembleJob> =>
    jobOf(250, 2, 70, { steps: 3, recordOutputs: [0, 3], recordKernels: [0] });

  it("is handed on in order, and is what each network alone is", async () => {
    const job = await manyBatches();
    const batches = await batchesOf(job);
    expect(batches.length).toBeGreaterThan(2);
    let next = 0;
    for (const { first, count } of batches) {
      expect(first).toBe(next);
      next += count;
    }
    expect(next).toBe(70);
    for (const { first, count, outputs, kernels, test } of batches) {
      const m = count - 1;
      const [alone] = await batchesOf({ ...job, networks: { first: first + m, count: 1 } });
      for (const [whole, part] of [
        [outputs, alone!.outputs],
        [kernels, alone!.kernels],
        [test, alone!.test],
      ] as const)
        expect(whole.slice(m * part.length, (m + 1) * part.length)).toEqual(part);
    }
  });
  it("has at many data the kernels of all networks together, where the last batch has fewer", async () => {
    const [data, dimension] = [70, 33];
    const job = await jobOf(20, 2, 5, {
      ...{ inputs: normals(5, 0, 0, data * dimension), targets: normals(6, 0, 0, data), test: undefined },
      ...{ steps: 3, recordOutputs: [3], recordKernels: [0, 3], kernelParts: true },
    });
    const wide = { ...job, architecture: { ...job.architecture, inputDimension: dimension } };
    const [whole, ...others] = await batchesOf(wide);
    expect(others).toEqual([]);
    const batches: EnsembleBatch[] = [];
    // Of a network the recorded kernels are the largest buffer, six parts of 72 x 72 numbers.
    await trainEnsemble(narrowed(gpu, 2 * 4 * 6 * 72 ** 2), wide, (batch) => batches.push(batch));
    expect(batches.map(({ count }) => count)).toEqual([2, 2, 1]);
    expect(batches.flatMap(({ kernels }) => Array.from(kernels))).toEqual(Array.from(whole!.kernels));
  });
  it("is trained on while a batch is read", async () => {
    const submitted: string[] = [];
    const encoders = vi.spyOn(gpu.device, "createCommandEncoder");
    try {
      await trainEnsemble(gpu, await manyBatches(), ({ first }) => {
        const starts = encoders.mock.calls.filter(([descriptor]) => descriptor?.label === "ensemble 0").length;
        submitted.push(`${first}: ${starts}`);
      });
    } finally {
      encoders.mockRestore();
    }
    // As each batch but the last is handed on, the next one's first steps are with the device.
    const last = submitted.length - 1;
    for (const [b, entry] of submitted.entries()) expect(entry).toMatch(new RegExp(`: ${Math.min(b, last - 1) + 2}$`));
  });
  it("hands on what was trained before an interruption", async () => {
    const abort = new AbortController();
    const handed: number[] = [];
    const run = trainEnsemble(gpu, await manyBatches(), ({ count }) => handed.push(count), {
      signal: abort.signal,
      // Past the middle the second of three batches is being trained.
      onProgress: (done, total) => {
        if (done > total / 2) abort.abort();
      },
    });
    await expect(run).rejects.toThrow(InterruptedError);
    expect(handed).toHaveLength(1);
  });
  it("ends with what the receiver of a batch, which is waited for, throws", async () => {
    const run = trainEnsemble(gpu, await manyBatches(), async () => {
      await sleep(1);
      throw new RangeError("no room");
    });
    await expect(run).rejects.toThrow("no room");
  });
  it("ends in the middle of the next batch where the receiver of one throws", async () => {
    const job = { ...(await manyBatches()), steps: 60, recordOutputs: [0], recordKernels: [] };
    let batch = 0;
    let trained = 0;
    const refuse = ({ count }: EnsembleBatch): never => {
      batch = count;
      throw new RangeError("no room");
    };
    const onProgress = (done: number): void => {
      trained = done;
    };
    await expect(trainEnsemble(gpu, job, refuse, { onProgress })).rejects.toThrow("no room");
    expect(trained / (batch * job.steps)).toBeLessThan(1.9);
  });
});

describe("layers whose weights are what one binding holds, or two or three", () => {
  const [width, depth] = [64, 3];

  /** At few data, and at so many that the products are made in tiles. */
  it.each([
    [5, 1, 64],
    [5, 2, 64],
    [18, 1, 64],
    [5, 1, 32],
    [5, 2, 22],
    [18, 1, 22],
  ])(
    "are trained at %d data with %d outputs, %d rows a binding, as the reference trains them",
    async (data, outputs, rows) => {
      const binding = 4 * width * rows;
      const given = {
        ...{ inputs: normals(5, 0, 0, 2 * data), targets: normals(6, 0, 0, data * outputs), parameterNorms: true },
        ...{ steps: 6, recordOutputs: [0, 3, 6], recordKernels: [0, 6] },
      };
      const job = await jobOf(width, depth, 2, given);
      const several = { ...job, architecture: { ...job.architecture, outputs } };
      const create = vi.spyOn(gpu.device, "createBuffer");
      const batches: EnsembleBatch[] = [];
      let largest = 0;
      try {
        await trainEnsemble(narrowed(gpu, binding), several, (batch) => batches.push(batch));
        const sizes = create.mock.calls.map(([{ usage, size }]) => (usage & GPUBufferUsage.STORAGE ? size : 0));
        largest = Math.max(...sizes);
      } finally {
        create.mockRestore();
      }
      expect(largest).toBe(binding);
      expect(batches.map(({ count }) => count)).toEqual([1, 1]);
      const want = referenceEnsemble(several);
      for (const part of ["outputs", "kernels", "test", "norms"] as const) {
        const got = batches.flatMap((batch) => Array.from(batch[part]));
        expect(got.length).toBe(want[part].length);
        const scale = Math.max(...want[part].map(Math.abs));
        expect(scale).toBeGreaterThan(0);
        for (const [i, value] of want[part].entries()) expect(Math.abs(got[i]! - value) / scale).toBeLessThan(5e-5);
      }
    },
  );
  it("are refused where it holds less than a row", async () => {
    const wide = await jobOf(400, depth, 2, { test: undefined, recordKernels: [], recordOutputs: [] });
    const run = trainEnsemble(narrowed(gpu, 4 * 400 - 16), wide, () => {});
    await expect(run).rejects.toThrow(InputError);
    await expect(run).rejects.toThrow(/the weights of hidden layer 1 take 4800 bytes, one binding .* holds 1584/);
  });
});

it.each([
  [1, 1],
  [2, 3],
])("goes along more units than a dispatch has invocations, %d hidden layers, %d outputs", async (depth, outputs) => {
  const [data, width] = [22, 400];
  const given = { inputs: normals(5, 0, 0, 2 * data), targets: normals(6, 0, 0, data * outputs), steps: 4 };
  const job = await jobOf(width, depth, 2, { ...given, recordOutputs: [0, 4], recordKernels: [0, 4] });
  const several = { ...job, architecture: { ...job.architecture, outputs } };
  const most = 6 * outputs;
  const dispatch = vi.spyOn(GPUComputePassEncoder.prototype, "dispatchWorkgroups");
  const run = async (own: Gpu): Promise<{ batches: EnsembleBatch[]; largest: number }> => {
    dispatch.mockClear();
    const batches: EnsembleBatch[] = [];
    await trainEnsemble(own, several, (batch) => batches.push(batch));
    return { batches, largest: Math.max(...dispatch.mock.calls.map(([x]) => x)) };
  };
  try {
    const whole = await run(gpu);
    expect(whole.largest).toBeGreaterThan(most);
    const stretched = await run(limited(gpu, { maxComputeWorkgroupsPerDimension: most }));
    expect(stretched.batches).toEqual(whole.batches);
    const along = dispatch.mock.calls.filter(([x]) => x === most);
    expect(along.length).toBeGreaterThan(0);
  } finally {
    dispatch.mockRestore();
  }
});
