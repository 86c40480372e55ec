/** A job that ends early, wherever it does, leaves nothing on the device: the engine may be asked for the next one. */
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { evaluatePotential } from "@slowroll/core/engine/webgpu/evaluate";
import { assertErrorFree } from "@slowroll/core/engine/webgpu/field/errorFree";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { trainEnsemble } from "@slowroll/core/engine/webgpu/network/ensemble";
import { OutOfDeviceMemoryError } from "@slowroll/core/errors";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { expect, it } from "vitest";
import { jobOf } from "./support/latticeJobs.ts";
import { LARGE, pretendedGpu } from "./support/pretended.ts";

/** A device of such bindings that fails at the given call, counted from 0, and what there is on it. */
function failingAt(
  call: number,
  maxStorageBufferBindingSize: number,
): { gpu: Gpu; left: Set<string>; reached: () => boolean } {
  const { gpu } = pretendedGpu({ ...LARGE, maxStorageBufferBindingSize });
  const left = new Set<string>();
  let calls = 0;
  const next = (): void => {
    if (calls++ === call) throw new OutOfDeviceMemoryError("full");
  };
  const buffer: Gpu["buffer"] = async (label, bytes, usage) => {
    next();
    // What is asked for at once with what fails comes after it.
    await new Promise(setImmediate);
    const name = `${label} ${calls}`;
    left.add(name);
    return Object.assign(await gpu.buffer(label, bytes, usage), { destroy: () => void left.delete(name) });
  };
  return {
    gpu: {
      ...gpu,
      buffer,
      upload: (label, data, usage) => buffer(label, data.byteLength, usage),
      async checked(_label, create) {
        next();
        return create();
      },
      async download(source, bytes) {
        next();
        return gpu.download(source, bytes);
      },
      async read(source, bytes, use) {
        next();
        return gpu.read(source, bytes, use);
      },
      async finished() {
        next();
      },
    },
    left,
    reached: () => calls > call,
  };
}

async function ensembleOf(depth: number, outputs: number): Promise<EnsembleJob> {
  return {
    architecture: {
      ...{ inputDimension: 2, depth, width: 9, outputs },
      ...{ activation: activationNamed("erf"), weightStd: 1.5, biasStd: 0.1 },
    },
    inputs: new Float64Array(10),
    targets: new Float64Array(5 * outputs),
    test: new Float64Array(6),
    potential: await compilePotential("quadratic"),
    ...{ learningRate: 0.1, momentum: 0.5, steps: 2, seed: 1, networks: { first: 0, count: 2 } },
    ...{ recordOutputs: [0, 2], recordKernels: [0, 2], parameterNorms: true },
  };
}

it.each<[string, (gpu: Gpu) => Promise<unknown>, binding?: number]>([
  ["an ensemble of one hidden layer", async (gpu) => trainEnsemble(gpu, await ensembleOf(1, 1), () => {})],
  ["an ensemble of two, and two outputs", async (gpu) => trainEnsemble(gpu, await ensembleOf(2, 2), () => {})],
  ...[false, true].map((coupled): [string, (gpu: Gpu) => Promise<unknown>] => [
    `a ${coupled ? "coupled" : "prescribed"} lattice`,
    async (gpu) => {
      const job = await jobOf({ dimensions: 3, points: 4, fields: ["phi", "chi"], coupled, operations: 4 });
      return evolveLattice(gpu, "float32", job);
    },
  ]),
  [
    "a lattice in slabs",
    async (gpu) => evolveLattice(gpu, "float32", await jobOf({ dimensions: 3, points: 50, operations: 4 })),
    4 * 50 ** 2 * 20,
  ],
  ["a check of compensated numbers", assertErrorFree],
  [
    "a potential's values",
    async (gpu) => evaluatePotential(await compilePotential("quadratic"), new Float32Array(4), gpu),
  ],
])("%s", async (_name, run, binding = LARGE.maxStorageBufferBindingSize) => {
  for (let call = 0; ; call++) {
    const { gpu, left, reached } = failingAt(call, binding);
    const outcome = await run(gpu).then(
      () => "done",
      (error: unknown) => error,
    );
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    expect([call, ...left]).toEqual([call]);
    if (!reached()) {
      expect(call).toBeGreaterThan(3);
      break;
    }
    expect(outcome).toBeInstanceOf(OutOfDeviceMemoryError);
  }
});
