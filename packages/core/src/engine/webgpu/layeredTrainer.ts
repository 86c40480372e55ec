/**
 * Networks of any depth, width and number of data: each step is a list of dispatches, forward layer by layer, read-out, and back with the
 * descent fused in, bound once and recorded many steps to a submit. It also gives each network's empirical kernel.
 */
import { emitWgsl } from "../../potential/wgsl.ts";
import type { EnsembleJob } from "../engine.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import { type EnsembleState, packInputs, type WeightBuffers } from "./ensembleState.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, type KernelDeclaration, loadKernel, type Specialisation } from "./kernel.ts";
import type { EncodeSteps } from "./residentTrainer.ts";
import { type Dispatch, encode } from "./submit.ts";

/** Groups of four data up to which the products that hold all data in registers and read each weight once beat the tiled ones. */
const SKINNY_CHUNKS = 4;
/** Rows and groups of four columns that one workgroup of a tiled product makes: see linalg/tiled_product.wgsl. */
const TILE = { rows: 32, chunks: 8 };

interface Layer extends WeightBuffers {
  /** Units, slopes and deltas at all data, [networks][rows][chunks] each. */
  readonly hidden: GPUBuffer;
  readonly slope: GPUBuffer;
  readonly delta: GPUBuffer;
}

/** A dispatch that is bound and waits for the number of networks and, if it records, the record's place. */
type Bound = (count: number, record?: number) => Dispatch;

export interface LayeredTrainer {
  readonly encodeSteps: EncodeSteps;
  /** Encodes the empirical kernels of `count` networks with their present weights into record `record`. */
  encodeKernels(pass: GPUComputePassEncoder, record: number, count: number): void;
  /** [records][networks][4 chunks][chunks]. */
  readonly kernels: GPUBuffer;
  /** Encodes the outputs of `count` networks at the test inputs of groups `from` .. `to - 1` with their present weights. */
  readonly encodeTest: EncodeSteps;
  /** [testGroups][networks][chunks]. */
  readonly tested: GPUBuffer;
}

export async function createLayeredTrainer(
  gpu: Gpu,
  job: EnsembleJob,
  plan: EnsemblePlan,
  state: EnsembleState,
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
  const recorded = await state.storage("kernels", 64 * batch * chunks * chunks * Math.max(1, job.recordKernels.length));

  // One slot for each record, and a last one that means none, chosen by the dispatch's dynamic offset.
  const none = Math.max(job.recordOutputs.length, job.recordKernels.length, plan.testGroups);
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  const slots = new Uint32Array(((none + 1) * alignment) / 4);
  for (let r = 0; r <= none; r++) slots[(r * alignment) / 4] = r < none ? r : 0xffffffff;
  const slot = await state.constant("record slots", slots, GPUBufferUsage.UNIFORM);

  async function bound<B extends string>(
    declaration: KernelDeclaration<B>,
    specialisation: Specialisation,
    buffers: Readonly<Record<B, GPUBuffer>>,
    params: Readonly<Record<string, number>>,
    groups: (kernel: Kernel<B>) => readonly [number, number],
  ): Promise<Bound> {
    const kernel = await loadKernel(gpu, declaration, specialisation);
    const records = declaration.dynamic !== undefined;
    const uniform = new Uint32Array(kernel.uniform("params", params));
    const bindings = await kernel.bind({
      ...buffers,
      params: await state.constant(`${declaration.name} parameters`, uniform, GPUBufferUsage.UNIFORM),
      ...(records ? { slot } : {}),
    });
    const [x, y] = groups(kernel);
    return (count, record = none) => ({
      pipeline: kernel.pipeline,
      bindings,
      workgroups: [x, y, count],
      ...(records ? { offsets: [record * alignment] } : {}),
    });
  }
  const along = (items: number) => (kernel: Kernel<string>) => [Math.ceil(items / kernel.workgroup[0]), 1] as const;
  const tiles = (down: number, across: number) => () =>
    [Math.ceil(down / TILE.rows), Math.ceil(across / TILE.chunks)] as const;

  const hiddenScale = { scale: weightStd / Math.sqrt(width), bias: biasStd };
  const descent = { learningRate, momentum };
  const MOMENTUM = momentum > 0;
  const skinny = chunks <= SKINNY_CHUNKS;
  const CHUNKS = chunks;

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

  for (let l = 1; l < layers.length; l++) {
    const { fanIn, stride } = shapes[l]!;
    const { weights, hidden, slope } = layers[l]!;
    const buffers = { below: layers[l - 1]!.hidden, weights, hidden, slope };
    const params = { width, rowsBelow: rows, rows, ...hiddenScale };
    const code = activation.wgsl;
    forward.push(
      skinny
        ? await bound(
            kernels.denseForwardSkinny,
            { constants: { CHUNKS }, code },
            buffers,
            { ...params, fanIn, stride: stride / 4 },
            along(Math.ceil((width + 1) / 4)),
          )
        : await bound(
            kernels.denseForward,
            { code },
            buffers,
            { ...params, inner: fanIn, stride, chunks },
            tiles(width + 1, chunks),
          ),
    );
  }
  for (let l = layers.length - 1; l > 0; l--) {
    const { fanIn, stride } = shapes[l]!;
    const { weights, velocity, delta } = layers[l]!;
    const below = layers[l - 1]!;
    const backBuffers = { weights, delta, slopeBelow: below.slope, deltaBelow: below.delta };
    const updateBuffers = { below: below.hidden, delta, weights, velocity };
    const shape = { fanIn, rowsBelow: rows, rows };
    const groupsOfFour = stride / 4;
    const [back, update] = skinny
      ? [
          await bound(
            kernels.denseBackwardSkinny,
            { constants: { CHUNKS } },
            backBuffers,
            { ...shape, stride: groupsOfFour },
            along(width),
          ),
          await bound(
            kernels.denseUpdateSkinny,
            { constants: { CHUNKS, MOMENTUM } },
            updateBuffers,
            { ...shape, stride: groupsOfFour, ...descent },
            (kernel) => [Math.ceil(groupsOfFour / kernel.workgroup[0]), fanIn],
          ),
        ]
      : [
          await bound(
            kernels.denseBackward,
            {},
            backBuffers,
            { ...shape, inner: width, stride, chunks },
            tiles(width, chunks),
          ),
          await bound(
            kernels.denseUpdate,
            { constants: { MOMENTUM } },
            updateBuffers,
            { ...shape, inner: data, stride: groupsOfFour, chunks, ...descent },
            tiles(fanIn, groupsOfFour),
          ),
        ];
    backward.push(back, update);
    sensitivities.push(back);
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
          accumulate: l,
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
      for (let step = from; step < to; step++) {
        for (const part of forward) encode(pass, part(count));
        encode(pass, readout(count, outputSlots.get(step)));
        if (step < job.steps) for (const part of backward) encode(pass, part(count));
      }
    },
    encodeKernels(pass, record, count) {
      for (const part of [...forward, ...sensitivities]) encode(pass, part(count));
      for (const part of kernelParts) encode(pass, part(count, record));
    },
  };
}
