// Short transforms y_k = sum_j a_j exp(-2 pi i jk/r), each output then turned by its twiddle exp(-i angle), kept as cosine and sine. Input j
// stands at x + j step, output k at y + k stride, each a vector of real and one of imaginary parts; all inputs are read before any output is
// written, so that both may be the same places.
import { madd, nmadd } from "../simd";

/** The number `index` elements beyond `address` in every lane. */
@inline
function splatAt<T>(address: usize, index: usize): v128 {
  return sizeof<T>() == 4 ? v128.load32_splat(address + index * 4) : v128.load64_splat(address + index * 8);
}

/** Writes output `k`, turned by its twiddle where `turned`: there is none for k = 0. */
@inline
export function put<T>(turned: bool, y: usize, re: v128, im: v128, twiddles: usize, k: usize): void {
  if (turned) {
    const c = splatAt<T>(twiddles, 2 * k - 2);
    const s = splatAt<T>(twiddles, 2 * k - 1);
    v128.store(y, madd<T>(im, s, v128.mul<T>(re, c)));
    v128.store(y, nmadd<T>(re, s, v128.mul<T>(im, c)), 16);
  } else {
    v128.store(y, re);
    v128.store(y, im, 16);
  }
}

@inline
export function butterfly2<T>(turned: bool, x: usize, step: usize, y: usize, stride: usize, w: usize): void {
  const re0 = v128.load(x);
  const im0 = v128.load(x, 16);
  const re1 = v128.load(x + step);
  const im1 = v128.load(x + step, 16);
  put<T>(false, y, v128.add<T>(re0, re1), v128.add<T>(im0, im1), w, 0);
  put<T>(turned, y + stride, v128.sub<T>(re0, re1), v128.sub<T>(im0, im1), w, 1);
}

/** `half` is 1/2, `s` sin(2 pi/3), in every lane. */
@inline
export function butterfly3<T>(
  turned: bool,
  x: usize,
  step: usize,
  y: usize,
  stride: usize,
  w: usize,
  half: v128,
  s: v128,
): void {
  const re0 = v128.load(x);
  const im0 = v128.load(x, 16);
  const re1 = v128.load(x + step);
  const im1 = v128.load(x + step, 16);
  const re2 = v128.load(x + 2 * step);
  const im2 = v128.load(x + 2 * step, 16);
  const sumRe = v128.add<T>(re1, re2);
  const sumIm = v128.add<T>(im1, im2);
  const difRe = v128.mul<T>(s, v128.sub<T>(re1, re2));
  const difIm = v128.mul<T>(s, v128.sub<T>(im1, im2));
  const midRe = nmadd<T>(half, sumRe, re0);
  const midIm = nmadd<T>(half, sumIm, im0);
  put<T>(false, y, v128.add<T>(re0, sumRe), v128.add<T>(im0, sumIm), w, 0);
  put<T>(turned, y + stride, v128.add<T>(midRe, difIm), v128.sub<T>(midIm, difRe), w, 1);
  put<T>(turned, y + 2 * stride, v128.sub<T>(midRe, difIm), v128.add<T>(midIm, difRe), w, 2);
}

@inline
export function butterfly4<T>(turned: bool, x: usize, step: usize, y: usize, stride: usize, w: usize): void {
  const re0 = v128.load(x);
  const im0 = v128.load(x, 16);
  const re2 = v128.load(x + 2 * step);
  const im2 = v128.load(x + 2 * step, 16);
  const evenRe = v128.add<T>(re0, re2);
  const evenIm = v128.add<T>(im0, im2);
  const oddRe = v128.sub<T>(re0, re2);
  const oddIm = v128.sub<T>(im0, im2);
  const re1 = v128.load(x + step);
  const im1 = v128.load(x + step, 16);
  const re3 = v128.load(x + 3 * step);
  const im3 = v128.load(x + 3 * step, 16);
  const sumRe = v128.add<T>(re1, re3);
  const sumIm = v128.add<T>(im1, im3);
  const difRe = v128.sub<T>(re1, re3);
  const difIm = v128.sub<T>(im1, im3);
  put<T>(false, y, v128.add<T>(evenRe, sumRe), v128.add<T>(evenIm, sumIm), w, 0);
  put<T>(turned, y + stride, v128.add<T>(oddRe, difIm), v128.sub<T>(oddIm, difRe), w, 1);
  put<T>(turned, y + 2 * stride, v128.sub<T>(evenRe, sumRe), v128.sub<T>(evenIm, sumIm), w, 2);
  put<T>(turned, y + 3 * stride, v128.sub<T>(oddRe, difIm), v128.add<T>(oddIm, difRe), w, 3);
}

