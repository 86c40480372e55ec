// The error function and the Gaussian exp(-z^2) of a row, which share one exponential: 1.5e-7 absolute in float32, 1e-15 in float64, erf
// also to 4e-7 and 2e-15 relative near 0. With G = exp(-z^2) and a = |z|,
//   erf a = (1 - G) + a G T(u),  u = p a/(1 + p a),
// which has no cancellation and needs no second formula near 0: T = (1 - exp(a^2) erfc a)/a is smooth in u on [0, 1), a polynomial of
// degree 5 in float32, with p = 0.615, and of degree 12 in float64, with p = 0.34. They are minimax fits (Remez's exchange, mpmath) of
// erf's error over min(1, 3 erf a) for a up to 4.2 and 6, beyond which erf is 1: 1.8e-8 and 1.6e-16; the rest is rounding. These p are,
// of many tried, ones where the fit is several times better than nearby. 1 - G comes from decay.ts, in `slope`.
import { madd } from "../simd";
import { held, unknownZero } from "./held";

/** The second pass: where slope holds 1 - exp(-z^2), z becomes scale erf(z) and slope scale erf'(z). */
@inline
export function erfs<T>(z: usize, end: usize, slope: usize, scale: f64): void {
  finish<T>(z, end, slope, scale, false);
}

/** The second pass for the Gaussian error linear unit: where slope holds 1 - exp(-z^2/2), z becomes scale z Phi(z) and slope its slope. */
@inline
export function gelus<T>(z: usize, end: usize, slope: usize, scale: f64): void {
  finish<T>(z, end, slope, scale, true);
}

@inline
function finish<T>(z: usize, end: usize, slope: usize, scale: f64, gelu: bool): void {
  const zero = unknownZero(z);
  const one = held<T>(1, zero);
  const signBit = held<T>(-0.0, zero);
  // gelu's a is |z|/sqrt(2), and it takes half of erf: a G T/2 is |z| G times this factor of T.
  const p = held<T>((sizeof<T>() == 4 ? 0.615 : 0.34) * (gelu ? 0.70710678118654752 : 1), zero);
  const factor = gelu ? 0.35355339059327376 : 1;
  const half = held<T>(0.5, zero);
  const whole = v128.splat<T>(<T>scale);
  const density = gelu ? held<T>(0.39894228040143268, zero) : v128.splat<T>(<T>(scale * 1.1283791670955126));
  if (sizeof<T>() == 4) {
    const t0 = held<T>(1.128379174 * factor, zero);
    const t1 = held<T>(-1.626023142 * factor, zero);
    const t2 = held<T>(0.3631102445 * factor, zero);
    const t3 = held<T>(0.1998085622 * factor, zero);
    const t4 = held<T>(0.007545812455 * factor, zero);
    const t5 = held<T>(-0.07654792195 * factor, zero);
    do {
      const x = v128.load(z);
      const pa = v128.mul<T>(v128.andnot(x, signBit), p);
      const u = v128.div<T>(pa, v128.add<T>(pa, one));
      const w = v128.mul<T>(u, u);
      const high = madd<T>(w, madd<T>(u, t5, t4), madd<T>(u, t3, t2));
      const t = madd<T>(w, high, madd<T>(u, t1, t0));
      if (gelu) storeGelu<T>(z, slope, x, t, one, signBit, half, density, whole);
      else storeErf<T>(z, slope, x, t, one, signBit, density, whole);
      z += 16;
      slope += 16;
    } while (z < end);
  } else {
    const t0 = held<T>(1.1283791670955124777 * factor, zero);
    const t1 = held<T>(-2.941176470588491877 * factor, zero);
    const t2 = held<T>(3.5662005023269433197 * factor, zero);
    const t3 = held<T>(-2.6477740440057149919 * factor, zero);
    const t4 = held<T>(0.93377532058273897374 * factor, zero);
    const t5 = held<T>(0.14562441932125421952 * factor, zero);
    const t6 = held<T>(-0.2073378050964633997 * factor, zero);
    const t7 = held<T>(-0.027938103032753970013 * factor, zero);
    const t8 = held<T>(0.049602225508189350911 * factor, zero);
    const t9 = held<T>(0.013681870097381763028 * factor, zero);
    const t10 = held<T>(-0.0043233885919244169255 * factor, zero);
    const t11 = held<T>(-0.016749661246938842362 * factor, zero);
    const t12 = held<T>(0.0080997190556889693248 * factor, zero);
    do {
      const x = v128.load(z);
      const pa = v128.mul<T>(v128.andnot(x, signBit), p);
      const u = v128.div<T>(pa, v128.add<T>(pa, one));
      const w = v128.mul<T>(u, u);
      let even = madd<T>(w, t12, t10);
      let odd = madd<T>(w, t11, t9);
      even = madd<T>(w, even, t8);
      odd = madd<T>(w, odd, t7);
      even = madd<T>(w, even, t6);
      odd = madd<T>(w, odd, t5);
      even = madd<T>(w, even, t4);
      odd = madd<T>(w, odd, t3);
      even = madd<T>(w, even, t2);
      odd = madd<T>(w, odd, t1);
      even = madd<T>(w, even, t0);
      const t = madd<T>(u, odd, even);
      if (gelu) storeGelu<T>(z, slope, x, t, one, signBit, half, density, whole);
      else storeErf<T>(z, slope, x, t, one, signBit, density, whole);
      z += 16;
      slope += 16;
    } while (z < end);
  }
}

@inline
function storeErf<T>(
  z: usize,
  slope: usize,
  x: v128,
  t: v128,
  one: v128,
  signBit: v128,
  slopeScale: v128,
  valueScale: v128,
): void {
  const complement = v128.load(slope);
  const gauss = v128.sub<T>(one, complement);
  const near = v128.xor(complement, v128.and(x, signBit));
  v128.store(slope, v128.mul<T>(gauss, slopeScale));
  v128.store(z, v128.mul<T>(madd<T>(x, v128.mul<T>(gauss, t), near), valueScale));
}

/** Phi = 1/2 + erf(z/sqrt(2))/2; value z Phi and slope Phi + z exp(-z^2/2)/sqrt(2 pi). */
@inline
function storeGelu<T>(
  z: usize,
  slope: usize,
  x: v128,
  t: v128,
  one: v128,
  signBit: v128,
  half: v128,
  density: v128,
  scale: v128,
): void {
  const complement = v128.load(slope);
  const weighted = v128.mul<T>(x, v128.sub<T>(one, complement));
  const outer = madd<T>(v128.xor(half, v128.and(x, signBit)), complement, half);
  const phi = madd<T>(weighted, t, outer);
  v128.store(slope, v128.mul<T>(madd<T>(weighted, density, phi), scale));
  v128.store(z, v128.mul<T>(v128.mul<T>(x, scale), phi));
}
