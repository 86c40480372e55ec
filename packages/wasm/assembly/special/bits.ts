// Floating-point numbers by their bits: signs, powers of two, and rounding by a large addend, for vectors of T.
import { constant } from "../simd";

/** |x|. */
@inline
export function magnitude<T>(x: v128): v128 {
  return v128.andnot(x, constant<T>(-0.0));
}

/** `size`, which has no sign, with the sign of x; where `size` has one, with the product of both. */
@inline
export function signedAs<T>(size: v128, x: v128): v128 {
  return v128.xor(size, v128.and(x, constant<T>(-0.0)));
}

/** 1 and -1 with the sign of x, 0 of 0, NaN of NaN. */
@inline
export function sign<T>(x: v128): v128 {
  const one = signedAs<T>(constant<T>(1), x);
  // All bits set make a NaN.
  return v128.or(v128.and(one, v128.ne<T>(x, constant<T>(0))), v128.ne<T>(x, x));
}

/**
 * The addend that rounds: in x + rounder, |x| < 2^22 (2^51 in float64), the last bit of the fraction counts one, so the sum's low bits
 * hold x rounded to the nearest whole number, plus the exponent's bias, and sum - rounder is that number.
 */
@inline
export function rounder<T>(): v128 {
  return constant<T>(sizeof<T>() == 4 ? 12582912.0 + 127.0 : 6755399441055744.0 + 1023.0);
}

/** 2^k from k + rounder, for whole k between the smallest normal exponent and the largest; one less than the smallest gives 0. */
@inline
export function powerOfTwo<T>(sum: v128): v128 {
  return sizeof<T>() == 4 ? v128.shl<i32>(sum, 23) : v128.shl<i64>(sum, 52);
}