/** `c1`, `s1`, `c2`, `s2` are cosine and sine of 2 pi/5 and 4 pi/5 in every lane. */
@inline
export function butterfly5<T>(
  turned: bool,
  x: usize,
  step: usize,
  y: usize,
  stride: usize,
  w: usize,
  c1: v128,
  s1: v128,
  c2: v128,
  s2: v128,
): void {
  const re1 = v128.load(x + step);
  const im1 = v128.load(x + step, 16);
  const re4 = v128.load(x + 4 * step);
  const im4 = v128.load(x + 4 * step, 16);
  const sum1Re = v128.add<T>(re1, re4);
  const sum1Im = v128.add<T>(im1, im4);
  const dif1Re = v128.sub<T>(re1, re4);
  const dif1Im = v128.sub<T>(im1, im4);
  const re2 = v128.load(x + 2 * step);
  const im2 = v128.load(x + 2 * step, 16);
  const re3 = v128.load(x + 3 * step);
  const im3 = v128.load(x + 3 * step, 16);
  const sum2Re = v128.add<T>(re2, re3);
  const sum2Im = v128.add<T>(im2, im3);
  const dif2Re = v128.sub<T>(re2, re3);
  const dif2Im = v128.sub<T>(im2, im3);
  const re0 = v128.load(x);
  const im0 = v128.load(x, 16);
  put<T>(false, y, v128.add<T>(re0, v128.add<T>(sum1Re, sum2Re)), v128.add<T>(im0, v128.add<T>(sum1Im, sum2Im)), w, 0);
  const mid1Re = madd<T>(c2, sum2Re, madd<T>(c1, sum1Re, re0));
  const mid1Im = madd<T>(c2, sum2Im, madd<T>(c1, sum1Im, im0));
  const turn1Re = madd<T>(s2, dif2Re, v128.mul<T>(s1, dif1Re));
  const turn1Im = madd<T>(s2, dif2Im, v128.mul<T>(s1, dif1Im));
  put<T>(turned, y + stride, v128.add<T>(mid1Re, turn1Im), v128.sub<T>(mid1Im, turn1Re), w, 1);
  put<T>(turned, y + 4 * stride, v128.sub<T>(mid1Re, turn1Im), v128.add<T>(mid1Im, turn1Re), w, 4);
  const mid2Re = madd<T>(c1, sum2Re, madd<T>(c2, sum1Re, re0));
  const mid2Im = madd<T>(c1, sum2Im, madd<T>(c2, sum1Im, im0));
  const turn2Re = nmadd<T>(s1, dif2Re, v128.mul<T>(s2, dif1Re));
  const turn2Im = nmadd<T>(s1, dif2Im, v128.mul<T>(s2, dif1Im));
  put<T>(turned, y + 2 * stride, v128.add<T>(mid2Re, turn2Im), v128.sub<T>(mid2Im, turn2Re), w, 2);
  put<T>(turned, y + 3 * stride, v128.sub<T>(mid2Re, turn2Im), v128.add<T>(mid2Im, turn2Re), w, 3);
}

