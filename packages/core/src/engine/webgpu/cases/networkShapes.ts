/** What the network kernels' cases share: the shapes of layers, random arrays in their layouts, and steps of descent in float64. */
import { activations } from "../../../network/activations.ts";
import type { Tile } from "../network/tiles.ts";
import type { Draw } from "./case.ts";

export interface Shape {
  readonly networks: number;
  readonly width: number;
  /** Inputs of the layer without the bias row, of the part of the weights that the kernel takes. */
  readonly below: number;
  /** Inputs before and after them, whose weights stand in other parts. */
  readonly before?: number;
  readonly behind?: number;
  readonly data: number;
  readonly momentum?: number;
  /** 1 where not given. */
  readonly outputs?: number;
  /** Of a tiled product; the first tile where not given. */
  readonly tile?: Tile;
  /** Of the skinny backward product: without the update where false. */
  readonly update?: boolean;
  /** Of a skinny product: in the lanes of which adapter. */
  readonly lanes?: "hardware" | "software";
}

export const { erf, tanh } = activations as Record<"erf" | "tanh", (typeof activations)[string]>;
/** Quadratic V: the force is phi itself. */
export const QUADRATIC = `const FIELDS = 1u;
alias Fields = array<f32, FIELDS>;
fn potentialValue(phi: Fields, network: u32) -> f32 { return 0.5 * phi[0] * phi[0]; }
fn potentialGradient(phi: Fields, network: u32) -> Fields { return phi; }`;
export const SCALE = 0.25;
export const BIAS = 0.5;
export const RATE = 0.125;
export const NONE = new Float32Array(4);
export const four = (count: number): number => Math.ceil(count / 4) * 4;

/** Sizes of a layer's arrays. */
export function sizes({ networks, width, below, before = 0, behind = 0, data, outputs = 1 }: Shape) {
  const chunks = Math.ceil(data / 4);
  return {
    networks,
    width,
    below,
    widthBelow: below,
    firstBelow: before,
    /** Of all inputs. */
    allBelow: before + below + behind,
    data,
    outputs,
    chunks,
    columns: 4 * chunks,
    rows: four(width + 1),
    rowsBelow: four(before + below + behind + 1),
    stride: four(width),
    /** Rows of weights, with the biases' where they are the kernel's to take. */
    fanIn: below + (behind === 0 ? 1 : 0),
  };
}

/** Constants of a kernel of a part of the weights. */
export const partOf = ({ before = 0, behind = 0 }: Shape) => ({ FIRST: before === 0, LAST: behind === 0 });

/** [networks][rows][columns], zero past the `units` rows and the `data` columns, as the padding of every buffer is. */
export function units(
  draw: Draw,
  networks: number,
  rows: number,
  columns: number,
  count: number,
  data: number,
): Float32Array {
  const values = draw(networks * rows * columns);
  for (let row = 0; row < networks * rows; row++)
    values.fill(0, row * columns + (row % rows < count ? data : 0), (row + 1) * columns);
  return values;
}

/** The same of [networks][rows][outputs][columns]: zero past the data of each output. */
export const outputUnits = (draw: Draw, { networks, outputs, columns, data }: Sizes, rows: number, count: number) =>
  units(draw, networks, rows * outputs, columns, Number.POSITIVE_INFINITY, data).map((value, i) =>
    Math.floor(i / (columns * outputs)) % rows < count ? value : 0,
  );

/** [networks][rows][stride], zero past the width. */
export function weightsOf(draw: Draw, networks: number, rows: number, stride: number, width: number): Float32Array {
  const values = draw(networks * rows * stride);
  for (let row = 0; row < networks * rows; row++) values.fill(0, row * stride + width, (row + 1) * stride);
  return values;
}

export type Sizes = ReturnType<typeof sizes>;

/** Layer shapes every product and update is checked on. */
export const CHECKS: readonly Shape[] = [
  { networks: 1, width: 1, below: 1, data: 1 },
  { networks: 2, width: 5, below: 3, data: 3 },
  { networks: 3, width: 67, below: 31, data: 8, momentum: 0.5 },
  { networks: 1, width: 130, below: 65, data: 13 },
];
/** Parts of a layer's weights. */
export const PARTS: readonly Shape[] = [
  { networks: 1, width: 21, below: 5, behind: 6, data: 3 },
  { networks: 2, width: 67, below: 13, before: 12, behind: 1, data: 8, momentum: 0.5 },
  { networks: 2, width: 30, below: 9, before: 24, data: 13, momentum: 0.9 },
];
export const MANY_DATA: readonly Shape[] = [
  ...CHECKS,
  { networks: 2, width: 33, below: 34, data: 37, momentum: 0.9 },
  { networks: 2, width: 139, below: 20, data: 143 },
];
/** So many that lanes share them on hardware. */
export const VERY_MANY_DATA: readonly Shape[] = [
  { networks: 2, width: 9, below: 3, data: 255, momentum: 0.9 },
  { networks: 2, width: 5, below: 35, data: 270, outputs: 11, momentum: 0.5 },
];
/** And of these the layers beside several outputs: as many as are taken at once, and more. */
export const MANY_OUTPUTS: readonly Shape[] = [
  ...MANY_DATA,
  { networks: 1, width: 1, below: 1, data: 1, outputs: 2 },
  { networks: 2, width: 67, below: 31, data: 9, outputs: 3, momentum: 0.5 },
  { networks: 3, width: 130, below: 65, data: 5, outputs: 11 },
  { networks: 2, width: 70, below: 3, data: 17, outputs: 17, momentum: 0.9 },
];
export const SKINNY_TIMED = {
  hardware: { networks: 16, width: 4096, below: 4096, data: 8 },
  software: { networks: 2, width: 512, below: 512, data: 8 },
};
/** The update is a product of 512 x 512 by 512 x 512, the biases' row among them. */
export const TILED_TIMED = {
  hardware: { networks: 64, width: 512, below: 511, data: 512 },
  software: { networks: 1, width: 512, below: 511, data: 512 },
};
export const WIDE_TIMED = {
  hardware: { networks: 1024, width: 4096, below: 2, data: 8 },
  software: { networks: 16, width: 1024, below: 2, data: 8 },
};

type Update = (index: number, gradient: number) => void;

/** Descends copies of weights and velocities, as descend.wgsl does. */
export function descent(
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

export const updated = (momentum: number, w: Float64Array, v: Float64Array): Record<string, Float64Array> =>
  momentum > 0 ? { weights: w, velocity: v } : { weights: w };

/** act(z) and act'(z) as activate.wgsl stores them. */
export function activated(
  shape: Sizes,
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
