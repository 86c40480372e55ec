/**
 * The three products of the weights between two hidden layers, forward, backward and update: in kernels that hold all data in registers
 * and read each weight once where the data are few, else in tiles that suit the adapter.
 */
import type { EnsembleJob } from "../engine.ts";
import { along, type Bind, type Bound } from "./bound.ts";
import * as kernels from "./ensembleKernels.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import type { WeightBuffers } from "./ensembleState.ts";
import type { Gpu } from "./gpu.ts";
import { chooseTile, operationsOf, type Product } from "./tileSearch.ts";
import { type Tile, tileConstants, tilesOf } from "./tiles.ts";

/** Groups of four data up to which the products that hold all data in registers and read each weight once beat the tiled ones. */
const SKINNY_CHUNKS = 4;

/** A hidden layer's buffers. */
export interface Layer extends WeightBuffers {
  /** Units, slopes and deltas at all data, [networks][rows][chunks] each. */
  readonly hidden: GPUBuffer;
  readonly slope: GPUBuffer;
  readonly delta: GPUBuffer;
}

export interface DenseProducts {
  readonly forward: Bound;
  readonly backward: Bound;
  readonly update: Bound;
}

/** What the products of all layers share. */
interface Setting {
  readonly gpu: Gpu;
  readonly job: EnsembleJob;
  readonly plan: EnsemblePlan;
  readonly bind: Bind;
  /** Measure tiles however little there is to compute. */
  readonly searchTiles: boolean;
}

/**
 * The products of the weights between layer `below` and hidden layer `l`. Where tiles are measured the layers' units, slopes and deltas
 * are overwritten, and weights that are zero stay so.
 * @throws ShaderCompileError, OutOfDeviceMemoryError.
 */
export async function bindDense(
  { gpu, job, plan, bind, searchTiles }: Setting,
  below: Layer,
  layer: Layer,
  l: number,
): Promise<DenseProducts> {
  const { width, depth, weightStd, biasStd, activation } = job.architecture;
  const { data, chunks, batch } = plan;
  const { fanIn, stride, rows } = plan.layers[l]!;
  const groupsOfFour = stride / 4;
  const isSkinny = chunks <= SKINNY_CHUNKS;
  const shape = { fanIn, width, stride: groupsOfFour, rowsBelow: plan.layers[l - 1]!.rows, rows, chunks };

  /** Binds a product in the tile that suits it. */
  async function tiled(product: Product, inTile: (tile: Tile) => Promise<Bound>): Promise<Bound> {
    const times = ((depth - 1) * job.steps * job.networks.count) / batch;
    const ahead = searchTiles ? Number.POSITIVE_INFINITY : operationsOf(product) * times;
    return inTile(await chooseTile(gpu, product, ahead, async (tile) => (await inTile(tile))(batch)));
  }

  const { weights, velocity, hidden, slope, delta } = layer;
  const code = activation.wgsl;
  const forwardBuffers = { below: below.hidden, weights, hidden, slope };
  const forwardParams = { ...shape, inner: fanIn, scale: weightStd / Math.sqrt(width), bias: biasStd };
  const backwardBuffers = { weights, delta, slopeBelow: below.slope, deltaBelow: below.delta };
  const updateBuffers = { below: below.hidden, delta, weights, velocity };
  const updateParams = { ...shape, inner: data, learningRate: job.learningRate, momentum: job.momentum };
  const MOMENTUM = job.momentum > 0;
  if (isSkinny) {
    const constants = { CHUNKS: chunks };
    return {
      forward: await bind(
        kernels.denseForwardSkinny,
        { constants, code },
        forwardBuffers,
        forwardParams,
        along(Math.ceil((width + 1) / 4)),
      ),
      backward: await bind(kernels.denseBackwardSkinny, { constants }, backwardBuffers, shape, along(width)),
      update: await bind(
        kernels.denseUpdateSkinny,
        { constants: { ...constants, MOMENTUM } },
        updateBuffers,
        updateParams,
        (kernel) => [Math.ceil(groupsOfFour / kernel.workgroup[0]), fanIn],
      ),
    };
  }
  return {
    forward: await tiled({ kind: "forward", rows: width, columns: data, inner: fanIn, networks: batch }, (tile) =>
      bind(kernels.denseForward, { constants: tileConstants(tile), code }, forwardBuffers, forwardParams, () =>
        tilesOf(tile, width, chunks),
      ),
    ),
    backward: await tiled({ kind: "backward", rows: width, columns: data, inner: width, networks: batch }, (tile) =>
      bind(kernels.denseBackward, { constants: tileConstants(tile) }, backwardBuffers, { ...shape, inner: width }, () =>
        tilesOf(tile, width, chunks),
      ),
    ),
    update: await tiled({ kind: "update", rows: fanIn, columns: width, inner: data, networks: batch }, (tile) =>
      bind(kernels.denseUpdate, { constants: { ...tileConstants(tile), MOMENTUM } }, updateBuffers, updateParams, () =>
        tilesOf(tile, fanIn, groupsOfFour),
      ),
    ),
  };
}
