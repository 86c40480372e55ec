/** Cases of the first layer's products, of inputs that all networks share: forward and update, unit by unit and in tiles. */
import * as kernels from "../network/ensembleKernels.ts";
import { inputRows, sharing } from "../network/firstLayer.ts";
import { TILES, tileConstants } from "../network/tiles.ts";
import type { BuiltCase, Draw, KernelCase } from "./case.ts";
import {
  activated,
  BIAS,
  descent,
  erf,
  MANY_DATA,
  NONE,
  RATE,
  SCALE,
  type Shape,
  sizes,
  units,
  updated,
  VERY_MANY_DATA,
  WIDE_TIMED,
  weightsOf,
} from "./networkShapes.ts";
import { groupsOf, inSomeTiles, tiledCase } from "./tiledCase.ts";

function forward(given: Shape, draw: Draw) {
  const s = sizes(given);
  const inputs = units(draw, 1, s.fanIn, s.columns, s.fanIn, s.data);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
  const empty = new Float32Array(s.networks * s.rows * s.columns);
  return {
    s,
    buffers: { inputs, weights, hidden: empty, slope: empty },
    reference: () =>
      activated(
        s,
        (m, j, a) => {
          let sum = 0;
          for (let i = 0; i < s.fanIn; i++)
            sum += weights[(m * s.fanIn + i) * s.stride + j]! * inputs[i * s.columns + a]!;
          return sum;
        },
        erf,
      ),
    terms: s.fanIn + 8,
    flops: 2 * s.networks * s.width * s.fanIn * s.data,
    bytes: 4 * s.networks * (s.fanIn * s.stride + 2 * s.rows * s.columns),
  };
}

const firstLayer: KernelCase<Shape> = {
  declaration: kernels.firstLayer,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const { s, ...built } = forward(given, draw);
    return {
      ...built,
      specialisation: { code: erf.wgsl },
      uniforms: { params: { ...s, scale: SCALE, bias: BIAS } },
      workgroups: (kernel) => [Math.ceil(((s.width + 1) * s.chunks) / kernel.workgroup[0]), 1, s.networks],
    };
  },
};

const firstLayerTiled = tiledCase(
  ({ networks, width, below, data }) => ({ kind: "first", networks, rows: width, columns: data, inner: below + 1 }),
  kernels.firstLayerTiled,
  (given, draw): BuiltCase => {
    const { s, ...built } = forward(given, draw);
    return {
      ...built,
      specialisation: { constants: tileConstants(given.tile ?? TILES[0]!), code: erf.wgsl },
      uniforms: { params: { ...s, inner: s.fanIn, stride: s.stride / 4, scale: SCALE, bias: BIAS } },
      workgroups: groupsOf(given, s.width, s.chunks),
    };
  },
  inSomeTiles(MANY_DATA),
);

function update(given: Shape, draw: Draw) {
  const s = sizes(given);
  const { momentum = 0 } = given;
  const inputs = units(draw, 1, s.fanIn, s.columns, s.fanIn, s.data);
  const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
  const velocity = momentum > 0 ? weightsOf(draw, s.networks, s.fanIn, s.stride, s.width) : NONE;
  return {
    s,
    momentum,
    buffers: { inputs, delta, weights, velocity },
    reference: () => {
      const { w, v, update } = descent(weights, velocity, momentum);
      for (let m = 0; m < s.networks; m++) {
        for (let i = 0; i < s.fanIn; i++) {
          for (let j = 0; j < s.width; j++) {
            let gradient = 0;
            for (let a = 0; a < s.data; a++)
              gradient += delta[(m * s.rows + j) * s.columns + a]! * inputs[i * s.columns + a]!;
            update((m * s.fanIn + i) * s.stride + j, gradient);
          }
        }
      }
      return updated(momentum, w, v);
    },
    terms: s.data,
    flops: 2 * s.networks * s.width * s.fanIn * s.data,
    bytes: 4 * s.networks * (2 * s.fanIn * s.stride + s.rows * s.columns),
  };
}

const firstUpdate: KernelCase<Shape> = {
  declaration: kernels.firstUpdate,
  checks: [...MANY_DATA, ...VERY_MANY_DATA],
  timed: WIDE_TIMED,
  build(given, draw) {
    const { s, momentum, ...built } = update(given, draw);
    const { lanes, includes } = sharing("hardware", s.chunks);
    return {
      ...built,
      specialisation: { includes, constants: { MOMENTUM: momentum > 0 } },
      uniforms: { params: { ...s, learningRate: RATE, momentum } },
      workgroups: (kernel) => [
        Math.ceil((s.width * lanes) / kernel.workgroup[0]),
        inputRows("hardware", s.fanIn),
        s.networks,
      ],
    };
  },
};

const firstUpdateTiled = tiledCase(
  ({ networks, width, below, data }) => ({
    kind: "firstUpdate",
    networks,
    rows: below + 1,
    columns: width,
    inner: data,
  }),
  kernels.firstUpdateTiled,
  (given, draw): BuiltCase => {
    const { s, momentum, ...built } = update(given, draw);
    return {
      ...built,
      specialisation: { constants: { MOMENTUM: momentum > 0, ...tileConstants(given.tile ?? TILES[0]!) } },
      uniforms: { params: { ...s, inner: s.data, stride: s.stride / 4, learningRate: RATE, momentum } },
      workgroups: groupsOf(given, s.fanIn, s.stride / 4),
    };
  },
  inSomeTiles(MANY_DATA),
);

export const firstCases: readonly KernelCase<Shape>[] = [firstLayer, firstLayerTiled, firstUpdate, firstUpdateTiled];
