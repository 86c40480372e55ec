/**
 * Networks of any depth, width and number of data: each step is a list of dispatches, forward layer by layer, read-out, and back with the
 * descent fused in, bound once and recorded many steps to a submit. It also gives each network's empirical kernel.
 */

import type { Subsets } from "../../../network/subsets.ts";
import { emitWgsl } from "../../../potential/wgsl.ts";
import { type EnsembleJob, kernelPartsOf } from "../../ensembleJob.ts";
import type { Gpu } from "../gpu.ts";
import { encode } from "../submit.ts";
import { along, type Bind, type Bound, createBind } from "./bound.ts";
import { bindDense, type DenseProducts, type Layer } from "./denseProducts.ts";
import { bindEmpiricalKernels } from "./empiricalKernels.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import { type EnsembleState, packInputs } from "./ensembleState.ts";
import { firstLayer, sharing } from "./firstLayer.ts";
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

/**
 * Outputs that a kernel takes at once, with their sums in registers: for each it reads the weights, for all of them once the units. Even
 * parts, eight at most: a readout's invocation then sums as many vectors as a skinny product's of two groups of data.
 */
export const outputBlock = (outputs: number): number => Math.ceil(outputs / Math.ceil(outputs / 8));

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
  const { learningRate, momentum } = job;
  const { width } = job.architecture;
  const { data, outputs, chunks, outputChunks, layers: shapes, batch } = plan;
  const { inputs, output } = state;
  const rows = shapes[0]!.rows;
  const units = 16 * batch * rows * chunks;
  const layers: Layer[] = [];
  const isRecording = job.recordKernels.length > 0;
  for (const [l, buffers] of state.layers.entries()) {
    const delta = await state.storage(`deltas of layer ${l + 1}`, units);
    layers.push({
      ...buffers,
      hidden: await state.storage(`units of layer ${l + 1}`, units),
      slope: await state.storage(`slopes of layer ${l + 1}`, units),
      delta,
      // Kernels are recorded between steps, when nobody needs the deltas.
      sensitivity:
        isRecording && outputs > 1
          ? await state.storage(`sensitivities to layer ${l + 1}`, 16 * batch * rows * outputChunks)
          : delta,
    });
  }
  const last = layers[layers.length - 1]!;
  const force = await state.storage("force", 16 * batch * outputChunks);
  const BLOCK = outputBlock(outputs);

  const bound = await createBind(
    gpu,
    state,
    Math.max(job.recordOutputs.length, job.recordKernels.length * kernelPartsOf(job), plan.testGroups),
  );
  const setting: Setting = { gpu, job, plan, bind: bound, searchTiles, signal };
  const first = firstLayer(setting, inputs, layers[0]!);
  const readoutTo = (recorded: GPUBuffer): Promise<Bound> =>
    bound(
      kernels.readout,
      { constants: { OUTPUTS: outputs, BLOCK }, code: emitWgsl(job.potential) },
      { hidden: last.hidden, weights: output.weights, targets: state.targets, force, outputs: recorded },
      { units: width + 1, rows, chunks, data },
      () => [Math.ceil(outputs / BLOCK), chunks],
    );
  const forward = [await first.forward(inputs)];
  const readout = await readoutTo(state.outputs);

  const tested = await state.storage(
    "outputs at the test inputs",
    16 * batch * outputChunks * Math.max(1, plan.testGroups),
  );
  const testReadout = await readoutTo(tested);
  const testInputs: Bound[] = [];
  for (let g = 0; g < plan.testGroups; g++) {
    const packed = packInputs(job, job.test!, g * data, data);
    testInputs.push(await first.forward(await state.constant(`test inputs ${g + 1}`, packed)));
  }
  const subset = job.subsets && (await bindSubset(bound, job.subsets, plan, state, force));
  const { lanes, includes } = sharing(gpu.adapter.type, chunks);
  /** From the outputs to the first layer: deltas with the weights of before the step, then the descent. */
  const backward = [
    await bound(
      kernels.outputBackward,
      { includes, constants: { OUTPUTS: outputs, BLOCK, MOMENTUM: momentum > 0 } },
      { ...output, force, hidden: last.hidden, slope: last.slope, delta: last.delta },
      { units: width + 1, rows, chunks, learningRate, momentum },
      along((width + 1) * lanes),
    ),
  ];
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

  const empirical = isRecording ? await bindEmpiricalKernels(setting, state, layers, sensitivities) : undefined;
  const outputSlots = new Map(job.recordOutputs.map((step, record) => [step, record]));
  return {
    kernels: empirical?.recorded,
    tested,
    encodeTest(pass, from, to, count) {
      for (let group = from; group < to; group++) {
        for (const part of [testInputs[group]!, ...forward.slice(1)]) encode(pass, part(count));
        encode(pass, testReadout(count, group));
      }
    },
    encodeSteps(pass, from, to, count) {
      if (from === 0 && subset) gpu.device.queue.writeBuffer(subset.steps, 0, new Uint32Array(batch));
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
