/** What the device keeps a number of a lattice's state in: one float32, or an unevaluated sum of two. */
import type { Precision } from "../engine.ts";

/** What this engine keeps lattices in. */
export type LatticePrecision = Exclude<Precision, "float64">;

export interface Numbers {
  /** float32 words of a number. */
  readonly words: 1 | 2;
  /** The file under shaders/ that says what `Number` is. */
  readonly include: string;
  /** Float64 numbers as the device's, and back. */
  pack(values: Float64Array): Float32Array<ArrayBuffer>;
  unpack(data: Float32Array): Float64Array;
}

/** Float64 numbers as pairs of float32 and back: without loss for what the device has made (see twofold.wgsl). */
export function split(values: Float64Array): Float32Array<ArrayBuffer> {
  const pairs = new Float32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    pairs[2 * i] = values[i]!;
    pairs[2 * i + 1] = values[i]! - pairs[2 * i]!;
  }
  return pairs;
}

export function join(pairs: Float32Array): Float64Array {
  const values = new Float64Array(pairs.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = pairs[2 * i]! + pairs[2 * i + 1]!;
  return values;
}

export const NUMBERS: Readonly<Record<LatticePrecision, Numbers>> = {
  float32: {
    words: 1,
    include: "field/single.wgsl",
    pack: (values) => new Float32Array(values),
    unpack: (data) => Float64Array.from(data),
  },
  compensated: { words: 2, include: "field/compensated.wgsl", pack: split, unpack: join },
};
