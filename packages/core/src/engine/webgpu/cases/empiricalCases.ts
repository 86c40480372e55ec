/** Cases of a layer's part of the empirical kernels: in one kernel, and as tiled products of the data and of the sensitivities. */
import * as kernels from "../network/ensembleKernels.ts";
import { TILES, tileConstants } from "../network/tiles.ts";
import type { BuiltCase, KernelCase } from "./case.ts";
import {
  MANY_DATA,
  MANY_OUTPUTS,
  outputUnits,
  type Shape,
  type Sizes,
  sizes,
  units,
  WIDE_TIMED,
} from "./networkShapes.ts";
import { groupsOf, inSomeTiles, tiledCase } from "./tiledCase.ts";

/** The outputs' own part. */
const OUTERMOST: readonly Shape[] = [
  { networks: 2, width: 0, below: 31, data: 9, outputs: 3 },
  { networks: 1, width: 0, below: 5, data: 6 },
];

/** sum_j v_ja v_jb over the first `count` of a network's rows. */
function product(values: Float32Array, first: number, stride: number, count: number, a: number, b: number): number {
  let sum = 0;
  for (let j = 0; j < count; j++) sum += values[(first + j) * stride + a]! * values[(first + j) * stride + b]!;
  return sum;
}

/** The layer's part on top of what stands there, given the products of the data. */
function kernelsOf(
  s: Sizes,
  sensitivity: Float32Array,
  before: Float32Array,
  gramOf: (m: number, a: number, b: number) => number,
) {
  const columns = s.outputs * s.columns;
  const result = new Float64Array(before.length).fill(Number.NaN);
  for (let m = 0; m < s.networks; m++) {
    for (let left = 0; left < columns; left++) {
      for (let right = 0; right < columns; right++) {
        const [a, b] = [left % s.columns, right % s.columns];
        if (a >= s.data || b >= s.data) continue;
        const up =
          s.width > 0
            ? product(sensitivity, m * s.rows, columns, s.width, left, right)
            : Number(Math.floor(left / s.columns) === Math.floor(right / s.columns));
        const at = (m * columns + left) * columns + right;
        result[at] = before[at]! + up * gramOf(m, a, b);
      }
    }
  }
  return { kernels: result };
}

const kernelLayer: KernelCase<Shape> = {
  declaration: kernels.kernelLayer,
  checks: [...MANY_OUTPUTS, ...OUTERMOST],
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const sensitivity = outputUnits(draw, s, s.rows, s.width);
    const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
    const before = draw(s.networks * (s.outputs * s.columns) ** 2);
    return {
      specialisation: { constants: { OUTPUTS: s.outputs } },
      buffers: { sensitivity, below, kernels: before },
      uniforms: { params: { ...s, units: s.width, inputs: s.fanIn, accumulate: 1 }, slot: { record: 0 } },
      workgroups: () => [s.outputs * s.chunks, s.chunks, s.networks],
      reference: () =>
        kernelsOf(s, sensitivity, before, (m, a, b) => product(below, m * s.rowsBelow, s.columns, s.fanIn, a, b)),
      terms: s.width + s.fanIn,
      flops: 2 * s.networks * (s.width * s.outputs ** 2 + s.fanIn) * s.data ** 2,
      bytes: 4 * s.networks * (s.rows * s.outputs + s.rowsBelow) * s.columns,
    };
  },
};

const gram = tiledCase(
  ({ networks, below, data }) => ({ kind: "gram", networks, rows: data, columns: data, inner: below + 1 }),
  kernels.gram,
  (given, draw): BuiltCase => {
    const s = sizes(given);
    const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
    const gramOf = new Float32Array(s.networks * s.columns ** 2);
    return {
      specialisation: { constants: tileConstants(given.tile ?? TILES[0]!) },
      buffers: { below, gram: gramOf },
      uniforms: { params: { inner: s.fanIn, rows: s.rowsBelow, chunks: s.chunks } },
      workgroups: groupsOf(given, s.columns, s.chunks),
      reference: () => ({
        gram: Float64Array.from(gramOf, (_, at) => {
          const [m, a, b] = [Math.floor(at / s.columns ** 2), Math.floor(at / s.columns) % s.columns, at % s.columns];
          return product(below, m * s.rowsBelow, s.columns, s.fanIn, a, b);
        }),
      }),
      terms: s.fanIn,
      flops: 2 * s.networks * s.fanIn * s.data ** 2,
      bytes: 4 * s.networks * (s.rowsBelow + s.columns) * s.columns,
    };
  },
  inSomeTiles(MANY_DATA),
);

const kernelLayerTiled = tiledCase(
  ({ networks, width, data, outputs = 1 }) => ({
    kind: "kernel",
    networks,
    rows: outputs * data,
    columns: outputs * data,
    inner: width,
  }),
  kernels.kernelLayerTiled,
  (given, draw): BuiltCase => {
    const s = sizes(given);
    const columns = s.outputs * s.columns;
    const sensitivity = outputUnits(draw, s, s.rows, s.width);
    const gramOf: Float32Array = draw(s.networks * s.columns ** 2);
    const before = draw(s.networks * columns ** 2);
    return {
      specialisation: { constants: tileConstants(given.tile ?? TILES[0]!) },
      buffers: { sensitivity, gram: gramOf, kernels: before },
      uniforms: {
        params: { ...s, inner: s.width, gramRows: s.columns, columns: columns / 4, accumulate: 1 },
        slot: { record: 0 },
      },
      workgroups: groupsOf(given, columns, columns / 4),
      reference: () => kernelsOf(s, sensitivity, before, (m, a, b) => gramOf[(m * s.columns + a) * s.columns + b]!),
      terms: s.width,
      flops: 2 * s.networks * s.width * (s.outputs * s.data) ** 2,
      bytes: 4 * s.networks * (s.rows + s.columns / s.outputs + 2 * columns) * columns,
    };
  },
  inSomeTiles([...MANY_OUTPUTS, ...OUTERMOST]),
);

export const empiricalCases: readonly KernelCase<Shape>[] = [kernelLayer, gram, kernelLayerTiled];
