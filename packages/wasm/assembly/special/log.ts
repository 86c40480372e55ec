// The natural logarithm: -infinity of 0, NaN of negative numbers, subnormal numbers as good as others.
// x = 2^k m, m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f/(2 + f): log m = 2 atanh(s) = f - f^2/2 + s (f^2/2 + R(s^2)), after fdlibm's
// e_log.c (Sun Microsystems, 1993): R to 2^-58.45 in float64; in float32 its series, whose first term left out is below 3e-9.
import { constant, madd } from "../simd";

/** Subnormal numbers times 2^25 (2^54), others as they are; `subnormal` is the mask of the former. */
@inline
export function scaledUp<T>(x: v128, subnormal: v128): v128 {
  return v128.bitselect(v128.mul<T>(x, constant<T>(sizeof<T>() == 4 ? 33554432.0 : 18014398509481984.0)), x, subnormal);
}

@inline
export function isSubnormal<T>(x: v128): v128 {
  return v128.lt<T>(x, constant<T>(sizeof<T>() == 4 ? 1.1754943508222875e-38 : 2.2250738585072014e-308));
}

/** The bits of sqrt(1/2). */
@inline
function lowestMantissa<T>(): v128 {
  return sizeof<T>() == 4 ? v128.splat<i32>(0x3f3504f3) : v128.splat<i64>(0x3fe6a09e667f3bcd);
}

/** k of a positive normal x = 2^k m. */
@inline
export function exponent<T>(x: v128): v128 {
  if (sizeof<T>() == 4) {
    return f32x4.convert_i32x4_s(v128.shr<i32>(v128.sub<i32>(x, lowestMantissa<T>()), 23));
  }
  // There is no 64-bit arithmetic shift: add the bias, shift, and make a number of it by the exponent of 2^52.
  const biased = v128.shr<u64>(v128.add<i64>(v128.sub<i64>(x, lowestMantissa<T>()), v128.splat<i64>(0x3ff0000000000000)), 52);
  return v128.sub<T>(v128.or(biased, v128.splat<i64>(0x4330000000000000)), constant<T>(4503599627370496.0 + 1023.0));
}

/** m - 1, exactly. */
@inline
export function fraction<T>(x: v128): v128 {
  const mask = sizeof<T>() == 4 ? v128.splat<i32>(0x7fffff) : v128.splat<i64>(0xfffffffffffff);
  let bits: v128;
  if (sizeof<T>() == 4) {
    bits = v128.add<i32>(v128.and(v128.sub<i32>(x, lowestMantissa<T>()), mask), lowestMantissa<T>());
  } else {
    bits = v128.add<i64>(v128.and(v128.sub<i64>(x, lowestMantissa<T>()), mask), lowestMantissa<T>());
  }
  return v128.sub<T>(bits, constant<T>(1));
}

/** R(s^2) = 2 atanh(s)/s - 2, for s^2 <= 0.0295. */
@inline
export function atanhSeries<T>(z: v128): v128 {
  if (sizeof<T>() == 4) {
    let sum = madd<T>(z, constant<T>(0.2222222222), constant<T>(0.2857142857));
    sum = madd<T>(z, sum, constant<T>(0.4));
    return v128.mul<T>(z, madd<T>(z, sum, constant<T>(0.6666666667)));
  }
  const w = v128.mul<T>(z, z);
  let odd = madd<T>(w, constant<T>(1.479819860511658591e-1), constant<T>(1.818357216161805012e-1));
  odd = madd<T>(w, odd, constant<T>(2.857142874366239149e-1));
  odd = madd<T>(w, odd, constant<T>(6.666666666666735130e-1));
  let even = madd<T>(w, constant<T>(1.531383769920937332e-1), constant<T>(2.222219843214978396e-1));
  even = madd<T>(w, even, constant<T>(3.999999999940941908e-1));
  return madd<T>(z, odd, v128.mul<T>(w, even));
}

/** `value`, with the logarithms of 0, infinity, negative numbers and NaN put in: -ofInfinity, ofInfinity, NaN. */
@inline
export function withLogLimits<T>(value: v128, x: v128, ofInfinity: f64): v128 {
  const limit = constant<T>(ofInfinity);
  const zero = constant<T>(0);
  let result = v128.bitselect(v128.neg<T>(limit), value, v128.eq<T>(x, zero));
  result = v128.bitselect(limit, result, v128.eq<T>(x, constant<T>(Infinity)));
  // All bits set make a NaN.
  return v128.or(result, v128.not(v128.ge<T>(x, zero)));
}

/** log(x). */
@inline
export function log<T>(x: v128): v128 {
  const subnormal = isSubnormal<T>(x);
  const correction = v128.and(constant<T>(sizeof<T>() == 4 ? 25.0 : 54.0), subnormal);
  return withLogLimits<T>(scaledLog<T>(scaledUp<T>(x, subnormal), correction), x, Infinity);
}

/** log(x) of a positive normal number. */
@inline
export function normalLog<T>(x: v128): v128 {
  return scaledLog<T>(x, constant<T>(0));
}

/** log(2^-correction x) of a positive normal x. */
@inline
function scaledLog<T>(normal: v128, correction: v128): v128 {
  const k = v128.sub<T>(exponent<T>(normal), correction);
  const f = fraction<T>(normal);
  const s = v128.div<T>(f, v128.add<T>(f, constant<T>(2)));
  const halfSquare = v128.mul<T>(v128.mul<T>(f, f), constant<T>(0.5));
  const small = v128.mul<T>(s, v128.add<T>(halfSquare, atanhSeries<T>(v128.mul<T>(s, s))));
  // ln 2 in two parts, the first with few enough digits that its product with k is exact.
  let head: v128, tail: v128;
  if (sizeof<T>() == 4) {
    head = v128.mul<T>(k, constant<T>(0.693359375));
    tail = madd<T>(k, constant<T>(-2.12194440e-4), small);
  } else {
    head = v128.mul<T>(k, constant<T>(6.93147180369123816490e-1));
    tail = madd<T>(k, constant<T>(1.90821492927058770002e-10), small);
  }
  return v128.sub<T>(head, v128.sub<T>(v128.sub<T>(halfSquare, tail), f));
}