/** `root` is sqrt(1/2) in every lane. */
@inline
export function butterfly8<T>(
  turned: bool,
  x: usize,
  step: usize,
  y: usize,
  stride: usize,
  w: usize,
  root: v128,
): void {
  const x4 = x + 4 * step;
  const re0 = v128.load(x);
  const im0 = v128.load(x, 16);
  const re4 = v128.load(x4);
  const im4 = v128.load(x4, 16);
  const sum0Re = v128.add<T>(re0, re4);
  const sum0Im = v128.add<T>(im0, im4);
  const dif0Re = v128.sub<T>(re0, re4);
  const dif0Im = v128.sub<T>(im0, im4);
  const re2 = v128.load(x + 2 * step);
  const im2 = v128.load(x + 2 * step, 16);
  const re6 = v128.load(x4 + 2 * step);
  const im6 = v128.load(x4 + 2 * step, 16);
  const sum2Re = v128.add<T>(re2, re6);
  const sum2Im = v128.add<T>(im2, im6);
  // Turned by -i.
  const dif2Re = v128.sub<T>(im2, im6);
  const dif2Im = v128.sub<T>(re6, re2);
  const even0Re = v128.add<T>(sum0Re, sum2Re);
  const even0Im = v128.add<T>(sum0Im, sum2Im);
  const even2Re = v128.sub<T>(sum0Re, sum2Re);
  const even2Im = v128.sub<T>(sum0Im, sum2Im);
  const odd0Re = v128.add<T>(dif0Re, dif2Re);
  const odd0Im = v128.add<T>(dif0Im, dif2Im);
  const odd2Re = v128.sub<T>(dif0Re, dif2Re);
  const odd2Im = v128.sub<T>(dif0Im, dif2Im);
  const re1 = v128.load(x + step);
  const im1 = v128.load(x + step, 16);
  const re5 = v128.load(x4 + step);
  const im5 = v128.load(x4 + step, 16);
  const sum1Re = v128.add<T>(re1, re5);
  const sum1Im = v128.add<T>(im1, im5);
  const dif1Re = v128.sub<T>(re1, re5);
  const dif1Im = v128.sub<T>(im1, im5);
  const re3 = v128.load(x + 3 * step);
  const im3 = v128.load(x + 3 * step, 16);
  const re7 = v128.load(x4 + 3 * step);
  const im7 = v128.load(x4 + 3 * step, 16);
  const sum3Re = v128.add<T>(re3, re7);
  const sum3Im = v128.add<T>(im3, im7);
  const dif3Re = v128.sub<T>(re3, re7);
  const dif3Im = v128.sub<T>(im3, im7);
  const even1Re = v128.add<T>(sum1Re, sum3Re);
  const even1Im = v128.add<T>(sum1Im, sum3Im);
  // Turned by -i.
  const even3Re = v128.sub<T>(sum1Im, sum3Im);
  const even3Im = v128.sub<T>(sum3Re, sum1Re);
  put<T>(false, y, v128.add<T>(even0Re, even1Re), v128.add<T>(even0Im, even1Im), w, 0);
  put<T>(turned, y + 4 * stride, v128.sub<T>(even0Re, even1Re), v128.sub<T>(even0Im, even1Im), w, 4);
  put<T>(turned, y + 2 * stride, v128.add<T>(even2Re, even3Re), v128.add<T>(even2Im, even3Im), w, 2);
  put<T>(turned, y + 6 * stride, v128.sub<T>(even2Re, even3Re), v128.sub<T>(even2Im, even3Im), w, 6);
  // The differences 1 and 3, turned by an eighth and three eighths of a turn, all but the factor `root`.
  const turn1Re = v128.add<T>(dif1Re, dif1Im);
  const turn1Im = v128.sub<T>(dif1Im, dif1Re);
  const turn3Re = v128.sub<T>(dif3Im, dif3Re);
  const turn3Im = v128.add<T>(dif3Re, dif3Im);
  const odd1Re = v128.mul<T>(root, v128.add<T>(turn1Re, turn3Re));
  const odd1Im = v128.mul<T>(root, v128.sub<T>(turn1Im, turn3Im));
  // Turned by -i.
  const odd3Re = v128.mul<T>(root, v128.add<T>(turn1Im, turn3Im));
  const odd3Im = v128.mul<T>(root, v128.sub<T>(turn3Re, turn1Re));
  put<T>(turned, y + stride, v128.add<T>(odd0Re, odd1Re), v128.add<T>(odd0Im, odd1Im), w, 1);
  put<T>(turned, y + 5 * stride, v128.sub<T>(odd0Re, odd1Re), v128.sub<T>(odd0Im, odd1Im), w, 5);
  put<T>(turned, y + 3 * stride, v128.add<T>(odd2Re, odd3Re), v128.add<T>(odd2Im, odd3Im), w, 3);
  put<T>(turned, y + 7 * stride, v128.sub<T>(odd2Re, odd3Re), v128.sub<T>(odd2Im, odd3Im), w, 7);
}
