/**
 * How an ensemble lies in device memory, and how many networks are trained at once. Data stand in groups of four, one vector each; a
 * layer's weights are [inputs][stride], and its biases the first layer's last row of them, a later layer's a buffer of their own. Where
 * one binding does not hold the weights between two layers, they stand in parts, stretches of rows. A layer's units are [rows][chunks]
 * with the row after the last unit holding the bias's constant input. Rows are padded to whole vectors and the padding stays zero. The
 * outputs' weights are [rows][outputs]; what each output has of its own at the data stands in columns, [outputs][chunks].
 */
import { InputError } from "../../../errors.ts";
import type { JobMemory } from "../../engine.ts";
import { dataOf, type EnsembleJob, kernelPartsOf, outputsOf } from "../../ensembleJob.ts";
import { evenly } from "../evenly.ts";

/** Rows of a layer's weights that stand in a buffer of their own: the first, and how many. */
export interface WeightPart {
  readonly first: number;
  readonly rows: number;
}

export interface LayerShape {
  /** Units below, or the input's coordinates. */
  readonly fanIn: number;
  /** Of the weights' rows, one for each input, and the first layer's biases. */
  readonly parts: readonly WeightPart[];
  readonly width: number;
  /** Weights between rows: the width, padded to fours. */
  readonly stride: number;
  /** Rows of units: the width and the bias row, padded to fours. */
  readonly rows: number;
}

export interface EnsemblePlan {
  readonly data: number;
  /** C. */
  readonly outputs: number;
  /** Groups of four data. */
  readonly chunks: number;
  /** The same of all outputs together: columns of forces, of sensitivities and of kernels. */
  readonly outputChunks: number;
  /** Hidden layers, first to last. */
  readonly layers: readonly LayerShape[];
  /** Groups of `data` inputs that the test inputs are evaluated in. */
  readonly testGroups: number;
  /** Workgroups that share the norms of one network's layer. */
  readonly normGroups: number;
  /** Whether layers have units in device memory: kernels and outputs at test inputs need them, and training that is not resident. */
  readonly layered: boolean;
  /** Networks trained at once. */
  readonly batch: number;
  /** All storage on the device but the kernels' parameters, and the host's copies. */
  readonly memory: JobMemory;
}

export interface MemoryLimits {
  /** Largest storage binding and buffer, bytes. */
  readonly binding: number;
  /** Largest number of workgroups along one dimension. */
  readonly workgroups: number;
  /** Bytes that one batch should stay within where it can. */
  readonly budget: number;
  /** Whether the resident kernel can train such networks. */
  readonly resident: boolean;
}

/** Invocations of a workgroup of the kernels that go along units. */
const WORKGROUP = 64;

/** Weights that one workgroup takes to a norm, and workgroups that there are of them at most. */
const NORM_SHARE = 2 ** 14;
const MAX_NORM_GROUPS = 64;

/** Groups of four data from which empirical kernels are made in tiles; of fewer a network has too few tiles to keep a GPU busy. */
const TILED_KERNEL_CHUNKS = 16;

export const areKernelsTiled = (chunks: number): boolean => chunks >= TILED_KERNEL_CHUNKS;

const padded = (count: number): number => Math.ceil(count / 4) * 4;

/** The fewest parts of `rows` rows of which a binding holds `held`. */
const partsOf = (rows: number, held: number): WeightPart[] =>
  evenly(rows, Math.ceil(rows / Math.max(1, held))).map(({ first, size }) => ({ first, rows: size }));

/** How each network lies, whatever the batch. */
type NetworkPlan = Omit<EnsemblePlan, "batch" | "memory">;

function networkPlan(job: EnsembleJob, limits: MemoryLimits): NetworkPlan {
  const { inputDimension, depth, width } = job.architecture;
  const data = dataOf(job);
  const outputs = outputsOf(job.architecture);
  const chunks = Math.ceil(data / 4);
  const testGroups = Math.ceil((job.test?.length ?? 0) / inputDimension / data);
  const stride = padded(width);
  const layers = Array.from({ length: depth }, (_, l) => ({
    fanIn: l === 0 ? inputDimension : width,
    // The first layer's are few rows, which its kernels take whole.
    parts:
      l === 0 ? [{ first: 0, rows: inputDimension + 1 }] : partsOf(width, Math.floor(limits.binding / (4 * stride))),
    width,
    stride,
    rows: padded(width + 1),
  }));
  const widest = Math.max(...layers.map(({ fanIn }) => (fanIn + 1) * width));
  return {
    data,
    outputs,
    chunks,
    outputChunks: outputs * chunks,
    testGroups,
    layers,
    normGroups: Math.min(MAX_NORM_GROUPS, Math.ceil(widest / NORM_SHARE)),
    layered: !limits.resident || job.recordKernels.length > 0 || testGroups > 0,
  };
}

