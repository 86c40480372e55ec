// Vectors of T, f32 or f64: what every kernel needs and WebAssembly does not name.

/** Elements of T in a vector. */
@inline
export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** a b + c, fused where the build has relaxed SIMD. */
@inline
export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** c - a b, fused where the build has relaxed SIMD. */
@inline
export function nmadd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}

/** The same number in every lane. */
@inline
export function constant<T>(value: f64): v128 {
  return v128.splat<T>(<T>value);
}

/** The number at `address` in every lane. */
@inline
export function loadSplat<T>(address: usize): v128 {
  return sizeof<T>() == 4 ? v128.load32_splat(address) : v128.load64_splat(address);
}

/** The sum of the lanes, pairwise. */
@inline
export function sumLanes<T>(x: v128): T {
  if (sizeof<T>() == 4) {
    return <T>(
      (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2) + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3)))
    );
  }
  return <T>(f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1));
}
