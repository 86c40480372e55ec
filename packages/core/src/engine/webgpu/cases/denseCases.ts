/** Cases of the products between two hidden layers, forward, backward and update, in their skinny and their tiled kernels. */
import { skinnyRows, skinnySplits, splitGroups } from "../network/denseProducts.ts";
import * as kernels from "../network/ensembleKernels.ts";
import type { Product } from "../network/tileSearch.ts";
import { TILES, tileConstants } from "../network/tiles.ts";
import type { BuiltCase, Draw, KernelCase } from "./case.ts";
import {
  activated,
  BIAS,
  CHECKS,
  descent,
  MANY_DATA,
  NONE,
  outputUnits,
  PARTS,
  partOf,
  RATE,
  SCALE,
  type Shape,
  type Sizes,
  SKINNY_TIMED,
  sizes,
  tanh,
  units,
  updated,
  weightsOf,
} from "./networkShapes.ts";
import { groupsOf, tiledCase } from "./tiledCase.ts";

type Kind = "forward" | "backward" | "update";

/** The matrices of a product, as the layered trainer's. */
const productOf =
  (kind: Kind) =>
  ({ networks, width, below, data }: Shape): Product => {
    const sizes: Record<Kind, Pick<Product, "rows" | "columns" | "inner">> = {
      forward: { rows: width, columns: data, inner: below },
      backward: { rows: below, columns: data, inner: width },
      update: { rows: below + 1, columns: width, inner: data },
    };
    return { kind, networks, ...sizes[kind] };
  };

/**
 * Of each tile one of the parts in turn: what a part changes is where its rows stand and what becomes of a finished sum, which is none of
 * the tile's, and each kernel that differs takes up to a second to compile on a software adapter.
 */
const partIn = (tile: number): Shape => PARTS[tile % PARTS.length]!;

const ON_LANES = {
  hardware: { ...SKINNY_TIMED.hardware, lanes: "hardware" },
  software: { ...SKINNY_TIMED.software, lanes: "software" },
} as const;

/** delta_ia = slope_ia sum_j W_ij delta_ja, for the columns of each output. */
function backwardReference(s: Sizes, weights: Float32Array, delta: Float32Array, slopeBelow: Float32Array) {
  const columns = s.outputs * s.columns;
  const deltaBelow = new Float64Array(slopeBelow.length * s.outputs);
  for (let m = 0; m < s.networks; m++) {
    for (let i = 0; i < s.below; i++) {
      for (let a = 0; a < columns; a++) {
        let sum = 0;
        for (let j = 0; j < s.width; j++)
          sum += weights[(m * s.below + i) * s.stride + j]! * delta[(m * s.rows + j) * columns + a]!;
        const row = m * s.rowsBelow + s.firstBelow + i;
        deltaBelow[row * columns + a] = slopeBelow[row * s.columns + (a % s.columns)]! * sum;
      }
    }
  }
  return { deltaBelow };
}

/** Sensitivities of several outputs, as the deltas of as many columns. */
const ASIDE: readonly Shape[] = [
  { networks: 1, width: 67, below: 31, data: 8, outputs: 2, update: false },
  { networks: 2, width: 21, below: 35, data: 3, outputs: 3, update: false },
];
const MANY_ASIDE: readonly Shape[] = [...ASIDE, { networks: 2, width: 70, below: 33, data: 37, outputs: 5 }];

/** Arrays of a layer's descent, and what it does to weights and velocities. */
function descended(s: Sizes, draw: Draw, momentum: number) {
  const below = units(draw, s.networks, s.rowsBelow, s.columns, s.allBelow + 1, s.data);
  const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const weights = weightsOf(draw, s.networks, s.below, s.stride, s.width);
  const velocity = momentum > 0 ? weightsOf(draw, s.networks, s.below, s.stride, s.width) : NONE;
  const biases = weightsOf(draw, s.networks, 1, s.stride, s.width);
  const biasVelocity = momentum > 0 ? weightsOf(draw, s.networks, 1, s.stride, s.width) : NONE;
  const reference = (): Record<string, Float64Array> => {
    const { w, v, update } = descent(weights, velocity, momentum);
    const { w: b, v: bv, update: updateBias } = descent(biases, biasVelocity, momentum);
    for (let m = 0; m < s.networks; m++) {
      for (let i = 0; i < s.fanIn; i++) {
        for (let j = 0; j < s.width; j++) {
          let gradient = 0;
          for (let a = 0; a < s.data; a++)
            gradient +=
              below[(m * s.rowsBelow + s.firstBelow + i) * s.columns + a]! * delta[(m * s.rows + j) * s.columns + a]!;
          if (i < s.below) update((m * s.below + i) * s.stride + j, gradient);
          else updateBias(m * s.stride + j, gradient);
        }
      }
    }
    return { ...updated(momentum, w, v), biases: b, ...(momentum > 0 ? { biasVelocity: bv } : {}) };
  };
  return { buffers: { below, delta, weights, velocity, biases, biasVelocity }, reference };
}