/** Bytes of what a network has beside its hidden layers' weights; 0 where the job asks for none. */
interface Sizes {
  readonly outputWeights: number;
  /** Units of one layer at all data, and as many slopes, and deltas. */
  readonly units: number;
  /** All outputs' to the units of one layer. */
  readonly sensitivities: number;
  /** Products of the data over a layer's units. */
  readonly gram: number;
  /** What all outputs have at all data: the force, the outputs of a record. */
  readonly columns: number;
  /** All records of each. */
  readonly kernels: number;
  readonly norms: number;
  /** The resident kernel's, of all networks together. */
  readonly schedule: number;
}

function sizesOf(
  job: EnsembleJob,
  { outputs, chunks, outputChunks, layers, normGroups }: NetworkPlan,
  { resident }: MemoryLimits,
): Sizes {
  const { rows } = layers[0]!;
  const records = job.recordKernels.length;
  // Of each part of the weights and of the biases of each layer, the outputs' among them.
  const normParts = layers.reduce((sum, { parts }) => sum + parts.length + 1, 2);
  return {
    outputWeights: 4 * rows * outputs,
    units: 16 * rows * chunks,
    // One output's sensitivities are made where its deltas stand.
    sensitivities: outputs > 1 && records > 0 ? 16 * rows * outputChunks : 0,
    gram: records > 0 && areKernelsTiled(chunks) ? 64 * chunks ** 2 : 0,
    columns: 16 * outputChunks,
    kernels: 64 * outputChunks ** 2 * records * kernelPartsOf(job),
    norms: job.parameterNorms ? 8 * normParts * normGroups * records : 0,
    schedule: resident ? 4 * padded(job.steps + 1 + (job.subsets?.bits.length ?? 0)) : 0,
  };
}

/** What of one network stands in a binding, with that of all others of the batch, and its bytes. */
function bound(job: EnsembleJob, plan: NetworkPlan, sizes: Sizes): (readonly [what: string, bytes: number])[] {
  return [
    ...plan.layers.map(
      ({ parts, stride }, l) =>
        [`the weights of hidden layer ${l + 1}`, 4 * stride * Math.max(...parts.map(({ rows }) => rows))] as const,
    ),
    ["the outputs' weights", sizes.outputWeights],
    ["a layer's units at all data", sizes.units],
    ["the outputs' sensitivities to a layer's units at all data", sizes.sensitivities],
    ["the products of the data over a layer's units", sizes.gram],
    ["the recorded outputs", sizes.columns * job.recordOutputs.length],
    ["the recorded kernels", sizes.kernels],
    ["the recorded norms", sizes.norms],
    ["the outputs at the test inputs", sizes.columns * plan.testGroups],
  ];
}

const fewerOutputs = (outputs: number): string => (outputs > 1 ? ", fewer outputs" : "");

/** Throws InputError where one binding does not hold the resident kernel's steps. */
function assertSchedule({ steps }: EnsembleJob, { schedule }: Sizes, { binding }: MemoryLimits): void {
  if (schedule <= binding) return;
  throw new InputError(
    `the schedule of ${steps} steps takes ${schedule} bytes, one binding of this adapter holds ${binding}; use fewer steps or --engine cpu`,
    { path: "training.steps" },
  );
}

/** Throws InputError where one binding does not hold even one network's of something. */
function assertHeld(buffers: ReturnType<typeof bound>, { outputs }: NetworkPlan, { binding }: MemoryLimits): void {
  for (const [what, bytes] of buffers) {
    if (bytes <= binding) continue;
    throw new InputError(
      `one network does not fit: ${what} take ${bytes} bytes, one binding of this adapter holds ${binding}; use a smaller width, fewer data${fewerOutputs(outputs)} or fewer records`,
      { path: "network.width" },
    );
  }
}

