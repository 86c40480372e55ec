/**
 * What every trainer of a batch works on: data, weights and velocities, and the recorded outputs, in device memory; the first draw of the
 * weights, and the read-out of the records.
 */
import { keyOfSeed } from "../../../random/philox.ts";
import type { EnsembleJob } from "../../ensembleJob.ts";
import { ownBuffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel } from "../kernel.ts";
import { encode } from "../submit.ts";
import { initialise } from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";

export interface WeightBuffers {
  readonly weights: GPUBuffer;
  /** As `weights`; a few bytes that nothing reads where there is no momentum. */
  readonly velocity: GPUBuffer;
}

/** A hidden layer's. */
export interface LayerBuffers {
  /** [networks][rows][stride] of each part, of which the first layer's last row are its biases. */
  readonly parts: readonly WeightBuffers[];
  /** Biases [networks][stride] and their velocities, of a layer after the first. */
  readonly biases: WeightBuffers | undefined;
}

/** What is drawn at once: a part of a layer's weights, or its biases. */
interface Draw {
  /** The output's is the last. */
  readonly layer: number;
  readonly weights: GPUBuffer;
  /** Those of initialise.wgsl that are the same for every batch. */
  readonly params: Readonly<Record<string, number>> & { readonly quads: number };
}

export interface EnsembleState {
  /** [d + 1][chunks] vectors of four data: the inputs times weightStd / sqrt(d), and biasStd as the last row. */
  readonly inputs: GPUBuffer;
  /** [outputs][chunks]. */
  readonly targets: GPUBuffer;
  readonly layers: readonly LayerBuffers[];
  /** [networks][rows][outputs]. */
  readonly output: WeightBuffers;
  /** [records][networks][outputs][chunks]. */
  readonly outputs: GPUBuffer;
  readonly draws: readonly Draw[];
  /** A uniform: the number of the batch's first network. */
  readonly origin: GPUBuffer;
  /** A buffer that lives as long as the state. */
  storage(label: string, bytes: number): Promise<GPUBuffer>;
  /** A buffer with the given data that lives as long as the state. */
  constant(label: string, data: Float32Array | Uint32Array, usage?: GPUBufferUsageFlags): Promise<GPUBuffer>;
  /** Draws the weights of networks `first` .. `first + count - 1` of the job's seed; velocities are zero. */
  initialise(first: number, count: number): Promise<void>;
  destroy(): void;
}

/** Data as the kernels want them: [rows][chunks] vectors of four data, zero in the padding. */
export function packData(
  rows: number,
  data: number,
  value: (row: number, a: number) => number,
): Float32Array<ArrayBuffer> {
  const columns = Math.ceil(data / 4) * 4;
  const packed = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) for (let a = 0; a < data; a++) packed[row * columns + a] = value(row, a);
  return packed;
}

/** `data` of `inputs`, [..][d] row after row, from row `first` on, with the factors that the first layer's kernels expect; zero past the last. */
export function packInputs({ architecture }: EnsembleJob, inputs: Float64Array, first: number, data: number) {
  const { inputDimension: d, weightStd, biasStd } = architecture;
  const scale = weightStd / Math.sqrt(d);
  return packData(d + 1, data, (i, a) => (i < d ? scale * (inputs[(first + a) * d + i] ?? 0) : biasStd));
}

