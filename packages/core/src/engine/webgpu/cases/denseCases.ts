/** Cases of the products between two hidden layers, forward, backward and update, each in its skinny and its tiled kernel. */
import * as kernels from "../ensembleKernels.ts";
import type { KernelDeclaration, Specialisation } from "../kernel.ts";
import type { Product } from "../tileSearch.ts";
import { TILES, tileConstants, tilesOf } from "../tiles.ts";
import type { BuiltCase, Draw, KernelCase } from "./case.ts";
import {
  activated,
  BIAS,
  CHECKS,
  descent,
  MANY_DATA,
  NONE,
  RATE,
  SCALE,
  type Shape,
  SKINNY_TIMED,
  sizes,
  TILED_TIMED,
  tanh,
  units,
  updated,
  weightsOf,
} from "./networkShapes.ts";

type Kind = Product["kind"];

const KERNELS: Readonly<Record<Kind, readonly [skinny: KernelDeclaration<string>, tiled: KernelDeclaration<string>]>> =
  {
    forward: [kernels.denseForwardSkinny, kernels.denseForward],
    backward: [kernels.denseBackwardSkinny, kernels.denseBackward],
    update: [kernels.denseUpdateSkinny, kernels.denseUpdate],
  };

/** The matrices of a product, as the layered trainer's. */
function productOf(kind: Kind, { networks, width, below, data }: Shape): Product {
  const sizes: Record<Kind, Pick<Product, "rows" | "columns" | "inner">> = {
    forward: { rows: width, columns: data, inner: below + 1 },
    backward: { rows: below, columns: data, inner: width },
    update: { rows: below + 1, columns: width, inner: data },
  };
  return { kind, networks, ...sizes[kind] };
}

/** A product's case in its skinny form (all data in registers) and its tiled one, in every tile. */
function productCases(
  kind: Kind,
  build: (shape: Shape, draw: Draw, isSkinny: boolean) => BuiltCase,
): KernelCase<Shape>[] {
  const [skinny, tiled] = KERNELS[kind];
  return [
    { declaration: skinny, checks: CHECKS, timed: SKINNY_TIMED, build: (shape, draw) => build(shape, draw, true) },
    {
      declaration: tiled,
      checks: TILES.flatMap((tile) => MANY_DATA.map((shape) => ({ ...shape, tile }))),
      timed: TILED_TIMED,
      build: (shape, draw) => build(shape, draw, false),
      tiled: {
        product: (shape) => productOf(kind, shape),
        inTile: (shape, tile) => ({ ...shape, tile }),
      },
    },
  ];
}

/** The constants of the skinny or the tiled kernel, and the workgroups of the tiled one: `down` rows and `across` groups of columns. */
const constantsOf = (
  { tile = TILES[0]! }: Shape,
  chunks: number,
  skinny: boolean,
): NonNullable<Specialisation["constants"]> => (skinny ? { CHUNKS: chunks } : tileConstants(tile));
const groupsOf =
  ({ tile = TILES[0]!, networks }: Shape, down: number, across: number) =>
  (): [number, number, number] => [...tilesOf(tile, down, across), networks];

export const denseForward = productCases("forward", (given, draw, skinny) => {
  const s = sizes(given);
  const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width).map((value) => value / Math.sqrt(s.fanIn));
  const empty = new Float32Array(s.networks * s.rows * s.columns);
  return {
    specialisation: { constants: constantsOf(given, s.chunks, skinny), code: tanh.wgsl },
    buffers: { below, weights, hidden: empty, slope: empty },
    uniforms: {
      params: { ...s, inner: s.fanIn, stride: s.stride / 4, scale: SCALE, bias: BIAS },
    },
    workgroups: skinny
      ? (kernel) => [Math.ceil(Math.ceil((s.width + 1) / 4) / kernel.workgroup[0]), 1, s.networks]
      : groupsOf(given, s.width, s.chunks),
    reference: () =>
      activated(
        s,
        (m, j, a) => {
          let sum = 0;
          for (let i = 0; i < s.fanIn; i++)
            sum += weights[(m * s.fanIn + i) * s.stride + j]! * below[(m * s.rowsBelow + i) * s.columns + a]!;
          return sum;
        },
        tanh,
      ),
    terms: s.fanIn + 8,
    flops: 2 * s.networks * s.width * s.fanIn * s.data,
    bytes: 4 * s.networks * (s.fanIn * s.stride + (s.rowsBelow + 2 * s.rows) * s.columns),
  };
});

export const denseBackward = productCases("backward", (given, draw, skinny) => {
  const s = sizes(given);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
  const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const slopeBelow = units(draw, s.networks, s.rowsBelow, s.columns, s.below, s.data);
  return {
    specialisation: { constants: constantsOf(given, s.chunks, skinny) },
    buffers: { weights, delta, slopeBelow, deltaBelow: new Float32Array(slopeBelow.length) },
    uniforms: { params: { ...s, inner: s.width, stride: s.stride / 4 } },
    workgroups: skinny
      ? (kernel) => [Math.ceil(s.below / kernel.workgroup[0]), 1, s.networks]
      : groupsOf(given, s.below, s.chunks),
    reference: () => {
      const deltaBelow = new Float64Array(slopeBelow.length);
      for (let m = 0; m < s.networks; m++) {
        for (let i = 0; i < s.below; i++) {
          for (let a = 0; a < s.data; a++) {
            let sum = 0;
            for (let j = 0; j < s.width; j++)
              sum += weights[(m * s.fanIn + i) * s.stride + j]! * delta[(m * s.rows + j) * s.columns + a]!;
            const at = (m * s.rowsBelow + i) * s.columns + a;
            deltaBelow[at] = slopeBelow[at]! * sum;
          }
        }
      }
      return { deltaBelow };
    },
    terms: s.width,
    flops: 2 * s.networks * s.width * s.below * s.data,
    bytes: 4 * s.networks * (s.fanIn * s.stride + (s.rows + 2 * s.rowsBelow) * s.columns),
  };
});

export const denseUpdate = productCases("update", (given, draw, skinny) => {
  const s = sizes(given);
  const { momentum = 0 } = given;
  const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
  const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
  const velocity = momentum > 0 ? weightsOf(draw, s.networks, s.fanIn, s.stride, s.width) : NONE;
  const groups = s.stride / 4;
  return {
    specialisation: { constants: { MOMENTUM: momentum > 0, ...constantsOf(given, s.chunks, skinny) } },
    buffers: { below, delta, weights, velocity },
    uniforms: { params: { ...s, inner: s.data, stride: groups, learningRate: RATE, momentum } },
    workgroups: skinny
      ? (kernel) => [Math.ceil(groups / kernel.workgroup[0]), s.fanIn, s.networks]
      : groupsOf(given, s.fanIn, groups),
    reference: () => {
      const { w, v, update } = descent(weights, velocity, momentum);
      for (let m = 0; m < s.networks; m++) {
        for (let i = 0; i < s.fanIn; i++) {
          for (let j = 0; j < s.width; j++) {
            let gradient = 0;
            for (let a = 0; a < s.data; a++)
              gradient += below[(m * s.rowsBelow + i) * s.columns + a]! * delta[(m * s.rows + j) * s.columns + a]!;
            update((m * s.fanIn + i) * s.stride + j, gradient);
          }
        }
      }
      return updated(momentum, w, v);
    },
    terms: s.data,
    flops: 2 * s.networks * s.width * s.fanIn * s.data,
    bytes: 4 * s.networks * (2 * s.fanIn * s.stride + (s.rows + s.rowsBelow) * s.columns),
  };
});
