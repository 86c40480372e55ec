export interface HalfComplex {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}
export function createTransform(_grid: { dimensions: 1 | 2 | 3; points: number }): {
  inverse(h: HalfComplex): Float64Array;
} {
  throw new Error("x");
}