/** All that is drawn, layer by layer: the weights by their parts, then the biases. */
function drawsOf(
  { architecture: { width } }: EnsembleJob,
  { layers: shapes, outputs }: EnsemblePlan,
  layers: readonly LayerBuffers[],
  output: WeightBuffers,
): Draw[] {
  const { rows } = shapes[shapes.length - 1]!;
  const readout = { fanIn: width, stride: outputs, parts: [{ first: 0, rows }] };
  return [...layers, { parts: [output], biases: undefined }].flatMap(({ parts, biases }, layer) => {
    const { fanIn, stride, ...shape } = shapes[layer] ?? readout;
    const units = layer < shapes.length ? width : outputs;
    const sizeOf = (p: number): number => shape.parts[p]!.rows * stride;
    const inputs = parts.map(({ weights }, p) => {
      const { first, rows } = shape.parts[p]!;
      const place = { firstInput: first, inputs: Math.min(rows, fanIn - first), firstRow: 0, networkSize: sizeOf(p) };
      const numbers = { fanIn, units, quads: Math.ceil((fanIn * units) / 4) };
      return { layer, weights, params: { layer: 2 * layer, ...numbers, stride, ...place } };
    });
    // Where they have no buffer of their own they are the row after the weights'.
    const place = biases ? { firstRow: 0, networkSize: stride } : { firstRow: fanIn, networkSize: sizeOf(0) };
    const numbers = { fanIn: 1, units, quads: Math.ceil(units / 4) };
    const own = { layer: 2 * layer + 1, ...numbers, stride, firstInput: 0, inputs: 1, ...place };
    return [...inputs, { layer, weights: (biases ?? parts[0]!).weights, params: own }];
  });
}

/** Allocates the state of one batch. Throws OutOfDeviceMemoryError. */
export async function createState(gpu: Gpu, job: EnsembleJob, plan: EnsemblePlan): Promise<EnsembleState> {
  const { data, outputs, outputChunks, layers: shapes, batch } = plan;
  const { make: storage, upload: constant, destroy } = ownBuffers(gpu);

  const velocities: GPUBuffer[] = [];
  const pair = async (label: string, bytes: number): Promise<WeightBuffers> => {
    const weights = await storage(label, bytes);
    const velocity = await storage(`velocities of ${label}`, job.momentum > 0 ? bytes : 16);
    velocities.push(velocity);
    return { weights, velocity };
  };
  try {
    const last = shapes[shapes.length - 1]!;
    const layers: LayerBuffers[] = [];
    for (const [l, shape] of shapes.entries()) {
      const parts: WeightBuffers[] = [];
      for (const { rows } of shape.parts) {
        parts.push(await pair(`weights of layer ${l + 1}`, 4 * batch * rows * shape.stride));
      }
      const biases = l > 0 ? await pair(`biases of layer ${l + 1}`, 4 * batch * shape.stride) : undefined;
      layers.push({ parts, biases });
    }
    const output = await pair("weights of the outputs", 4 * batch * last.rows * outputs);
    const kernel = await loadKernel(gpu, initialise);
    const seed = keyOfSeed(job.seed);

    const draws = drawsOf(job, plan, layers, output);
    const origin = await constant("first network", new Uint32Array(4), GPUBufferUsage.UNIFORM);
    return {
      draws,
      origin,
      inputs: await constant("inputs", packInputs(job, job.inputs, 0, data)),
      targets: await constant(
        "targets",
        packData(outputs, data, (c, a) => job.targets[a * outputs + c]!),
      ),
      layers,
      output,
      outputs: await storage("outputs", 16 * batch * outputChunks * Math.max(1, job.recordOutputs.length)),
      storage,
      constant,
      async initialise(first, count) {
        gpu.device.queue.writeBuffer(origin, 0, Uint32Array.of(first));
        const uniforms = ownBuffers(gpu);
        try {
          const encoder = gpu.device.createCommandEncoder({ label: "initialise" });
          if (job.momentum > 0) for (const velocity of velocities) encoder.clearBuffer(velocity);
          const pass = encoder.beginComputePass({ label: "initialise" });
          for (const { weights, params } of draws) {
            const values = new Uint32Array(kernel.uniform("params", { ...params, seed, firstNetwork: first }));
            const uniform = await uniforms.upload("initialise parameters", values, GPUBufferUsage.UNIFORM);
            const groups = Math.ceil(params.quads / kernel.workgroup[0]);
            const x = Math.min(groups, gpu.limits.maxComputeWorkgroupsPerDimension);
            encode(pass, {
              pipeline: kernel.pipeline,
              bindings: await kernel.bind({ weights, params: uniform }),
              workgroups: [x, Math.ceil(groups / x), count],
            });
          }
          pass.end();
          gpu.device.queue.submit([encoder.finish()]);
          await gpu.finished();
        } finally {
          uniforms.destroy();
        }
      },
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}
