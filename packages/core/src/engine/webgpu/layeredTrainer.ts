/**
 * Networks of any depth, width and number of data: each step is a list of dispatches, forward layer by layer, read-out, and back with the
 * descent fused in, bound once and recorded many steps to a submit. It also gives each network's empirical kernel.
 */

import type { Subsets } from "../../network/subsets.ts";
import { emitWgsl } from "../../potential/wgsl.ts";
import { type EnsembleJob, kernelPartsOf } from "../engine.ts";
import { along, type Bind, type Bound, createBind } from "./bound.ts";
import { bindDense, type DenseProducts, type Layer } from "./denseProducts.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import { type EnsembleState, packInputs } from "./ensembleState.ts";
import type { Gpu } from "./gpu.ts";
import type { EncodeSteps } from "./residentTrainer.ts";
import { encode } from "./submit.ts";

export interface LayeredTrainer {
  readonly encodeSteps: EncodeSteps;
  /** Encodes the empirical kernels of `count` networks, or their parts, with their present weights into record `record`. */
  encodeKernels(pass: GPUComputePassEncoder, record: number, count: number): void;
  /** [records][networks][4 chunks][chunks], a kernel's parts one after another as so many records. */
  readonly kernels: GPUBuffer;
  /** Encodes the outputs of `count` networks at the test inputs of groups `from` .. `to - 1` with their present weights. */
  readonly encodeTest: EncodeSteps;
  /** [testGroups][networks][chunks]. */
  readonly tested: GPUBuffer;
}

/** What leaves the force on a step's subset alone, and the steps that each network has done, which it counts. */
async function bindSubset(
  bound: Bind,
  { bits, words, weight }: Subsets,
  { chunks, batch }: EnsemblePlan,
  state: EnsembleState,
  force: GPUBuffer,
): Promise<{ part: Bound; steps: GPUBuffer }> {
  const steps = await state.storage("steps done", 4 * batch);
  const subsets = await state.constant("subsets", bits);
  const part = await bound(kernels.subset, {}, { subsets, force, steps }, { chunks, words, weight }, () => [1, 1]);
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
  const { architecture, learningRate, momentum } = job;
  const { inputDimension, width, weightStd, biasStd, activation } = architecture;
  const { data, chunks, layers: shapes, batch } = plan;
  const { inputs, output } = state;
  const rows = shapes[0]!.rows;
  const units = 16 * batch * rows * chunks;
  const layers: Layer[] = [];
  for (const [l, buffers] of state.layers.entries()) {
    layers.push({
      ...buffers,
      hidden: await state.storage(`units of layer ${l + 1}`, units),
      slope: await state.storage(`slopes of layer ${l + 1}`, units),
      delta: await state.storage(`deltas of layer ${l + 1}`, units),
    });
  }
  const first = layers[0]!;
  const last = layers[layers.length - 1]!;
  const force = await state.storage("force", 16 * batch * chunks);
  const unitForce = await state.constant("unit force", new Float32Array(4 * chunks).fill(1));
  const parts = kernelPartsOf(job);
  const recorded = await state.storage(
    "kernels",
    64 * batch * chunks * chunks * Math.max(1, job.recordKernels.length * parts),
  );

  const bound = await createBind(
    gpu,
    state,
    Math.max(job.recordOutputs.length, job.recordKernels.length * parts, plan.testGroups),
  );
  const hiddenScale = { scale: weightStd / Math.sqrt(width), bias: biasStd };
  const descent = { learningRate, momentum };
  const MOMENTUM = momentum > 0;

  const firstParams = { fanIn: inputDimension + 1, width, stride: shapes[0]!.stride, rows, chunks };
  const firstLayer = (inputs: GPUBuffer): Promise<Bound> =>
    bound(
      kernels.firstLayer,
      { code: activation.wgsl },
      { inputs, weights: first.weights, hidden: first.hidden, slope: first.slope },
      { ...firstParams, ...hiddenScale },
      along((width + 1) * chunks),
    );
  const readoutTo = (outputs: GPUBuffer): Promise<Bound> =>
    bound(
      kernels.readout,
      { code: emitWgsl(job.potential) },
      { hidden: last.hidden, weights: output.weights, targets: state.targets, force, outputs },
      { units: width + 1, rows, chunks, data },
      () => [1, chunks],
    );
  const forward = [await firstLayer(inputs)];
  const readout = await readoutTo(state.outputs);

  const tested = await state.storage("outputs at the test inputs", 16 * batch * chunks * Math.max(1, plan.testGroups));
  const testReadout = await readoutTo(tested);
  const testInputs: Bound[] = [];
  for (let g = 0; g < plan.testGroups; g++) {
    const packed = packInputs(job, job.test!, g * data, data);
    testInputs.push(await firstLayer(await state.constant(`test inputs ${g + 1}`, packed)));
  }
  const subset = job.subsets && (await bindSubset(bound, job.subsets, plan, state, force));
  const outputBackward = (UPDATE: boolean): Promise<Bound> =>
    bound(
      kernels.outputBackward,
      { constants: { MOMENTUM, UPDATE } },
      { ...output, force: UPDATE ? force : unitForce, hidden: last.hidden, slope: last.slope, delta: last.delta },
      { units: width + 1, rows, chunks, forceStride: UPDATE ? chunks : 0, ...descent },
      along(width + 1),
    );
  /** From the output to the first layer: deltas with the weights of before the step, then the descent. */
  const backward = [await outputBackward(true)];
  /** The same without descent from unit force: the sensitivities df_a/dz_ja. */
  const sensitivities = [await outputBackward(false)];

  const dense: DenseProducts[] = [];
  for (let l = 1; l < layers.length; l++) {
    dense.push(await bindDense({ gpu, job, plan, bind: bound, searchTiles, signal }, layers[l - 1]!, layers[l]!, l));
  }
  for (const products of dense) forward.push(products.forward);
  for (const products of dense.reverse()) {
    backward.push(...products.descent);
    sensitivities.push(products.backward);
  }
  backward.push(
    await bound(
      kernels.firstUpdate,
      { constants: { MOMENTUM } },
      { inputs, delta: first.delta, weights: first.weights, velocity: first.velocity },
      { ...firstParams, ...descent },
      along(width),
    ),
  );

  // Part l of the kernel belongs to the weights into layer l, the last part to the output's.
  const kernelParts: Bound[] = [];
  for (let l = 0; l <= layers.length && job.recordKernels.length > 0; l++) {
    const upper = layers[l];
    const lower = layers[l - 1];
    kernelParts.push(
      await bound(
        kernels.kernelLayer,
        {},
        { sensitivity: (upper ?? last).delta, below: lower?.hidden ?? inputs, kernels: recorded },
        {
          units: upper ? width : 0,
          rows,
          inputs: lower ? width + 1 : inputDimension + 1,
          rowsBelow: lower ? rows : 0,
          chunks,
          accumulate: parts > 1 ? 0 : l,
        },
        () => [chunks, chunks],
      ),
    );
  }

  const outputSlots = new Map(job.recordOutputs.map((step, record) => [step, record]));
  return {
    kernels: recorded,
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
      for (const part of [...forward, ...sensitivities]) encode(pass, part(count));
      for (const [l, part] of kernelParts.entries()) encode(pass, part(count, record * parts + (parts > 1 ? l : 0)));
    },
  };
}
