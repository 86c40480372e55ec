/**
 * The three products of the weights between two hidden layers, forward, backward and update, of each part of the weights by itself: in
 * kernels that hold all data in registers and read each weight once where the data are few, else in tiles that suit the adapter.
 */

import type { Gpu } from "../gpu.ts";
import type { Bound } from "./bound.ts";
import * as kernels from "./ensembleKernels.ts";
import type { WeightPart } from "./ensemblePlan.ts";
import type { LayerBuffers, WeightBuffers } from "./ensembleState.ts";
import { bindTiled, type Setting } from "./tiledProducts.ts";
import type { Product } from "./tileSearch.ts";
import { type Tile, tileConstants, tilesOf } from "./tiles.ts";

/** Groups of four data up to which the products that hold all data in registers and read each weight once beat the tiled ones. */
export const SKINNY_CHUNKS = 4;
/**
 * Rows of weights that a lane of the skinny backward product takes, by groups of four data: as many as leave room for their sums and
 * signals and for the deltas, all in registers, since every row more is one reading of the deltas less.
 */
const SKINNY_ROWS = [8, 4, 2, 2] as const;

/** A hidden layer's buffers. */
export interface Layer extends LayerBuffers {
  /** Units, slopes and deltas at all data, [networks][rows][chunks] each. */
  readonly hidden: GPUBuffer;
  readonly slope: GPUBuffer;
  readonly delta: GPUBuffer;
  /** Of the outputs at all data, [networks][rows][outputs][chunks]; the deltas' buffer where one output has none of its own. */
  readonly sensitivity: GPUBuffer;
}

/** Lanes of a workgroup of the skinny forward product. */
const SKINNY_LANES = 64;

/**
 * Constants of the skinny forward product: a batch holds the fewer networks the wider they are, and lanes that share a sum make up for
 * them. By the width alone, so that a network's rounding does not depend on its company. A software adapter has few lanes to keep busy.
 */
export function skinnySplits(
  type: Gpu["adapter"]["type"],
  chunks: number,
  width: number,
): {
  CHUNKS: number;
  SPLITS: number;
  SHARES: number;
} {
  const SPLITS = type === "software" || width < 1024 ? 1 : width < 8192 ? 4 : 16;
  return { CHUNKS: chunks, SPLITS, SHARES: SPLITS > 1 ? 4 * chunks * SKINNY_LANES : 1 };
}

/** Workgroups of the skinny forward product along the units. */
export const splitGroups = (width: number, splits: number): number =>
  Math.ceil((Math.ceil((width + 1) / 4) * splits) / SKINNY_LANES);

/** All are in order, one for each part of the weights or more. */
export interface DenseProducts {
  readonly forward: readonly Bound[];
  /** Deltas of the layer below, and then, or in the same dispatches, the update. */
  readonly descent: readonly Bound[];
  /** Sensitivities to the layer below; nothing where no kernel is recorded. */
  readonly sensitivity: readonly Bound[];
}

/** Constants of the skinny backward product: as many lanes as have a vector of a row's weights to read, up to 64; few in software. */
export function skinnyRows(
  type: Gpu["adapter"]["type"],
  chunks: number,
  stride: number,
): { ROWS: number; LANES: number } {
  const lanes = [8, 16, 32].find((count) => type === "software" || 4 * count >= stride) ?? 64;
  return { ROWS: SKINNY_ROWS[chunks - 1]!, LANES: lanes };
}

/** What goes back through a layer: deltas, or the outputs' sensitivities. */
interface Columns {
  readonly data: number;
  /** Groups of four. */
  readonly chunks: number;
  readonly delta: GPUBuffer;
  readonly deltaBelow: GPUBuffer;
}

/**
 * The products of the weights between layer `below` and hidden layer `l`. Where tiles are measured the layers' units, slopes and deltas
 * are overwritten, and weights that are zero stay so.
 * @throws ShaderCompileError, OutOfDeviceMemoryError, InterruptedError.
 */
export async function bindDense(setting: Setting, below: Layer, layer: Layer, l: number): Promise<DenseProducts> {
  const { data, outputs, chunks, outputChunks, layers } = setting.plan;
  const { parts } = layers[l]!;
  const products = parts.map((part, p) => partProducts(setting, below, layer, l, { ...part, ...layer.parts[p]! }));
  const deltas = { data, chunks, delta: layer.delta, deltaBelow: below.delta };
  const sensitivities = {
    ...{ data: outputs * data, chunks: outputChunks },
    ...{ delta: layer.sensitivity, deltaBelow: below.sensitivity },
  };
  const { steps, recordKernels } = setting.job;
  const isSkinny = chunks <= SKINNY_CHUNKS;
  const forward: Bound[] = [];
  const descent: Bound[] = [];
  const sensitivity: Bound[] = [];
  for (const part of products) forward.push(isSkinny ? await part.forwardSkinny() : await part.forwardTiled());
  for (const part of products)
    descent.push(isSkinny ? await part.backwardSkinny(true, deltas) : await part.backwardTiled(steps, deltas));
  if (!isSkinny) for (const part of products) descent.push(await part.updateTiled());
  // Bound last: one output's are in the tile that training has measured.
  if (recordKernels.length > 0) {
    for (const part of products) {
      sensitivity.push(
        outputChunks <= SKINNY_CHUNKS
          ? await part.backwardSkinny(false, sensitivities)
          : await part.backwardTiled(recordKernels.length, sensitivities),
      );
    }
  }
  return { forward, descent, sensitivity };
}

