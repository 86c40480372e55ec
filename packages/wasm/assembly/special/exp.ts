// The exponential and exp(x) - 1, to two units in the last place from the largest argument down to results that round to 0.
// x = k ln 2 + r, |r| <= ln(2)/2, with ln 2 in two parts whose first multiplies k exactly (Cody and Waite); e^r = 1 + r + r^2 q(r), with q
// the minimax polynomial of (e^r - 1 - r)/r^2 for the relative error of e^r - 1 (Remez's exchange, mpmath): 1.4e-8 in float32 (degree 4)
// and 3e-19 in float64 (degree 10); the rest is rounding.
import { constant, madd, nmadd } from "../simd";
import { powerOfTwo, rounder } from "./bits";

/** x - k ln 2 for whole k. */
@inline
export function lessMultipleOfLn2<T>(x: v128, k: v128): v128 {
  if (sizeof<T>() == 4) {
    return nmadd<T>(k, constant<T>(-2.12194440e-4), nmadd<T>(k, constant<T>(0.693359375), x));
  }
  return nmadd<T>(k, constant<T>(1.90821492927058770002e-10), nmadd<T>(k, constant<T>(6.93147180369123816490e-1), x));
}

/** e^r - 1 for |r| <= ln(2)/2. */
@inline
export function reducedExpm1<T>(r: v128): v128 {
  const z = v128.mul<T>(r, r);
  if (sizeof<T>() == 4) {
    const even = madd<T>(z, madd<T>(z, constant<T>(0.001394656053), constant<T>(0.04166628052)), constant<T>(0.5));
    const odd = madd<T>(z, constant<T>(0.008366642917), constant<T>(0.1666654256));
    return madd<T>(z, madd<T>(r, odd, even), r);
  }
  let even = madd<T>(z, constant<T>(2.0924497184687236679e-9), constant<T>(2.7557242598733662323e-7));
  let odd = madd<T>(z, constant<T>(2.5109147065398839662e-8), constant<T>(2.7557243912465265405e-6));
  even = madd<T>(z, even, constant<T>(2.4801587360722267312e-5));
  odd = madd<T>(z, odd, constant<T>(1.9841269886400505786e-4));
  even = madd<T>(z, even, constant<T>(1.3888888888866770409e-3));
  odd = madd<T>(z, odd, constant<T>(8.3333333333215315102e-3));
  even = madd<T>(z, even, constant<T>(4.1666666666666701447e-2));
  odd = madd<T>(z, odd, constant<T>(0.16666666666666676689));
  even = madd<T>(z, even, constant<T>(0.5));
  return madd<T>(z, madd<T>(r, odd, even), r);
}

/** exp(x + tail) for a tail below ln(2)/2 in size; subnormal results are gradual, large x gives infinity. */
@inline
export function expWithTail<T>(x: v128, tail: v128): v128 {
  const low = constant<T>(sizeof<T>() == 4 ? -104.5 : -747.0);
  const high = constant<T>(sizeof<T>() == 4 ? 89.5 : 711.0);
  const within = v128.pmin<T>(v128.pmax<T>(x, low), high);
  const shift = rounder<T>();
  const k = v128.sub<T>(madd<T>(within, constant<T>(1.4426950408889634074), shift), shift);
  const r = v128.add<T>(lessMultipleOfLn2<T>(within, k), tail);
  // 2^k in two factors, since k runs beyond the exponents of normal numbers at both ends.
  const half = madd<T>(k, constant<T>(0.5), shift);
  const rest = v128.add<T>(v128.sub<T>(k, v128.sub<T>(half, shift)), shift);
  const mantissa = v128.add<T>(reducedExpm1<T>(r), constant<T>(1));
  return v128.mul<T>(v128.mul<T>(mantissa, powerOfTwo<T>(half)), powerOfTwo<T>(rest));
}

/** exp(x). */
@inline
export function exp<T>(x: v128): v128 {
  return expWithTail<T>(x, constant<T>(0));
}

/** exp(x) - 1, relative accuracy also near 0. */
@inline
export function expm1<T>(x: v128): v128 {
  const low = constant<T>(sizeof<T>() == 4 ? -18.0 : -40.0);
  const high = constant<T>(sizeof<T>() == 4 ? 88.9 : 709.9);
  const within = v128.pmin<T>(v128.pmax<T>(x, low), high);
  const shift = rounder<T>();
  const k = v128.sub<T>(madd<T>(within, constant<T>(1.4426950408889634074), shift), shift);
  const reduced = reducedExpm1<T>(lessMultipleOfLn2<T>(within, k));
  // Half of 2^k (e^r - 1) + 2^k - 1, since 2^k itself may be too large.
  const scale = powerOfTwo<T>(v128.add<T>(k, v128.sub<T>(shift, constant<T>(1))));
  const half = madd<T>(reduced, scale, v128.sub<T>(scale, constant<T>(0.5)));
  return v128.add<T>(half, half);
}
