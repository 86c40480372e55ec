/**
 * Networks of any depth, width and number of data: each step is a list of dispatches, forward layer by layer, read-out, and back with the
 * descent fused in, bound once and recorded many steps to a submit. It also gives each network's empirical kernel.
 */

import type { Subsets } from "../../../network/subsets.ts";
import { type EnsembleJob, kernelPartsOf } from "../../ensembleJob.ts";
import type { Gpu } from "../gpu.ts";
import { encode } from "../submit.ts";
import { type Bind, type Bound, createBind } from "./bound.ts";
import { bindDense, type DenseProducts, type Layer } from "./denseProducts.ts";
import { bindEmpiricalKernels } from "./empiricalKernels.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import { type EnsembleState, packInputs } from "./ensembleState.ts";
import { type FirstLayer, firstLayer } from "./firstLayer.ts";
import { type OutputLayer, outputLayer } from "./outputLayer.ts";
import type { EncodeSteps } from "./residentTrainer.ts";
import type { Setting } from "./tiledProducts.ts";

export interface LayeredTrainer {
  readonly encodeSteps: EncodeSteps;
  /** Encodes the empirical kernels of `count` networks, or their parts, with their present weights into record `record`. */
  encodeKernels(pass: GPUComputePassEncoder, record: number, count: number): void;
  /** Of empiricalKernels.ts, where kernels are recorded. */
  readonly kernels: GPUBuffer | undefined;
  /** Encodes the outputs of `count` networks at the test inputs of groups `from` .. `to - 1` with their present weights. */
  readonly encodeTest: EncodeSteps;
  /** [testGroups][networks][outputs][chunks]. */
  readonly tested: GPUBuffer;
}

/** The hidden layers with buffers for what they have at all data. */
async function layersOf(
  { recordKernels }: EnsembleJob,
  { outputs, chunks, outputChunks, layers: shapes, batch }: EnsemblePlan,
  state: EnsembleState,
): Promise<Layer[]> {
  const { rows } = shapes[0]!;
  const units = 16 * batch * rows * chunks;
  const layers: Layer[] = [];
  for (const [l, buffers] of state.layers.entries()) {
    const delta = await state.storage(`deltas of layer ${l + 1}`, units);
    layers.push({
      ...buffers,
      hidden: await state.storage(`units of layer ${l + 1}`, units),
      slope: await state.storage(`slopes of layer ${l + 1}`, units),
      delta,
      // Kernels are recorded between steps, when nobody needs the deltas.
      sensitivity:
        recordKernels.length > 0 && outputs > 1
          ? await state.storage(`sensitivities to layer ${l + 1}`, 16 * batch * rows * outputChunks)
          : delta,
    });
  }
  return layers;
}

/** Where the outputs at the test inputs go, how they get there, and each group's way through the first layer. */
async function bindTest(
  { job, plan: { data, outputChunks, batch, testGroups } }: Setting,
  state: EnsembleState,
  first: FirstLayer,
  outputs: OutputLayer,
) {
  const tested = await state.storage("outputs at the test inputs", 16 * batch * outputChunks * Math.max(1, testGroups));
  const readout = await outputs.readout(tested);
  const firsts: Bound[] = [];
  for (let g = 0; g < testGroups; g++) {
    const packed = packInputs(job, job.test!, g * data, data);
    firsts.push(await first.forward(await state.constant(`test inputs ${g + 1}`, packed)));
  }
  return { tested, readout, firsts };
}

/** What leaves the force on a step's subset alone, and the steps that each network has done, which it counts. */
async function bindSubset(
  bound: Bind,
  { bits, words, weight }: Subsets,
  { outputs, chunks, batch }: EnsemblePlan,
  state: EnsembleState,
  force: GPUBuffer,
): Promise<{ part: Bound; steps: GPUBuffer }> {
  const steps = await state.storage("steps done", 4 * batch);
  const subsets = await state.constant("subsets", bits);
  const params = { outputs, chunks, words, weight };
  const part = await bound(kernels.subset, {}, { subsets, force, steps }, params, () => [1, 1]);
  return { part, steps };
}

/**
 * `searchTiles` measures the tiles of the products however small the job, and hears of `signal` meanwhile.
 * @throws ShaderCompileError, OutOfDeviceMemoryError, InterruptedError.
 */
export async function createLayeredTrainer(
  gpu: Gpu,
  job: EnsembleJob,
  plan: EnsemblePlan,
  state: EnsembleState,
  searchTiles: boolean,
  signal?: AbortSignal,
): Promise<LayeredTrainer> {
  const layers = await layersOf(job, plan, state);
  const force = await state.storage("force", 16 * plan.batch * plan.outputChunks);
  const bind = await createBind(
    gpu,
    state,
    Math.max(job.recordOutputs.length, job.recordKernels.length * kernelPartsOf(job), plan.testGroups),
  );
  const setting: Setting = { gpu, job, plan, bind, searchTiles, signal };
  const first = firstLayer(setting, state.inputs, layers[0]!);
  const outputs = outputLayer(setting, state, layers[layers.length - 1]!, force);
  const forward = [await first.forward(state.inputs)];
  const readout = await outputs.readout(state.outputs);
  const test = await bindTest(setting, state, first, outputs);
  const subset = job.subsets && (await bindSubset(bind, job.subsets, plan, state, force));
  /** From the outputs to the first layer. */
  const backward = [await outputs.backward()];
  const sensitivities: Bound[] = [];
  const dense: DenseProducts[] = [];
  for (let l = 1; l < layers.length; l++) {
    dense.push(await bindDense(setting, layers[l - 1]!, layers[l]!, l));
  }
  for (const products of dense) forward.push(...products.forward);
  for (const products of dense.reverse()) {
    backward.push(...products.descent);
    sensitivities.push(...products.sensitivity);
  }
  backward.push(await first.update());

  const empirical =
    job.recordKernels.length > 0 ? await bindEmpiricalKernels(setting, state, layers, sensitivities) : undefined;
  const outputSlots = new Map(job.recordOutputs.map((step, record) => [step, record]));
  return {
    kernels: empirical?.recorded,
    tested: test.tested,
    encodeTest(pass, from, to, count) {
      for (let group = from; group < to; group++) {
        for (const part of [test.firsts[group]!, ...forward.slice(1)]) encode(pass, part(count));
        encode(pass, test.readout(count, group));
      }
    },
    encodeSteps(pass, from, to, count) {
      if (from === 0 && subset) gpu.device.queue.writeBuffer(subset.steps, 0, new Uint32Array(plan.batch));
      for (let step = from; step < to; step++) {
        for (const part of forward) encode(pass, part(count));
        encode(pass, readout(count, outputSlots.get(step)));
        if (step === job.steps) break;
        if (subset) encode(pass, subset.part(count));
        for (const part of backward) encode(pass, part(count));
      }
    },
    encodeKernels(pass, record, count) {
      for (const part of forward) encode(pass, part(count));
      empirical!.encode(pass, record, count);
    },
  };
}