/** What binds the products of one part of the weights between layer `below` and hidden layer `l`. */
function partProducts(
  setting: Setting,
  below: Layer,
  { hidden, slope, delta, biases: ownBiases }: Layer,
  l: number,
  { first, rows: widthBelow, weights, velocity }: WeightPart & WeightBuffers,
) {
  const { gpu, job, plan, bind } = setting;
  const { width, depth, weightStd, biasStd, activation } = job.architecture;
  const { data, chunks } = plan;
  const { stride, rows } = plan.layers[l]!;
  const groupsOfFour = stride / 4;
  const rowsBelow = plan.layers[l - 1]!.rows;
  const shape = { firstBelow: first, widthBelow, width, stride: groupsOfFour, rowsBelow, rows, chunks };
  const place = { FIRST: first === 0, LAST: first + widthBelow === width };

  /** Of each of the layers that have such products. */
  const tiled = (product: Omit<Product, "networks">, uses: number, bindIn: (tile: Tile) => Promise<Bound>) =>
    bindTiled(setting, product, (depth - 1) * uses, bindIn);

  const { weights: biases, velocity: biasVelocity } = ownBiases!;
  const code = activation.wgsl;
  const forwardBuffers = { below: below.hidden, weights, biases, hidden, slope };
  const forwardParams = { ...shape, inner: widthBelow, scale: weightStd / Math.sqrt(width), bias: biasStd };
  const updateBuffers = { below: below.hidden, delta, weights, velocity, biases, biasVelocity };
  const updateParams = { ...shape, inner: data, learningRate: job.learningRate, momentum: job.momentum };
  const MOMENTUM = job.momentum > 0;
  const updateRows = widthBelow + (place.LAST ? 1 : 0);

  return {
    forwardSkinny(): Promise<Bound> {
      const split = skinnySplits(gpu.adapter.type, chunks, width);
      return bind(
        kernels.denseForwardSkinny,
        { constants: { ...split, ...place }, code },
        forwardBuffers,
        forwardParams,
        () => [splitGroups(width, split.SPLITS), 1],
      );
    },
    forwardTiled: (): Promise<Bound> =>
      tiled({ kind: "forward", rows: width, columns: data, inner: widthBelow }, job.steps, (tile) =>
        bind(
          kernels.denseForward,
          { constants: { ...tileConstants(tile), ...place }, code },
          forwardBuffers,
          forwardParams,
          () => tilesOf(tile, width, chunks),
        ),
      ),
    /** Deltas of `columns` columns to the layer below, with the update where UPDATE. */
    backwardSkinny(UPDATE: boolean, columns: Columns): Promise<Bound> {
      const rowed = skinnyRows(gpu.adapter.type, columns.chunks, stride);
      const { LAST } = place;
      return bind(
        kernels.denseBackwardSkinny,
        { constants: { CHUNKS: columns.chunks, SLOPE_CHUNKS: chunks, UPDATE, LAST, MOMENTUM, ...rowed } },
        { ...updateBuffers, delta: columns.delta, slopeBelow: below.slope, deltaBelow: columns.deltaBelow },
        updateParams,
        () => [Math.ceil(widthBelow / rowed.ROWS), 1],
      );
    },
    /** The same without an update. */
    backwardTiled(uses: number, { delta, deltaBelow, ...columns }: Columns): Promise<Bound> {
      const product = { kind: "backward", rows: widthBelow, columns: columns.data, inner: width } as const;
      return tiled(product, uses, (tile) =>
        bind(
          kernels.denseBackward,
          { constants: tileConstants(tile) },
          { weights, delta, slopeBelow: below.slope, deltaBelow },
          { ...shape, chunks: columns.chunks, slopeChunks: chunks, inner: width },
          () => tilesOf(tile, widthBelow, columns.chunks),
        ),
      );
    },
    updateTiled: (): Promise<Bound> =>
      tiled({ kind: "update", rows: updateRows, columns: width, inner: data }, job.steps, (tile) =>
        bind(
          kernels.denseUpdate,
          { constants: { ...tileConstants(tile), LAST: place.LAST, MOMENTUM } },
          updateBuffers,
          updateParams,
          () => tilesOf(tile, updateRows, groupsOfFour),
        ),
      ),
  };
}