/** Sums that another part adds to. */
function summed(s: Sizes, sum: (m: number, j: number, a: number) => number): Record<string, Float64Array> {
  const hidden = new Float64Array(s.networks * s.rows * s.columns).fill(Number.NaN);
  for (let m = 0; m < s.networks; m++)
    for (let j = 0; j < s.width; j++)
      for (let a = 0; a < s.data; a++) hidden[(m * s.rows + j) * s.columns + a] = sum(m, j, a);
  return { hidden };
}

function forward(given: Shape, draw: Draw, constants: Record<string, number>): Omit<BuiltCase, "workgroups"> {
  const s = sizes(given);
  const { FIRST, LAST } = partOf(given);
  const below = units(draw, s.networks, s.rowsBelow, s.columns, s.allBelow + 1, s.data);
  const weights = weightsOf(draw, s.networks, s.below, s.stride, s.width);
  const root = Math.sqrt(s.fanIn);
  for (let i = 0; i < weights.length; i++) weights[i]! /= root;
  const biases = weightsOf(draw, s.networks, 1, s.stride, s.width);
  const empty = new Float32Array(s.networks * s.rows * s.columns);
  /** What the parts before leave. */
  const before = FIRST ? empty : units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const sum = (m: number, j: number, a: number): number => {
    const at = (m * s.rows + j) * s.columns + a;
    let sum = before[at]! + (LAST ? BIAS * biases[m * s.stride + j]! : 0);
    for (let i = 0; i < s.below; i++)
      sum += weights[(m * s.below + i) * s.stride + j]! * below[(m * s.rowsBelow + s.firstBelow + i) * s.columns + a]!;
    return sum;
  };
  return {
    specialisation: { constants: { ...constants, FIRST, LAST }, code: tanh.wgsl },
    buffers: { below, weights, biases, hidden: before, slope: empty },
    uniforms: {
      params: { ...s, inner: s.below, stride: s.stride / 4, scale: SCALE, bias: BIAS },
    },
    reference: () => (LAST ? activated(s, sum, tanh) : summed(s, sum)),
    terms: s.fanIn + 8,
    flops: 2 * s.networks * s.width * s.fanIn * s.data,
    bytes: 4 * s.networks * (s.fanIn * s.stride + (s.rowsBelow + 2 * s.rows) * s.columns),
  };
}

const forwardSkinny: KernelCase<Shape> = {
  declaration: kernels.denseForwardSkinny,
  checks: [
    ...CHECKS,
    ...PARTS,
    { networks: 2, width: 1023, below: 37, data: 7 },
    { networks: 1, width: 1024, below: 37, before: 3, behind: 1, data: 7, lanes: "hardware" },
    { networks: 1, width: 1029, below: 3, data: 16, lanes: "hardware" },
    { networks: 2, width: 1024, below: 70, data: 3, lanes: "hardware" },
    { networks: 1, width: 8193, below: 19, data: 9, lanes: "hardware" },
  ],
  timed: ON_LANES,
  build: (given, draw) => {
    const { width, chunks, networks } = sizes(given);
    const split = skinnySplits(given.lanes ?? "software", chunks, width);
    return { ...forward(given, draw, split), workgroups: () => [splitGroups(width, split.SPLITS), 1, networks] };
  },
};

export const forwardTiled = tiledCase(
  productOf("forward"),
  kernels.denseForward,
  (given, draw) => {
    const { width, chunks } = sizes(given);
    return {
      ...forward(given, draw, tileConstants(given.tile ?? TILES[0]!)),
      workgroups: groupsOf(given, width, chunks),
    };
  },
  (tile) => [...MANY_DATA, partIn(tile)],
);

