// Sine and cosine, to 1e-7 absolute for |x| <= 1e4 in float32 and 2e-16 for |x| <= 1e5 in float64: x = q pi/2 + r, with pi/2 in three
// parts whose first two multiply q exactly (Cody and Waite) up to |x| = 1e4 and 1e6; beyond, the error grows with x. On |r| <= pi/4 the
// polynomials of Cephes' sinf.c and cosf.c (Moshier, 1989; 3e-9) and of fdlibm's k_sin.c and k_cos.c (Sun Microsystems, 1993; 2^-58).
// r is kept near pi/4 at most, so that however large x is the results stay within [-1, 1].
import { constant, madd, nmadd } from "../simd";
import { signedAs } from "./bits";

/** As rounder<T>() of bits.ts, without the bias, so that the sum's low bits are the whole number's own. */
@inline
function turnRounder<T>(): v128 {
  return constant<T>(sizeof<T>() == 4 ? 12582912.0 : 6755399441055744.0);
}

/** x 2/pi rounded to the whole number q, in the low bits of q + turnRounder<T>(). */
@inline
export function quadrantSum<T>(x: v128): v128 {
  return madd<T>(x, constant<T>(0.63661977236758134308), turnRounder<T>());
}

/** x - q pi/2, from quadrantSum. */
@inline
export function reduced<T>(x: v128, sum: v128): v128 {
  const q = v128.sub<T>(sum, turnRounder<T>());
  let r: v128;
  if (sizeof<T>() == 4) {
    r = nmadd<T>(q, constant<T>(1.5703125), x);
    r = nmadd<T>(q, constant<T>(4.8375129699707031e-4), r);
    r = nmadd<T>(q, constant<T>(7.5497899548918821e-8), r);
  } else {
    r = nmadd<T>(q, constant<T>(1.57079632673412561417), x);
    r = nmadd<T>(q, constant<T>(6.07710050630396597660e-11), r);
    r = nmadd<T>(q, constant<T>(2.02226624879595063154e-21), r);
  }
  // A little beyond pi/4, since q comes of a rounded product.
  return v128.pmax<T>(v128.pmin<T>(r, constant<T>(0.79)), constant<T>(-0.79));
}

/** sin r, |r| <= pi/4. */
@inline
export function reducedSin<T>(r: v128): v128 {
  const z = v128.mul<T>(r, r);
  const cube = v128.mul<T>(r, z);
  if (sizeof<T>() == 4) {
    let sum = madd<T>(z, constant<T>(-1.9515295891e-4), constant<T>(8.3321608736e-3));
    sum = madd<T>(z, sum, constant<T>(-1.6666654611e-1));
    return madd<T>(cube, sum, r);
  }
  const w = v128.mul<T>(z, z);
  let even = madd<T>(w, constant<T>(-2.50507602534068634195e-8), constant<T>(-1.98412698298579493134e-4));
  even = madd<T>(w, even, constant<T>(-1.66666666666666324348e-1));
  let odd = madd<T>(w, constant<T>(1.58969099521155010221e-10), constant<T>(2.75573137070700676789e-6));
  odd = madd<T>(w, odd, constant<T>(8.33333333332248946124e-3));
  return madd<T>(cube, madd<T>(z, odd, even), r);
}

/** cos r, |r| <= pi/4. */
@inline
export function reducedCos<T>(r: v128): v128 {
  const z = v128.mul<T>(r, r);
  const w = v128.mul<T>(z, z);
  const start = nmadd<T>(z, constant<T>(0.5), constant<T>(1));
  if (sizeof<T>() == 4) {
    let sum = madd<T>(z, constant<T>(2.443315711809948e-5), constant<T>(-1.388731625493765e-3));
    sum = madd<T>(z, sum, constant<T>(4.166664568298827e-2));
    return madd<T>(w, sum, start);
  }
  let even = madd<T>(w, constant<T>(2.08757232129817482790e-9), constant<T>(2.48015872894767294178e-5));
  even = madd<T>(w, even, constant<T>(4.16666666666666019037e-2));
  let odd = madd<T>(w, constant<T>(-1.13596475577881948265e-11), constant<T>(-2.75573143513906633035e-7));
  odd = madd<T>(w, odd, constant<T>(-1.38888888888741095749e-3));
  return madd<T>(w, madd<T>(z, odd, even), start);
}

/** Mask of odd quadrants, where sine and cosine change places. */
@inline
export function isOdd<T>(sum: v128): v128 {
  if (sizeof<T>() == 4) return v128.shr<i32>(v128.shl<i32>(sum, 31), 31);
  return v128.eq<i64>(v128.and(sum, v128.splat<i64>(1)), v128.splat<i64>(1));
}

/** The second bit of the quadrant as a sign. */
@inline
function secondBit<T>(sum: v128): v128 {
  return sizeof<T>() == 4 ? v128.shl<i32>(sum, 30) : v128.shl<i64>(sum, 62);
}

/** sin x from sine and cosine of r. */
@inline
export function sinInQuadrant<T>(sine: v128, cosine: v128, sum: v128, odd: v128): v128 {
  return signedAs<T>(v128.bitselect(cosine, sine, odd), secondBit<T>(sum));
}

/** cos x from sine and cosine of r. */
@inline
export function cosInQuadrant<T>(sine: v128, cosine: v128, sum: v128, odd: v128): v128 {
  // Negative in quadrants 1 and 2; `odd` is -1 as a whole number.
  const next = sizeof<T>() == 4 ? v128.sub<i32>(sum, odd) : v128.sub<i64>(sum, odd);
  return signedAs<T>(v128.bitselect(sine, cosine, odd), secondBit<T>(next));
}

/** sin(x). */
@inline
export function sin<T>(x: v128): v128 {
  const sum = quadrantSum<T>(x);
  const r = reduced<T>(x, sum);
  return sinInQuadrant<T>(reducedSin<T>(r), reducedCos<T>(r), sum, isOdd<T>(sum));
}

/** cos(x). */
@inline
export function cos<T>(x: v128): v128 {
  const sum = quadrantSum<T>(x);
  const r = reduced<T>(x, sum);
  return cosInQuadrant<T>(reducedSin<T>(r), reducedCos<T>(r), sum, isOdd<T>(sum));
}
