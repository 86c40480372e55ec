/**
 * Each network's empirical kernel from its units and the sensitivities of its outputs to them, layer by layer: shaders/network/
 * kernel_layer.wgsl, at many data gram.wgsl and kernel_layer_tiled.wgsl. With several outputs each has sensitivities of its own, C times the
 * columns of the deltas that training needs.
 */
import { kernelPartsOf } from "../../ensembleJob.ts";
import { type Dispatch, encode } from "../submit.ts";
import { along, type Bound } from "./bound.ts";
import type { Layer } from "./denseProducts.ts";
import * as kernels from "./ensembleKernels.ts";
import { areKernelsTiled } from "./ensemblePlan.ts";
import type { EnsembleState } from "./ensembleState.ts";
import { bindTiled, type Setting } from "./tiledProducts.ts";
import { tileConstants, tilesOf } from "./tiles.ts";

export interface EmpiricalKernels {
  /** Encodes the kernels of `count` networks, or their parts, from their present units into record `record`. */
  encode(pass: GPUComputePassEncoder, record: number, count: number): void;
  /** [records][networks][4 columns][columns], columns [outputs][chunks]; a kernel's parts one after another as so many records. */
  readonly recorded: GPUBuffer;
}

/** The dispatches of one layer's part of the kernels of `count` networks into a record. */
type Part = (count: number, record: number) => readonly Dispatch[];

/** What the part of the weights into a layer, or into the outputs, is the product of. */
interface Factors {
  readonly sensitivity: GPUBuffer;
  /** The units that the weights take, or the inputs. */
  readonly below: GPUBuffer;
  /** Those of kernel_layer.wgsl that differ from layer to layer. */
  readonly params: Readonly<Record<"units" | "inputs" | "rowsBelow" | "accumulate", number>>;
}

/** Of each layer, the outputs' last. */
function factorsOf(
  { job, plan }: Setting,
  { inputs }: Pick<EnsembleState, "inputs">,
  layers: readonly Layer[],
): Factors[] {
  const { inputDimension, width } = job.architecture;
  const { rows } = plan.layers[0]!;
  const isWhole = kernelPartsOf(job) === 1;
  return [...layers, undefined].map((layer, l) => {
    const lower = layers[l - 1];
    return {
      sensitivity: (layer ?? lower!).sensitivity,
      below: lower?.hidden ?? inputs,
      params: {
        units: layer ? width : 0,
        inputs: lower ? width + 1 : inputDimension + 1,
        rowsBelow: lower ? rows : 0,
        accumulate: isWhole ? l : 0,
      },
    };
  });
}

async function bindPart(
  { plan, bind }: Setting,
  { sensitivity, below, params }: Factors,
  recorded: GPUBuffer,
): Promise<Part> {
  const { chunks, outputs, outputChunks, layers } = plan;
  const part = await bind(
    kernels.kernelLayer,
    { constants: { OUTPUTS: outputs } },
    { sensitivity, below, kernels: recorded },
    { ...params, rows: layers[0]!.rows, chunks },
    () => [outputChunks, chunks],
  );
  return (count, record) => [part(count, record)];
}

/** By two products: that of the data over the units below goes into `gram`, and with it is made the part. */
async function bindTiledPart(
  setting: Setting,
  { sensitivity, below, params: { units, inputs, rowsBelow, accumulate } }: Factors,
  gram: GPUBuffer,
  recorded: GPUBuffer,
): Promise<Part> {
  const { job, plan, bind } = setting;
  const { data, chunks, outputs, outputChunks, layers } = plan;
  const uses = job.recordKernels.length * layers.length;
  const products = await bindTiled(setting, { kind: "gram", rows: data, columns: data, inner: inputs }, uses, (tile) =>
    bind(
      kernels.gram,
      { constants: tileConstants(tile) },
      { below, gram },
      { inner: inputs, rows: rowsBelow, chunks },
      () => tilesOf(tile, 4 * chunks, chunks),
    ),
  );
  const part = await bindTiled(
    setting,
    { kind: "kernel", rows: outputs * data, columns: outputs * data, inner: Math.max(1, units) },
    uses,
    (tile) =>
      bind(
        kernels.kernelLayerTiled,
        { constants: tileConstants(tile) },
        { sensitivity, gram, kernels: recorded },
        {
          ...{ inner: units, rows: layers[0]!.rows, gramRows: rowsBelow > 0 ? 4 * chunks : 0, chunks },
          ...{ columns: outputChunks, accumulate },
        },
        () => tilesOf(tile, 4 * outputChunks, outputChunks),
      ),
  );
  // The inputs' products are those of one network.
  return (count, record) => [products(rowsBelow > 0 ? count : 1), part(count, record)];
}

/** `backward` takes the sensitivities from each hidden layer to the one below, last first. Throws ShaderCompileError, OutOfDeviceMemoryError, InterruptedError. */
export async function bindEmpiricalKernels(
  setting: Setting,
  state: EnsembleState,
  layers: readonly Layer[],
  backward: readonly Bound[],
): Promise<EmpiricalKernels> {
  const { job, plan, bind } = setting;
  const { chunks, outputs, outputChunks, batch } = plan;
  const { width } = job.architecture;
  const parts = kernelPartsOf(job);
  const last = layers[layers.length - 1]!;
  const recorded = await state.storage("kernels", 64 * batch * outputChunks ** 2 * job.recordKernels.length * parts);
  const outermost = await bind(
    kernels.outputSensitivity,
    {},
    { slope: last.slope, weights: state.output.weights, sensitivity: last.sensitivity },
    { width, rows: plan.layers[0]!.rows, chunks },
    (...of) => [along(width * chunks)(...of)[0], outputs],
  );
  const gram = areKernelsTiled(chunks)
    ? await state.storage("products of the data", 64 * batch * chunks ** 2)
    : undefined;
  const products: Part[] = [];
  for (const factors of factorsOf(setting, state, layers))
    products.push(
      gram ? await bindTiledPart(setting, factors, gram, recorded) : await bindPart(setting, factors, recorded),
    );
  return {
    recorded,
    encode(pass, record, count) {
      for (const part of [outermost, ...backward]) encode(pass, part(count));
      for (const [l, part] of products.entries())
        for (const dispatch of part(count, record * parts + (parts > 1 ? l : 0))) encode(pass, dispatch);
    },
  };
}
