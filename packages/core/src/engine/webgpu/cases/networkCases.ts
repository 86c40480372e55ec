/** Cases of the kernels that train networks, with their references in plain float64 loops over the layouts of ensemblePlan.ts. */
import { normals } from "../../../random/normal.ts";
import { keyOfSeed } from "../../../random/philox.ts";
import * as kernels from "../ensembleKernels.ts";
import type { KernelCase } from "./case.ts";
import { denseCases } from "./denseCases.ts";
import {
  activated,
  BIAS,
  descent,
  erf,
  MANY_DATA,
  NONE,
  QUADRATIC,
  RATE,
  SCALE,
  type Shape,
  sizes,
  units,
  updated,
  WIDE_TIMED,
  weightsOf,
} from "./networkShapes.ts";

const firstLayer: KernelCase<Shape> = {
  declaration: kernels.firstLayer,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const inputs = units(draw, 1, s.fanIn, s.columns, s.fanIn, s.data);
    const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
    const empty = new Float32Array(s.networks * s.rows * s.columns);
    return {
      specialisation: { code: erf.wgsl },
      buffers: { inputs, weights, hidden: empty, slope: empty },
      uniforms: { params: { ...s, scale: SCALE, bias: BIAS } },
      workgroups: (kernel) => [Math.ceil(((s.width + 1) * s.chunks) / kernel.workgroup[0]), 1, s.networks],
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
  },
};

const firstUpdate: KernelCase<Shape> = {
  declaration: kernels.firstUpdate,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const { momentum = 0 } = given;
    const inputs = units(draw, 1, s.fanIn, s.columns, s.fanIn, s.data);
    const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
    const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
    const velocity = momentum > 0 ? weightsOf(draw, s.networks, s.fanIn, s.stride, s.width) : NONE;
    return {
      specialisation: { constants: { MOMENTUM: momentum > 0 } },
      buffers: { inputs, delta, weights, velocity },
      uniforms: { params: { ...s, learningRate: RATE, momentum } },
      workgroups: (kernel) => [Math.ceil(s.width / kernel.workgroup[0]), 1, s.networks],
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
  },
};

const readout: KernelCase<Shape> = {
  declaration: kernels.readout,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const hidden = units(draw, s.networks, s.rows, s.columns, s.width + 1, s.data);
    const weights = draw(s.networks * s.rows);
    const targets = units(draw, 1, 1, s.columns, 1, s.data);
    const empty = new Float32Array(s.networks * s.columns);
    return {
      specialisation: { code: QUADRATIC },
      buffers: { hidden, weights, targets, force: empty, outputs: empty },
      uniforms: { params: { units: s.width + 1, rows: s.rows, chunks: s.chunks, data: s.data }, slot: { record: 0 } },
      workgroups: () => [1, s.chunks, s.networks],
      reference: () => {
        const outputs = new Float64Array(s.networks * s.columns).fill(Number.NaN);
        const force = new Float64Array(s.networks * s.columns);
        for (let m = 0; m < s.networks; m++) {
          for (let a = 0; a < s.data; a++) {
            let f = 0;
            for (let j = 0; j <= s.width; j++)
              f += weights[m * s.rows + j]! * hidden[(m * s.rows + j) * s.columns + a]!;
            outputs[m * s.columns + a] = f;
            force[m * s.columns + a] = f - targets[a]!;
          }
        }
        return { outputs, force };
      },
      terms: s.width + 1,
      flops: 2 * s.networks * s.width * s.data,
      bytes: 4 * s.networks * (s.rows + s.rows * s.columns),
    };
  },
};

const subset: KernelCase<Shape> = {
  declaration: kernels.subset,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const step = 2;
    const words = Math.ceil(s.data / 32);
    const force = units(draw, s.networks, 1, s.columns, 1, s.data);
    const subsets = Uint32Array.from({ length: 4 * words }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
    const weight = 2.5;
    return {
      specialisation: {},
      buffers: { subsets, force, steps: new Uint32Array(s.networks).fill(step) },
      uniforms: { params: { chunks: s.chunks, words, weight } },
      workgroups: () => [1, 1, s.networks],
      reference: () => ({
        force: Float64Array.from(force, (value, i) => {
          const a = i % s.columns;
          const word = subsets[step * words + (a >> 5)] ?? 0;
          return (word >>> (a & 31)) & 1 ? weight * value : 0;
        }),
      }),
      terms: 1,
      flops: s.networks * s.data,
      bytes: 8 * s.networks * s.columns,
    };
  },
};