/** Throws InputError where a dispatch does not reach all that one network has of something. */
function assertReached(
  job: EnsembleJob,
  { data, outputs, chunks, outputChunks, layers }: NetworkPlan,
  { workgroups }: MemoryLimits,
): void {
  for (const [l, { fanIn, width }] of layers.entries()) {
    // The kernels count a layer's random numbers in fours, in 32 bits, up to the last invocation of the last row of workgroups.
    const most = 4 * (2 ** 32 - WORKGROUP * (workgroups + 1));
    if (fanIn * width <= most) continue;
    throw new InputError(
      `one network does not fit: hidden layer ${l + 1} has ${fanIn * width} weights, and no more than ${most} are drawn; use a smaller width`,
      { path: "network.width" },
    );
  }
  // The kernels of the outputs have dimensions of workgroups along the outputs, the data, and, for empirical kernels, both.
  const groups = Math.max(outputs, job.recordKernels.length > 0 ? outputChunks : chunks);
  if (groups > workgroups) {
    throw new InputError(
      `one network does not fit: ${outputs} output${outputs > 1 ? "s" : ""} at ${data} data take ${groups} workgroups, one dispatch of this adapter has ${workgroups}; use fewer data${fewerOutputs(outputs)} or --engine cpu`,
      { path: "data" },
    );
  }
}

/** Bytes of one network by what they are for, with the host's copies of it. Buffers of nothing are there too, as small as they can be. */
function networkMemory(job: EnsembleJob, plan: NetworkPlan, sizes: Sizes) {
  const { data, outputs, layers, testGroups, layered } = plan;
  const { inputDimension, depth } = job.architecture;
  const [records, kernels] = [job.recordOutputs.length, job.recordKernels.length * kernelPartsOf(job)];
  const points = (job.test?.length ?? 0) / inputDimension;
  const hiddenWeights = layers.reduce((sum, { fanIn, stride }) => sum + 4 * (fanIn + 1) * stride, 0);
  return {
    weights: (hiddenWeights + sizes.outputWeights) * (job.momentum > 0 ? 2 : 1),
    units: layered ? depth * (3 * sizes.units + sizes.sensitivities) + sizes.columns + sizes.gram : 0,
    records:
      sizes.columns * (Math.max(1, records) + (layered ? Math.max(1, testGroups) : 0)) + sizes.kernels + sizes.norms,
    copies:
      8 * outputs * (data * (records + outputs * data * kernels + testGroups) + points) +
      // What is read back, all of a batch at once, stands in staging buffers and as float32 numbers beside the result.
      2 * (sizes.columns * (records + testGroups) + sizes.kernels + sizes.norms),
  };
}

/** The same of all of a batch, with what its networks share. */
function batchMemory(
  job: EnsembleJob,
  plan: NetworkPlan,
  sizes: Sizes,
  network: ReturnType<typeof networkMemory>,
  batch: number,
): JobMemory {
  const { chunks, layers, testGroups, layered } = plan;
  const { inputDimension } = job.architecture;
  // Of each part, of the later layers' biases, and of the outputs' weights.
  const velocities = layers.reduce((sum, { parts }) => sum + parts.length + 1, 0);
  const subsets = job.subsets?.bits.length ?? 0;
  const parts = {
    weights: batch * network.weights + (job.momentum > 0 ? 0 : 16 * velocities),
    units: batch * network.units,
    records: batch * network.records,
    data:
      16 * chunks * (inputDimension + 1) * (1 + testGroups) +
      sizes.columns +
      sizes.schedule +
      (layered && job.subsets ? Math.max(16, 4 * padded(subsets)) + 4 * padded(batch) : 0),
    copies: batch * network.copies,
  };
  return { bytes: Object.values(parts).reduce((sum, part) => sum + part), parts, batch };
}

/**
 * Lays out the job and sizes its batches.
 * @throws InputError where not even one network fits one binding or dispatch, or its steps one binding.
 */
export function planEnsemble(job: EnsembleJob, limits: MemoryLimits): EnsemblePlan {
  const plan = networkPlan(job, limits);
  const sizes = sizesOf(job, plan, limits);
  assertSchedule(job, sizes, limits);
  const buffers = bound(job, plan, sizes);
  assertHeld(buffers, plan, limits);
  assertReached(job, plan, limits);
  const network = networkMemory(job, plan, sizes);
  const batch = Math.max(
    1,
    Math.min(
      job.networks.count,
      limits.workgroups,
      Math.floor(limits.binding / Math.max(...buffers.map(([, bytes]) => bytes))),
      Math.floor(limits.budget / (network.weights + network.units + network.records)),
    ),
  );
  return { ...plan, batch, memory: batchMemory(job, plan, sizes, network, batch) };
}
