/**
 * The first hidden layer's products, of the inputs that all networks share: forward and update. They go unit by unit, or, where there are
 * many data of many coordinates, in tiles.
 */

import type { Gpu } from "../gpu.ts";
import { along, type Bound } from "./bound.ts";
import { type Layer, SKINNY_CHUNKS } from "./denseProducts.ts";
import * as kernels from "./ensembleKernels.ts";
import { bindTiled, type Setting } from "./tiledProducts.ts";
import { tileConstants, tilesOf } from "./tiles.ts";

/**
 * Inputs, the bias among them, from which the products are tiled. A unit at one datum is read or written for as many multiply-adds, and
 * below some 30 of them a GPU waits for its memory whichever way they are made.
 */
const TILED_INPUTS = 32;

/** Whether the first layer's products are tiled. */
export const isFirstTiled = (chunks: number, fanIn: number): boolean => chunks > SKINNY_CHUNKS && fanIn >= TILED_INPUTS;

/**
 * Rows of workgroups that share the inputs of first_update.wgsl. One after the other each would wait for its weights to come from memory, and a
 * network of many inputs has too few units to hide that. A software adapter has few lanes to keep busy.
 */
export const inputRows = (type: Gpu["adapter"]["type"], fanIn: number): number =>
  type === "software" ? 1 : Math.ceil(fanIn / 16);

/**
 * Lanes that share a unit's sums over the data in first_update.wgsl and output_backward.wgsl, and the file that says how: where the data are
 * so many that a lane alone would read them a vector at a time from memory of its own.
 */
export const sharing = (type: Gpu["adapter"]["type"], chunks: number): { lanes: number; includes: [string] } =>
  type === "software" || chunks < 64
    ? { lanes: 1, includes: ["network/own_sum.wgsl"] }
    : { lanes: 16, includes: ["network/shared_sum.wgsl"] };

export interface FirstLayer {
  /** Its units at the given inputs, packed, of as many data as are trained on. */
  forward(at: GPUBuffer): Promise<Bound>;
  update(): Promise<Bound>;
}

/** Each throws ShaderCompileError, OutOfDeviceMemoryError, InterruptedError. */
export function firstLayer(setting: Setting, inputs: GPUBuffer, layer: Layer): FirstLayer {
  const { gpu, job, plan, bind } = setting;
  const { inputDimension, width, weightStd, biasStd, activation } = job.architecture;
  const { data, chunks } = plan;
  const { stride, rows } = plan.layers[0]!;
  const { hidden, slope, delta } = layer;
  const { weights, velocity } = layer.parts[0]!;
  const fanIn = inputDimension + 1;
  const isTiled = isFirstTiled(chunks, fanIn);
  const shape = { fanIn, width, stride: isTiled ? stride / 4 : stride, rows, chunks };
  const scale = { scale: weightStd / Math.sqrt(width), bias: biasStd };
  const descent = { learningRate: job.learningRate, momentum: job.momentum };
  const MOMENTUM = job.momentum > 0;
  const code = activation.wgsl;
  return {
    forward(at) {
      const buffers = { inputs: at, weights, hidden, slope };
      if (!isTiled)
        return bind(kernels.firstLayer, { code }, buffers, { ...shape, ...scale }, along((width + 1) * chunks));
      return bindTiled(setting, { kind: "first", rows: width, columns: data, inner: fanIn }, job.steps, (tile) =>
        bind(
          kernels.firstLayerTiled,
          { constants: tileConstants(tile), code },
          buffers,
          { ...shape, ...scale, inner: fanIn },
          () => tilesOf(tile, width, chunks),
        ),
      );
    },
    update() {
      const buffers = { inputs, delta, weights, velocity };
      const { lanes, includes } = sharing(gpu.adapter.type, chunks);
      if (!isTiled)
        return bind(
          kernels.firstUpdate,
          { includes, constants: { MOMENTUM } },
          buffers,
          { ...shape, ...descent },
          (...of) => [along(width * lanes)(...of)[0], inputRows(gpu.adapter.type, fanIn)],
        );
      return bindTiled(setting, { kind: "firstUpdate", rows: fanIn, columns: width, inner: data }, job.steps, (tile) =>
        bind(
          kernels.firstUpdateTiled,
          { constants: { ...tileConstants(tile), MOMENTUM } },
          buffers,
          { ...shape, ...descent, inner: data },
          () => tilesOf(tile, fanIn, stride / 4),
        ),
      );
    },
  };
}