const outputBackward: KernelCase<Shape> = {
  declaration: kernels.outputBackward,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const { momentum = 0 } = given;
    const force = units(draw, s.networks, 1, s.columns, 1, s.data);
    const hidden = units(draw, s.networks, s.rows, s.columns, s.width + 1, s.data);
    const slope = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
    const weights = draw(s.networks * s.rows);
    const velocity = momentum > 0 ? draw(s.networks * s.rows) : NONE;
    return {
      specialisation: { constants: { MOMENTUM: momentum > 0, UPDATE: true } },
      buffers: { force, hidden, slope, weights, velocity, delta: new Float32Array(hidden.length) },
      uniforms: { params: { ...s, units: s.width + 1, forceStride: s.chunks, learningRate: RATE, momentum } },
      workgroups: (kernel) => [Math.ceil((s.width + 1) / kernel.workgroup[0]), 1, s.networks],
      reference: () => {
        const { w, v, update } = descent(weights, velocity, momentum);
        const delta = new Float64Array(hidden.length);
        for (let m = 0; m < s.networks; m++) {
          for (let j = 0; j <= s.width; j++) {
            const row = m * s.rows + j;
            let gradient = 0;
            for (let a = 0; a < s.data; a++) {
              const push = force[m * s.columns + a]!;
              gradient += push * hidden[row * s.columns + a]!;
              delta[row * s.columns + a] = push * weights[row]! * slope[row * s.columns + a]!;
            }
            update(row, gradient);
          }
        }
        return { delta, ...updated(momentum, w, v) };
      },
      terms: s.data,
      flops: 4 * s.networks * s.width * s.data,
      bytes: 4 * s.networks * (2 * s.rows + 3 * s.rows * s.columns),
    };
  },
};

const kernelLayer: KernelCase<Shape> = {
  declaration: kernels.kernelLayer,
  checks: MANY_DATA,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const sensitivity = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
    const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
    const before = draw(s.networks * s.columns * s.columns);
    return {
      buffers: { sensitivity, below, kernels: before },
      uniforms: { params: { ...s, units: s.width, inputs: s.fanIn, accumulate: 1 }, slot: { record: 0 } },
      workgroups: () => [s.chunks, s.chunks, s.networks],
      reference: () => {
        const result = new Float64Array(before.length).fill(Number.NaN);
        for (let m = 0; m < s.networks; m++) {
          for (let a = 0; a < s.data; a++) {
            for (let b = 0; b < s.data; b++) {
              let up = 0;
              let low = 0;
              for (let j = 0; j < s.width; j++)
                up += sensitivity[(m * s.rows + j) * s.columns + a]! * sensitivity[(m * s.rows + j) * s.columns + b]!;
              for (let i = 0; i < s.fanIn; i++)
                low += below[(m * s.rowsBelow + i) * s.columns + a]! * below[(m * s.rowsBelow + i) * s.columns + b]!;
              const at = (m * s.columns + a) * s.columns + b;
              result[at] = before[at]! + up * low;
            }
          }
        }
        return { kernels: result };
      },
      terms: s.width + s.fanIn,
      flops: 2 * s.networks * (s.width + s.fanIn) * s.data ** 2,
      bytes: 4 * s.networks * (s.rows + s.rowsBelow) * s.columns,
    };
  },
};

const initialise: KernelCase<Shape> = {
  declaration: kernels.initialise,
  checks: MANY_DATA,
  timed: {
    hardware: { networks: 1, width: 4096, below: 4096, data: 1 },
    software: { networks: 1, width: 512, below: 512, data: 1 },
  },
  build(given) {
    const s = sizes(given);
    const seed = 2 ** 33 + 5;
    const elements = s.below * s.width;
    const networkSize = s.fanIn * s.stride;
    const layer = 2;
    const firstNetwork = 7;
    return {
      buffers: { weights: new Float32Array(s.networks * networkSize) },
      uniforms: {
        params: {
          seed: keyOfSeed(seed),
          layer,
          firstNetwork,
          fanIn: s.below,
          elements,
          firstRow: 0,
          stride: s.stride,
          networkSize,
        },
      },
      workgroups: (kernel) => [Math.ceil(elements / 4 / kernel.workgroup[0]), 1, s.networks],
      reference: () => {
        const weights = new Float64Array(s.networks * networkSize);
        for (let m = 0; m < s.networks; m++) {
          const values = normals(seed, firstNetwork + m, layer, elements);
          for (let e = 0; e < elements; e++)
            weights[m * networkSize + (e % s.below) * s.stride + Math.floor(e / s.below)] = values[e]!;
        }
        return { weights };
      },
      terms: 1,
      flops: 0,
      bytes: 4 * s.networks * elements,
    };
  },
};

/** Every network kernel's case but the resident trainer's, which is checked and timed as a whole job. */
export const networkCases: readonly KernelCase<Shape>[] = [
  initialise,
  firstLayer,
  readout,
  subset,
  outputBackward,
  ...denseCases,
  firstUpdate,
  kernelLayer,
];
