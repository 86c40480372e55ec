/** Vectors in the lattice's kernels (latticeWat.ts): their arithmetic, and their lanes as pairs of float64. */
import type { Precision } from "../../potential/wat.ts";

/** The arithmetic of vectors of `shape`. */
export function arithmetic(shape: "f32x4" | "f64x2", fused: boolean) {
  const binary = (operator: string) => (x: string, y: string) => `(${shape}.${operator} ${x} ${y})`;
  const [add, sub, mul] = [binary("add"), binary("sub"), binary("mul")];
  return {
    add,
    sub,
    mul,
    /** x y + sum. */
    madd: (x: string, y: string, sum: string) =>
      fused ? `(${shape}.relaxed_madd ${x} ${y} ${sum})` : add(mul(x, y), sum),
    /** sum - x y. */
    nmadd: (x: string, y: string, sum: string) =>
      fused ? `(${shape}.relaxed_nmadd ${x} ${y} ${sum})` : sub(sum, mul(x, y)),
  };
}

/** A vector's lanes as pairs of float64. */
export function pairs(vector: string, precision: Precision): string[] {
  if (precision === "float64") return [vector];
  const upper = `(i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 ${vector} ${vector})`;
  return [vector, upper].map((half) => `(f64x2.promote_low_f32x4 ${half})`);
}

/** The first `count` of a vector's lanes of `bits` bits, and 0 in the others. */
export function first(count: number, vector: string, bits: 32 | 64): string {
  const lanes = 128 / bits;
  if (count >= lanes) return vector;
  const mask = Array.from({ length: lanes }, (_, lane) => (lane < count ? -1 : 0));
  return `(v128.and ${vector} (v128.const i${bits}x${lanes} ${mask.join(" ")}))`;
}
