/** What the device keeps a number of a lattice's state in: one float32, or an unevaluated sum of two. */
import type { Precision } from "../../engine.ts";

/** What this engine keeps lattices in. */
export type LatticePrecision = Exclude<Precision, "float64">;

export interface Numbers {
  /** float32 words of a number. */
  readonly words: 1 | 2;
  /** The file under shaders/ that says what `Number` is. */
  readonly include: string;
  /** Float64 numbers as the device's, and back; into an array of their own, or into `target`, which is of their length. */
  pack(values: Float64Array, target?: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer>;
  unpack(data: Float32Array, target?: Float64Array): Float64Array;
}

/** Float64 numbers as pairs of float32 and back: without loss for what the device has made (see twofold.wgsl). */
export function split(
  values: Float64Array,
  pairs: Float32Array<ArrayBuffer> = new Float32Array(2 * values.length),
): Float32Array<ArrayBuffer> {
  for (let i = 0; i < values.length; i++) {
    pairs[2 * i] = values[i]!;
    pairs[2 * i + 1] = values[i]! - pairs[2 * i]!;
  }
  return pairs;
}

export function join(pairs: Float32Array, values: Float64Array = new Float64Array(pairs.length / 2)): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = pairs[2 * i]! + pairs[2 * i + 1]!;
  return values;
}

export const NUMBERS: Readonly<Record<LatticePrecision, Numbers>> = {
  float32: {
    words: 1,
    include: "field/single.wgsl",
    pack(values, target = new Float32Array(values.length)) {
      target.set(values);
      return target;
    },
    unpack(data, target = new Float64Array(data.length)) {
      target.set(data);
      return target;
    },
  },
  compensated: { words: 2, include: "field/compensated.wgsl", pack: split, unpack: join },
};
