/** Cases of the kernels beside the outputs: readout and force, and the way back from them. */
import * as kernels from "../network/ensembleKernels.ts";
import { sharing } from "../network/firstLayer.ts";
import { outputBlock } from "../network/outputLayer.ts";
import type { KernelCase } from "./case.ts";
import {
  descent,
  MANY_OUTPUTS,
  NONE,
  QUADRATIC,
  RATE,
  type Shape,
  sizes,
  units,
  updated,
  VERY_MANY_DATA,
  WIDE_TIMED,
} from "./networkShapes.ts";

const readout: KernelCase<Shape> = {
  declaration: kernels.readout,
  checks: MANY_OUTPUTS,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const hidden = units(draw, s.networks, s.rows, s.columns, s.width + 1, s.data);
    const weights = draw(s.networks * s.rows * s.outputs);
    const targets = units(draw, 1, s.outputs, s.columns, s.outputs, s.data);
    const empty = new Float32Array(s.networks * s.outputs * s.columns);
    const BLOCK = outputBlock(s.outputs);
    return {
      specialisation: { constants: { OUTPUTS: s.outputs, BLOCK }, code: QUADRATIC },
      buffers: { hidden, weights, targets, force: empty, outputs: empty },
      uniforms: { params: { ...s, units: s.width + 1 }, slot: { record: 0 } },
      workgroups: () => [Math.ceil(s.outputs / BLOCK), s.chunks, s.networks],
      reference: () => {
        const outputs = new Float64Array(empty.length).fill(Number.NaN);
        const force = new Float64Array(empty.length);
        for (let m = 0; m < s.networks; m++) {
          for (let c = 0; c < s.outputs; c++) {
            for (let a = 0; a < s.data; a++) {
              let f = 0;
              for (let j = 0; j <= s.width; j++)
                f += weights[(m * s.rows + j) * s.outputs + c]! * hidden[(m * s.rows + j) * s.columns + a]!;
              const at = (m * s.outputs + c) * s.columns + a;
              outputs[at] = f;
              force[at] = f - targets[c * s.columns + a]!;
            }
          }
        }
        return { outputs, force };
      },
      terms: s.width + 1,
      flops: 2 * s.networks * s.width * s.outputs * s.data,
      bytes: 4 * s.networks * s.rows * (s.outputs + s.columns),
    };
  },
};

const subset: KernelCase<Shape> = {
  declaration: kernels.subset,
  checks: MANY_OUTPUTS,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const step = 2;
    const words = Math.ceil(s.data / 32);
    const force = units(draw, s.networks, s.outputs, s.columns, s.outputs, s.data);
    const subsets = Uint32Array.from({ length: 4 * words }, (_, i) => Math.imul(i + 1, 0x9e3779b1));
    const weight = 2.5;
    return {
      specialisation: {},
      buffers: { subsets, force, steps: new Uint32Array(s.networks).fill(step) },
      uniforms: { params: { ...s, words, weight } },
      workgroups: () => [1, 1, s.networks],
      reference: () => ({
        force: Float64Array.from(force, (value, i) => {
          const a = i % s.columns;
          const word = subsets[step * words + (a >> 5)] ?? 0;
          return (word >>> (a & 31)) & 1 ? weight * value : 0;
        }),
      }),
      terms: 1,
      flops: s.networks * s.outputs * s.data,
      bytes: 8 * s.networks * s.outputs * s.columns,
    };
  },
};

const outputBackward: KernelCase<Shape> = {
  declaration: kernels.outputBackward,
  checks: [...MANY_OUTPUTS, ...VERY_MANY_DATA],
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const { momentum = 0 } = given;
    const force = units(draw, s.networks, s.outputs, s.columns, s.outputs, s.data);
    const hidden = units(draw, s.networks, s.rows, s.columns, s.width + 1, s.data);
    const slope = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
    const weights = draw(s.networks * s.rows * s.outputs);
    const velocity = momentum > 0 ? draw(weights.length) : NONE;
    const { lanes, includes } = sharing("hardware", s.chunks);
    return {
      specialisation: {
        includes,
        constants: { OUTPUTS: s.outputs, BLOCK: outputBlock(s.outputs), MOMENTUM: momentum > 0 },
      },
      buffers: { force, hidden, slope, weights, velocity, delta: new Float32Array(hidden.length) },
      uniforms: { params: { ...s, units: s.width + 1, learningRate: RATE, momentum } },
      workgroups: (kernel) => [Math.ceil(((s.width + 1) * lanes) / kernel.workgroup[0]), 1, s.networks],
      reference: () => {
        const { w, v, update } = descent(weights, velocity, momentum);
        const delta = new Float64Array(hidden.length);
        for (let m = 0; m < s.networks; m++) {
          for (let j = 0; j <= s.width; j++) {
            const row = m * s.rows + j;
            for (let c = 0; c < s.outputs; c++) {
              let gradient = 0;
              for (let a = 0; a < s.data; a++) {
                const push = force[(m * s.outputs + c) * s.columns + a]!;
                const at = row * s.columns + a;
                gradient += push * hidden[at]!;
                delta[at]! += push * weights[row * s.outputs + c]! * slope[at]!;
              }
              update(row * s.outputs + c, gradient);
            }
          }
        }
        return { delta, ...updated(momentum, w, v) };
      },
      terms: Math.max(s.data, s.outputs),
      flops: 4 * s.networks * s.width * s.outputs * s.data,
      bytes: 4 * s.networks * s.rows * (2 * s.outputs + 3 * s.columns),
    };
  },
};

const outputSensitivity: KernelCase<Shape> = {
  declaration: kernels.outputSensitivity,
  checks: MANY_OUTPUTS,
  timed: WIDE_TIMED,
  build(given, draw) {
    const s = sizes(given);
    const slope = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
    const weights = draw(s.networks * s.rows * s.outputs);
    const sensitivity = new Float32Array(slope.length * s.outputs);
    return {
      buffers: { slope, weights, sensitivity },
      uniforms: { params: s },
      workgroups: (kernel) => [Math.ceil((s.width * s.chunks) / kernel.workgroup[0]), s.outputs, s.networks],
      reference: () => ({
        sensitivity: Float64Array.from(sensitivity, (_, i) => {
          const row = Math.floor(i / (s.outputs * s.columns));
          const c = Math.floor(i / s.columns) % s.outputs;
          return weights[row * s.outputs + c]! * slope[row * s.columns + (i % s.columns)]!;
        }),
      }),
      terms: 1,
      flops: s.networks * s.width * s.outputs * s.data,
      bytes: 4 * s.networks * s.rows * (s.outputs + (1 + s.outputs) * s.columns),
    };
  },
};

export const outputCases: readonly KernelCase<Shape>[] = [readout, subset, outputBackward, outputSensitivity];
