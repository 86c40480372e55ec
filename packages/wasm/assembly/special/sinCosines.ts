// Sine and cosine of a row: the method, coefficients and accuracy of trigonometry.ts, with the constants held outside the loop.
import { madd, nmadd } from "../simd";
import { held, unknownZero } from "./held";

/** z becomes scale sin z and slope scale cos z. */
@inline
export function sinCosines<T>(z: usize, end: usize, slope: usize, scale: f64): void {
  const zero = unknownZero(z);
  const factor = v128.splat<T>(<T>scale);
  const toQuadrants = held<T>(0.63661977236758134308, zero);
  const shift = held<T>(sizeof<T>() == 4 ? 12582912.0 : 6755399441055744.0, zero);
  const high = held<T>(sizeof<T>() == 4 ? 1.5703125 : 1.57079632673412561417, zero);
  const middle = held<T>(sizeof<T>() == 4 ? 4.8375129699707031e-4 : 6.07710050630396597660e-11, zero);
  const low = held<T>(sizeof<T>() == 4 ? 7.5497899548918821e-8 : 2.02226624879595063154e-21, zero);
  const least = held<T>(-0.79, zero);
  const most = held<T>(0.79, zero);
  const half = held<T>(0.5, zero);
  const one = held<T>(1, zero);
  const signBit = held<T>(-0.0, zero);
  if (sizeof<T>() == 4) {
    const s1 = held<T>(-1.6666654611e-1, zero);
    const s2 = held<T>(8.3321608736e-3, zero);
    const s3 = held<T>(-1.9515295891e-4, zero);
    const c2 = held<T>(4.166664568298827e-2, zero);
    const c3 = held<T>(-1.388731625493765e-3, zero);
    const c4 = held<T>(2.443315711809948e-5, zero);
    do {
      const x = v128.load(z);
      const sum = madd<T>(x, toQuadrants, shift);
      const q = v128.sub<T>(sum, shift);
      let r = nmadd<T>(q, low, nmadd<T>(q, middle, nmadd<T>(q, high, x)));
      r = v128.pmax<T>(v128.pmin<T>(r, most), least);
      const w = v128.mul<T>(r, r);
      const sine = madd<T>(v128.mul<T>(r, w), madd<T>(w, madd<T>(w, s3, s2), s1), r);
      const cosine = madd<T>(v128.mul<T>(w, w), madd<T>(w, madd<T>(w, c4, c3), c2), nmadd<T>(w, half, one));
      const odd = v128.shr<i32>(v128.shl<i32>(sum, 31), 31);
      const sinSign = v128.and(v128.shl<i32>(sum, 30), signBit);
      const cosSign = v128.and(v128.shl<i32>(v128.sub<i32>(sum, odd), 30), signBit);
      v128.store(slope, v128.mul<T>(v128.xor(v128.bitselect(sine, cosine, odd), cosSign), factor));
      v128.store(z, v128.mul<T>(v128.xor(v128.bitselect(cosine, sine, odd), sinSign), factor));
      z += 16;
      slope += 16;
    } while (z < end);
  } else {
    const s1 = held<T>(-1.66666666666666324348e-1, zero);
    const s2 = held<T>(8.33333333332248946124e-3, zero);
    const s3 = held<T>(-1.98412698298579493134e-4, zero);
    const s4 = held<T>(2.75573137070700676789e-6, zero);
    const s5 = held<T>(-2.50507602534068634195e-8, zero);
    const s6 = held<T>(1.58969099521155010221e-10, zero);
    const c2 = held<T>(4.16666666666666019037e-2, zero);
    const c3 = held<T>(-1.38888888888741095749e-3, zero);
    const c4 = held<T>(2.48015872894767294178e-5, zero);
    const c5 = held<T>(-2.75573143513906633035e-7, zero);
    const c6 = held<T>(2.08757232129817482790e-9, zero);
    const c7 = held<T>(-1.13596475577881948265e-11, zero);
    const bit = v128.xor(v128.splat<i64>(1), zero);
    do {
      const x = v128.load(z);
      const sum = madd<T>(x, toQuadrants, shift);
      const q = v128.sub<T>(sum, shift);
      let r = nmadd<T>(q, low, nmadd<T>(q, middle, nmadd<T>(q, high, x)));
      r = v128.pmax<T>(v128.pmin<T>(r, most), least);
      const w = v128.mul<T>(r, r);
      const w2 = v128.mul<T>(w, w);
      let even = madd<T>(w2, s5, s3);
      let odds = madd<T>(w2, s6, s4);
      even = madd<T>(w2, even, s1);
      odds = madd<T>(w2, odds, s2);
      const sine = madd<T>(v128.mul<T>(r, w), madd<T>(w, odds, even), r);
      even = madd<T>(w2, c6, c4);
      odds = madd<T>(w2, c7, c5);
      even = madd<T>(w2, even, c2);
      odds = madd<T>(w2, odds, c3);
      const cosine = madd<T>(w2, madd<T>(w, odds, even), nmadd<T>(w, half, one));
      const odd = v128.eq<i64>(v128.and(sum, bit), bit);
      const sinSign = v128.and(v128.shl<i64>(sum, 62), signBit);
      const cosSign = v128.and(v128.shl<i64>(v128.sub<i64>(sum, odd), 62), signBit);
      v128.store(slope, v128.mul<T>(v128.xor(v128.bitselect(sine, cosine, odd), cosSign), factor));
      v128.store(z, v128.mul<T>(v128.xor(v128.bitselect(cosine, sine, odd), sinSign), factor));
      z += 16;
      slope += 16;
    } while (z < end);
  }
}
