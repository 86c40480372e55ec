/** Cases of the kernels that train networks, with their references in plain float64 loops over the layouts of ensemblePlan.ts. */
import { normals } from "../../../random/normal.ts";
import { keyOfSeed } from "../../../random/philox.ts";
import * as kernels from "../ensembleKernels.ts";
import { inputRows, sharing } from "../layeredTrainer.ts";
import type { KernelCase } from "./case.ts";
import { denseCases } from "./denseCases.ts";
import {
  activated,
  BIAS,
  descent,
  erf,
  MANY_DATA,
  NONE,
  PARTS,
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
import { outputCases } from "./outputCases.ts";

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
  checks: [...MANY_DATA, ...VERY_MANY_DATA],
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const { momentum = 0 } = given;
    const inputs = units(draw, 1, s.fanIn, s.columns, s.fanIn, s.data);
    const { lanes, includes } = sharing("hardware", s.chunks);
    const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
    const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
    const velocity = momentum > 0 ? weightsOf(draw, s.networks, s.fanIn, s.stride, s.width) : NONE;
    return {
      specialisation: { includes, constants: { MOMENTUM: momentum > 0 } },
      buffers: { inputs, delta, weights, velocity },
      uniforms: { params: { ...s, learningRate: RATE, momentum } },
      workgroups: (kernel) => [
        Math.ceil((s.width * lanes) / kernel.workgroup[0]),
        inputRows("hardware", s.fanIn),
        s.networks,
      ],
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

const initialise: KernelCase<Shape> = {
  declaration: kernels.initialise,
  checks: [...MANY_DATA, ...PARTS],
  timed: {
    hardware: { networks: 1, width: 4096, below: 4096, data: 1 },
    software: { networks: 1, width: 512, below: 512, data: 1 },
  },
  build(given) {
    const s = sizes(given);
    const seed = 2 ** 33 + 5;
    const elements = s.allBelow * s.width;
    const quads = Math.ceil(elements / 4);
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
          fanIn: s.allBelow,
          units: s.width,
          quads,
          firstInput: s.firstBelow,
          inputs: s.below,
          firstRow: 0,
          stride: s.stride,
          networkSize,
        },
      },
      workgroups: (kernel) => [Math.ceil(quads / kernel.workgroup[0]), 1, s.networks],
      reference: () => {
        const weights = new Float64Array(s.networks * networkSize);
        for (let m = 0; m < s.networks; m++) {
          const values = normals(seed, firstNetwork + m, layer, elements);
          for (let e = 0; e < elements; e++) {
            const row = (e % s.allBelow) - s.firstBelow;
            if (row < 0 || row >= s.below) continue;
            weights[m * networkSize + row * s.stride + Math.floor(e / s.allBelow)] = values[e]!;
          }
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
  ...denseCases,
  firstUpdate,
  ...outputCases,
];
