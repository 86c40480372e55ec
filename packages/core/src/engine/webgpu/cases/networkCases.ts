/** Cases of the kernels that train networks, with their references in plain float64 loops over the layouts of ensemblePlan.ts. */
import { activations } from "../../../network/activations.ts";
import { normals } from "../../../random/normal.ts";
import { keyOfSeed } from "../../../random/philox.ts";
import * as kernels from "../ensembleKernels.ts";
import type { KernelDeclaration } from "../kernel.ts";
import type { BuiltCase, Draw, KernelCase } from "./case.ts";

interface Shape {
  readonly networks: number;
  readonly width: number;
  /** Inputs of the layer without the bias row. */
  readonly below: number;
  readonly data: number;
  readonly momentum?: number;
}

const { erf, tanh } = activations as Record<"erf" | "tanh", (typeof activations)[string]>;
/** Quadratic V: the force is phi itself. */
const QUADRATIC = `const FIELDS = 1u;
alias Fields = array<f32, FIELDS>;
fn potentialValue(phi: Fields) -> f32 { return 0.5 * phi[0] * phi[0]; }
fn potentialGradient(phi: Fields) -> Fields { return phi; }`;
const SCALE = 0.25;
const BIAS = 0.5;
const RATE = 0.125;
const NONE = new Float32Array(4);
const four = (count: number): number => Math.ceil(count / 4) * 4;

/** Sizes of a layer's arrays. */
function sizes({ networks, width, below, data }: Shape) {
  const chunks = Math.ceil(data / 4);
  return {
    networks,
    width,
    below,
    data,
    chunks,
    columns: 4 * chunks,
    rows: four(width + 1),
    rowsBelow: four(below + 1),
    stride: four(width),
    fanIn: below + 1,
  };
}

/** [networks][rows][columns], zero past the `units` rows and the `data` columns, as the padding of every buffer is. */
function units(draw: Draw, networks: number, rows: number, columns: number, count: number, data: number): Float32Array {
  const values = draw(networks * rows * columns);
  return values.map((value, i) => (Math.floor(i / columns) % rows < count && i % columns < data ? value : 0));
}

/** [networks][fanIn][stride], zero past the width. */
function weightsOf(draw: Draw, networks: number, fanIn: number, stride: number, width: number): Float32Array {
  return draw(networks * fanIn * stride).map((value, i) => (i % stride < width ? value : 0));
}

/** Layer shapes every product and update is checked on. */
const CHECKS: readonly Shape[] = [
  { networks: 1, width: 1, below: 1, data: 1 },
  { networks: 2, width: 5, below: 3, data: 3 },
  { networks: 3, width: 67, below: 31, data: 8, momentum: 0.5 },
  { networks: 1, width: 130, below: 65, data: 13 },
];
const MANY_DATA: readonly Shape[] = [...CHECKS, { networks: 2, width: 33, below: 34, data: 37, momentum: 0.9 }];
const SKINNY_TIMED = {
  hardware: { networks: 16, width: 4096, below: 4096, data: 8 },
  software: { networks: 2, width: 512, below: 512, data: 8 },
};
const TILED_TIMED = {
  hardware: { networks: 16, width: 2048, below: 2048, data: 128 },
  software: { networks: 1, width: 512, below: 512, data: 128 },
};
const WIDE_TIMED = {
  hardware: { networks: 1024, width: 4096, below: 2, data: 8 },
  software: { networks: 16, width: 1024, below: 2, data: 8 },
};

type Update = (index: number, gradient: number) => void;

/** Descends copies of weights and velocities, as descend.wgsl does. */
function descent(
  weights: Float32Array,
  velocity: Float32Array,
  momentum: number,
): { w: Float64Array; v: Float64Array; update: Update } {
  const w = Float64Array.from(weights);
  const v = Float64Array.from(velocity);
  return {
    w,
    v,
    update: (index, gradient) => {
      let step = -RATE * gradient;
      if (momentum > 0) {
        step += momentum * v[index]!;
        v[index] = step;
      }
      w[index]! += step;
    },
  };
}

const updated = (momentum: number, w: Float64Array, v: Float64Array): Record<string, Float64Array> =>
  momentum > 0 ? { weights: w, velocity: v } : { weights: w };