const backwardSkinny: KernelCase<Shape> = {
  declaration: kernels.denseBackwardSkinny,
  checks: [
    ...[...CHECKS, ...PARTS].flatMap((shape) => [
      { ...shape, lanes: "hardware" } as const,
      { ...shape, lanes: "software" } as const,
    ]),
    { networks: 2, width: 258, below: 17, data: 16, momentum: 0.9, lanes: "hardware" },
    { networks: 2, width: 66, below: 35, data: 6, update: false },
    ...ASIDE,
  ],
  timed: ON_LANES,
  build(given, draw) {
    const s = sizes(given);
    const { momentum = 0, update = true, lanes = "hardware" } = given;
    const { buffers, reference } = descended(s, draw, momentum);
    const slopeBelow = units(draw, s.networks, s.rowsBelow, s.columns, s.allBelow, s.data);
    const delta = s.outputs > 1 ? outputUnits(draw, s, s.rows, s.width) : buffers.delta;
    const CHUNKS = s.outputs * s.chunks;
    const rowed = skinnyRows(lanes, CHUNKS, s.stride);
    return {
      specialisation: {
        constants: {
          CHUNKS,
          SLOPE_CHUNKS: s.chunks,
          UPDATE: update,
          LAST: partOf(given).LAST,
          MOMENTUM: momentum > 0,
          ...rowed,
        },
      },
      buffers: { ...buffers, delta, slopeBelow, deltaBelow: new Float32Array(slopeBelow.length * s.outputs) },
      uniforms: { params: { ...s, stride: s.stride / 4, learningRate: RATE, momentum } },
      workgroups: () => [Math.ceil(s.below / rowed.ROWS), 1, s.networks],
      reference: () => ({
        ...backwardReference(s, buffers.weights, delta, slopeBelow),
        ...(update
          ? reference()
          : { weights: Float64Array.from(buffers.weights), biases: Float64Array.from(buffers.biases) }),
      }),
      terms: s.width + s.data,
      flops: 4 * s.networks * s.width * s.fanIn * s.data,
      bytes: 4 * s.networks * (2 * s.fanIn * s.stride + (s.rows + 3 * s.rowsBelow) * s.columns),
    };
  },
};

const backwardTiled = tiledCase(
  productOf("backward"),
  kernels.denseBackward,
  (given, draw) => {
    const s = sizes(given);
    const chunks = s.outputs * s.chunks;
    const weights = weightsOf(draw, s.networks, s.below, s.stride, s.width);
    const delta = outputUnits(draw, s, s.rows, s.width);
    const slopeBelow = units(draw, s.networks, s.rowsBelow, s.columns, s.allBelow, s.data);
    return {
      specialisation: { constants: tileConstants(given.tile ?? TILES[0]!) },
      buffers: { weights, delta, slopeBelow, deltaBelow: new Float32Array(slopeBelow.length * s.outputs) },
      uniforms: {
        params: { ...s, inner: s.width, stride: s.stride / 4, chunks, slopeChunks: s.chunks },
      },
      workgroups: groupsOf(given, s.below, chunks),
      reference: () => backwardReference(s, weights, delta, slopeBelow),
      terms: s.width,
      flops: 2 * s.networks * s.width * s.below * s.data,
      bytes: 4 * s.networks * (s.below * s.stride + (s.rows + 2 * s.rowsBelow) * s.columns),
    };
  },
  () => [...MANY_DATA, ...MANY_ASIDE, ...PARTS],
);

const updateTiled = tiledCase(
  productOf("update"),
  kernels.denseUpdate,
  (given, draw) => {
    const s = sizes(given);
    const { momentum = 0 } = given;
    const groups = s.stride / 4;
    return {
      ...descended(s, draw, momentum),
      specialisation: {
        constants: { MOMENTUM: momentum > 0, LAST: partOf(given).LAST, ...tileConstants(given.tile ?? TILES[0]!) },
      },
      uniforms: { params: { ...s, inner: s.data, stride: groups, learningRate: RATE, momentum } },
      workgroups: groupsOf(given, s.fanIn, groups),
      terms: s.data,
      flops: 2 * s.networks * s.width * s.fanIn * s.data,
      bytes: 4 * s.networks * (2 * s.fanIn * s.stride + (s.rows + s.rowsBelow) * s.columns),
    };
  },
  // With momentum in every second tile and without it in the others, as kernels differ by it.
  (tile) => [...MANY_DATA.map((shape) => ({ ...shape, momentum: tile % 2 === 0 ? 0.5 : 0 })), partIn(tile)],
);

export const denseCases: readonly KernelCase<Shape>[] = [
  forwardSkinny,
  forwardTiled,
  backwardSkinny,
  backwardTiled,
  updateTiled,
];
