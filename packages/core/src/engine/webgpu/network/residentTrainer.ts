/**
 * One hidden layer and few data: a workgroup trains a network for many steps in one dispatch, its weights in registers
 * (shaders/network/resident.wgsl). Nothing but the recorded outputs leaves the workgroup.
 */
import { emitWgsl } from "../../../potential/wgsl.ts";
import { dataOf, type EnsembleJob, outputsOf } from "../../ensembleJob.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel } from "../kernel.ts";
import { slotStride } from "../slots.ts";
import { encode, MAX_STEPS_PER_SUBMIT } from "../submit.ts";
import { resident } from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import type { EnsembleState } from "./ensembleState.ts";

/** Units of one invocation at most: more no longer fit registers, and unrolled code grows with them. */
const MAX_UNITS = 16;
/** Inputs, with the bias's, that they leave room for; of more each costs some units, and in the end all. */
const FREE_INPUTS = 4;
/**
 * Groups of four data of all outputs at most. An invocation holds a vector of sums and one of forces for each, and leaves its sums in
 * workgroup memory, which all wait for: of several outputs no more than one may have.
 */
const MAX_CHUNKS = 4;
const NO_RECORD = 0xffffffff;

/** Encodes the steps `from` .. `to - 1` of `count` networks, where step s records the outputs after s updates and then updates. */
export type EncodeSteps = (pass: GPUComputePassEncoder, from: number, to: number, count: number) => void;

/** Invocations and units of each, or undefined where the network is too wide, or the data or their coordinates too many for it. */
export function residentShape(
  gpu: Pick<Gpu, "adapter" | "limits">,
  job: EnsembleJob,
): { lanes: number; units: number } | undefined {
  const { depth, width, inputDimension } = job.architecture;
  const chunks = Math.ceil(dataOf(job) / 4);
  const outputs = outputsOf(job.architecture);
  if (depth !== 1 || outputs * chunks > MAX_CHUNKS) return undefined;
  // A software adapter pays for each invocation at each barrier: as few as hold the units. Hardware hides its latency with many.
  const smallest = gpu.adapter.type === "software" ? 16 : 64;
  // A unit has two vectors a group of data, its activation and slope, and two numbers an output or input, a weight and its velocity; an
  // input has a vector a group of data, for all units.
  const inputs = Math.max(0, inputDimension + 1 - FREE_INPUTS);
  const registers = Math.floor(
    (2 * MAX_UNITS - (chunks * inputs) / 2) / Math.max(2, chunks + (outputs - 1 + inputs) / 4),
  );
  for (let lanes = smallest; lanes <= gpu.limits.maxComputeInvocationsPerWorkgroup; lanes *= 2) {
    const units = Math.ceil(width / lanes);
    const memory = 16 * outputs * chunks * (lanes + 13);
    if (
      lanes <= gpu.limits.maxComputeWorkgroupSizeX &&
      units <= registers &&
      memory <= gpu.limits.maxComputeWorkgroupStorageSize
    ) {
      return { lanes, units };
    }
  }
  return undefined;
}

export async function createResidentTrainer(
  gpu: Gpu,
  job: EnsembleJob,
  plan: EnsemblePlan,
  state: EnsembleState,
): Promise<EncodeSteps | undefined> {
  const shape = residentShape(gpu, job);
  if (!shape) return undefined;
  const { inputDimension, width, weightStd, biasStd, activation } = job.architecture;
  const { stride, rows } = plan.layers[0]!;
  const kernel = await loadKernel(gpu, resident, {
    constants: {
      INPUTS: inputDimension + 1,
      OUTPUTS: plan.outputs,
      CHUNKS: plan.chunks,
      DATA: plan.data,
      UNITS: shape.units,
      LANES: shape.lanes,
      MOMENTUM: job.momentum > 0,
      SUBSETS: job.subsets !== undefined,
    },
    code: `${activation.wgsl}\n${emitWgsl(job.potential)}`,
  });
  const { bits = new Uint32Array(), words = 0, weight = 1 } = job.subsets ?? {};
  const schedule = new Uint32Array(job.steps + 1 + bits.length).fill(NO_RECORD, 0, job.steps + 1);
  for (const [record, step] of job.recordOutputs.entries()) schedule[step] = record;
  schedule.set(bits, job.steps + 1);

  /** The parameters of the steps `from` .. `to - 1`. */
  const valuesOf = (from: number, to: number): ArrayBuffer =>
    kernel.uniform("params", {
      width,
      stride,
      rows,
      firstStep: from,
      steps: Math.min(to, job.steps) - from,
      records: to > job.steps ? 1 : 0,
      learningRate: job.learningRate,
      momentum: job.momentum,
      scale: weightStd / Math.sqrt(width),
      bias: biasStd,
      subsets: job.steps + 1,
      words,
      weight,
    });
  // Each dispatch of a submit has parameters of its own, picked by dynamic offset and written just before the submit.
  const apart = slotStride(gpu.limits, valuesOf(0, 0).byteLength);
  const params = await state.constant(
    "resident parameters",
    new Uint32Array((apart / 4) * (Math.min(job.recordKernels.length, MAX_STEPS_PER_SUBMIT) + 1)),
    GPUBufferUsage.UNIFORM,
  );
  const bindings = await kernel.bind({
    inputs: state.inputs,
    targets: state.targets,
    schedule: await state.constant("record slots and subsets", schedule),
    ...state.layers[0]!.parts[0]!,
    outputWeights: state.output.weights,
    outputVelocity: state.output.velocity,
    outputs: state.outputs,
    params,
  });
  let slot = 0;
  let encoded: GPUComputePassEncoder | undefined;
  return (pass, from, to, count) => {
    if (pass !== encoded) slot = 0;
    encoded = pass;
    const offset = slot++ * apart;
    gpu.device.queue.writeBuffer(params, offset, valuesOf(from, to));
    encode(pass, { pipeline: kernel.pipeline, bindings, workgroups: [count, 1, 1], offsets: [offset] });
  };
}
