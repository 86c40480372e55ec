// What decays from 1 at z = 0: exp(-c z^2) and exp(-c |z|) of a row, and 1 minus it, relative accuracy also near 0; otherwise only the
// absolute error is small, which is all that activations need. The exponent x, in powers of two, is one rounded product, whose rounding
// grows with -x as the result falls; 2^x = 2^k (1 + r q(r)), r = x - k. r q(r) is the minimax polynomial of 2^r - 1 for the relative
// error of 1 - 2^x, x <= 0 (Remez's exchange, mpmath): 6.6e-9 in float32, 1.1e-17 in float64. 1 - 2^x = (1 - 2^k) - 2^k r q(r) has no
// cancellation.
import { madd, nmadd } from "../simd";
import { powerOfTwo } from "./bits";
import { held, unknownZero } from "./held";

/** slope receives 1 - exp(-rate z^2). */
@inline
export function gaussianComplements<T>(z: usize, end: usize, slope: usize, rate: f64): void {
  decays<T>(z, end, slope, rate, true);
}

/** z receives 1 - exp(-rate |z|) with the sign of z, and slope exp(-rate |z|). */
@inline
export function exponentialComplements<T>(z: usize, end: usize, slope: usize, rate: f64): void {
  decays<T>(z, end, slope, rate, false);
}

@inline
function decays<T>(z: usize, end: usize, slope: usize, rate: f64, square: bool): void {
  const zero = unknownZero(z);
  const toPower = held<T>(-1.4426950408889634074 * rate, zero);
  // powerOfTwo makes 0 of the least; the shift is rounder<T>() of bits.ts.
  const least = held<T>(sizeof<T>() == 4 ? -127 : -1023, zero);
  const shift = held<T>(sizeof<T>() == 4 ? 12582912.0 + 127.0 : 6755399441055744.0 + 1023.0, zero);
  const one = held<T>(1, zero);
  const signBit = held<T>(-0.0, zero);
  if (sizeof<T>() == 4) {
    const q0 = held<T>(0.693147182, zero);
    const q1 = held<T>(0.2402264252, zero);
    const q2 = held<T>(0.05550358824, zero);
    const q3 = held<T>(0.009619012685, zero);
    const q4 = held<T>(0.001339142014, zero);
    const q5 = held<T>(0.0001520782131, zero);
    do {
      const x = exponent<T>(z, toPower, least, signBit, square);
      const sum = v128.add<T>(x, shift);
      const r = v128.sub<T>(x, v128.sub<T>(sum, shift));
      const w = v128.mul<T>(r, r);
      const q = madd<T>(w, madd<T>(w, madd<T>(r, q5, q4), madd<T>(r, q3, q2)), madd<T>(r, q1, q0));
      finish<T>(z, slope, v128.mul<T>(r, q), powerOfTwo<T>(sum), one, signBit, square);
      z += 16;
      slope += 16;
    } while (z < end);
  } else {
    const q0 = held<T>(0.69314718055994531706, zero);
    const q1 = held<T>(0.24022650695910080034, zero);
    const q2 = held<T>(0.055504108664818939435, zero);
    const q3 = held<T>(9.6181291076104219729e-3, zero);
    const q4 = held<T>(1.3333558147140181971e-3, zero);
    const q5 = held<T>(1.5403530439863668062e-4, zero);
    const q6 = held<T>(1.5252733128987740787e-5, zero);
    const q7 = held<T>(1.3215442747338374965e-6, zero);
    const q8 = held<T>(1.017834779933347224e-7, zero);
    const q9 = held<T>(7.0726435008994863556e-9, zero);
    const q10 = held<T>(4.4133556934096784645e-10, zero);
    do {
      const x = exponent<T>(z, toPower, least, signBit, square);
      const sum = v128.add<T>(x, shift);
      const r = v128.sub<T>(x, v128.sub<T>(sum, shift));
      const w = v128.mul<T>(r, r);
      let even = madd<T>(w, q10, q8);
      let odd = madd<T>(w, q9, q7);
      even = madd<T>(w, even, q6);
      odd = madd<T>(w, odd, q5);
      even = madd<T>(w, even, q4);
      odd = madd<T>(w, odd, q3);
      even = madd<T>(w, even, q2);
      odd = madd<T>(w, odd, q1);
      even = madd<T>(w, even, q0);
      finish<T>(z, slope, v128.mul<T>(r, madd<T>(r, odd, even)), powerOfTwo<T>(sum), one, signBit, square);
      z += 16;
      slope += 16;
    } while (z < end);
  }
}

@inline
function exponent<T>(z: usize, toPower: v128, least: v128, signBit: v128, square: bool): v128 {
  const x = v128.load(z);
  const size = square ? v128.mul<T>(x, x) : v128.andnot(x, signBit);
  return v128.pmax<T>(v128.mul<T>(size, toPower), least);
}

/** Of 2^k and 2^r - 1. */
@inline
function finish<T>(z: usize, slope: usize, rest: v128, power: v128, one: v128, signBit: v128, square: bool): void {
  const complement = nmadd<T>(power, rest, v128.sub<T>(one, power));
  if (square) v128.store(slope, complement);
  else {
    v128.store(slope, madd<T>(power, rest, power));
    v128.store(z, v128.xor(complement, v128.and(v128.load(z), signBit)));
  }
}