/** act(z) and act'(z) as activate.wgsl stores them. */
function activated(
  shape: ReturnType<typeof sizes>,
  z: (m: number, j: number, a: number) => number,
  activation: (typeof activations)[string],
) {
  const { networks, width, rows, columns, data } = shape;
  const hidden = new Float64Array(networks * rows * columns).fill(Number.NaN);
  const slope = hidden.slice();
  for (let m = 0; m < networks; m++) {
    for (let j = 0; j <= width; j++) {
      for (let a = 0; a < data; a++) {
        const at = (m * rows + j) * columns + a;
        const value = j < width ? z(m, j, a) : 0;
        hidden[at] = j < width ? SCALE * activation.value(value) : BIAS;
        slope[at] = j < width ? SCALE * activation.derivative(value) : 0;
      }
    }
  }
  return { hidden, slope };
}

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

/** A product's case in its skinny form (all data in registers) and its tiled one. */
function productCases(
  skinny: KernelDeclaration<string>,
  tiled: KernelDeclaration<string>,
  build: (shape: Shape, draw: Draw, isSkinny: boolean) => BuiltCase,
): KernelCase<Shape>[] {
  return [
    { declaration: skinny, checks: CHECKS, timed: SKINNY_TIMED, build: (shape, draw) => build(shape, draw, true) },
    { declaration: tiled, checks: MANY_DATA, timed: TILED_TIMED, build: (shape, draw) => build(shape, draw, false) },
  ];
}

const tiles = (down: number, across: number, networks: number) => (): [number, number, number] => [
  Math.ceil(down / 32),
  Math.ceil(across / 8),
  networks,
];

const denseForward = productCases(kernels.denseForwardSkinny, kernels.denseForward, (given, draw, skinny) => {
  const s = sizes(given);
  const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width).map((value) => value / Math.sqrt(s.fanIn));
  const empty = new Float32Array(s.networks * s.rows * s.columns);
  return {
    specialisation: { ...(skinny ? { constants: { CHUNKS: s.chunks } } : {}), code: tanh.wgsl },
    buffers: { below, weights, hidden: empty, slope: empty },
    uniforms: {
      params: { ...s, inner: s.fanIn, scale: SCALE, bias: BIAS, ...(skinny ? { stride: s.stride / 4 } : {}) },
    },
    workgroups: skinny
      ? (kernel) => [Math.ceil(Math.ceil((s.width + 1) / 4) / kernel.workgroup[0]), 1, s.networks]
      : tiles(s.width + 1, s.chunks, s.networks),
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

const denseBackward = productCases(kernels.denseBackwardSkinny, kernels.denseBackward, (given, draw, skinny) => {
  const s = sizes(given);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
  const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const slopeBelow = units(draw, s.networks, s.rowsBelow, s.columns, s.below, s.data);
  return {
    specialisation: skinny ? { constants: { CHUNKS: s.chunks } } : {},
    buffers: { weights, delta, slopeBelow, deltaBelow: new Float32Array(slopeBelow.length) },
    uniforms: { params: { ...s, inner: s.width, ...(skinny ? { stride: s.stride / 4 } : {}) } },
    workgroups: skinny
      ? (kernel) => [Math.ceil(s.below / kernel.workgroup[0]), 1, s.networks]
      : tiles(s.below, s.chunks, s.networks),
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

const denseUpdate = productCases(kernels.denseUpdateSkinny, kernels.denseUpdate, (given, draw, skinny) => {
  const s = sizes(given);
  const { momentum = 0 } = given;
  const below = units(draw, s.networks, s.rowsBelow, s.columns, s.fanIn, s.data);
  const delta = units(draw, s.networks, s.rows, s.columns, s.width, s.data);
  const weights = weightsOf(draw, s.networks, s.fanIn, s.stride, s.width);
  const velocity = momentum > 0 ? weightsOf(draw, s.networks, s.fanIn, s.stride, s.width) : NONE;
  const groups = s.stride / 4;
  return {
    specialisation: { constants: { MOMENTUM: momentum > 0, ...(skinny ? { CHUNKS: s.chunks } : {}) } },
    buffers: { below, delta, weights, velocity },
    uniforms: { params: { ...s, inner: s.data, stride: groups, learningRate: RATE, momentum } },
    workgroups: skinny
      ? (kernel) => [Math.ceil(groups / kernel.workgroup[0]), s.fanIn, s.networks]
      : tiles(s.fanIn, groups, s.networks),
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
  ...denseForward,
  readout,
  outputBackward,
  ...denseBackward,
  ...denseUpdate,
  firstUpdate,
  kernelLayer,
];
