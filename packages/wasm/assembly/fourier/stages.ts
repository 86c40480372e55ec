// Complex transforms of whole blocks of columns by Stockham's self-sorting stages: a stage of radix r takes sub-transforms of length r m, s of
// them side by side, to r times as many of length m: for p < m, q < s, with a_j = x[q + s (p + m j)] and w = exp(-2 pi i/(r m)),
//   y[q + s (r p + k)] = w^(p k) sum_j a_j exp(-2 pi i j k/r).
// An element is a block's part of one row, so that lanes run over neighbouring columns and nothing is gathered.
// (C. Van Loan, Computational Frameworks for the Fast Fourier Transform, SIAM 1992, section 1.7.)
import { madd } from "../simd";
import { held, unknownZero } from "../special/held";
import { butterfly2, butterfly3, butterfly4, butterfly5, butterfly8, put } from "./butterflies";
import { buffer0, buffer1, folded, PAIR, stageCount, stages } from "./plan";

/** One stage; elements are `fromElement` and `toElement` bytes apart and `bytes` long. `turned`: there are twiddles, that is m > 1. */
@inline
function stage<T>(
  radix: i32,
  turned: bool,
  m: i32,
  s: i32,
  from: usize,
  fromElement: usize,
  to: usize,
  toElement: usize,
  bytes: usize,
  twiddles: usize,
): void {
  const zero = unknownZero(from);
  const c0 = held<T>(radix == 3 ? 0.5 : radix == 5 ? 0.30901699437494745 : 0.7071067811865476, zero);
  const c1 = held<T>(radix == 3 ? 0.8660254037844386 : 0.9510565162951535, zero);
  const c2 = held<T>(-0.8090169943749475, zero);
  const c3 = held<T>(0.5877852522924731, zero);
  const step = <usize>s * <usize>m * fromElement;
  const stride = <usize>s * toElement;
  // Elements side by side on both sides are one long one.
  const together = fromElement == bytes && toElement == bytes;
  const runs = together ? 1 : s;
  const run = together ? <usize>s * bytes : bytes;
  for (let p = 0; p < m; p++) {
    let x = from;
    let y = to;
    for (let q = 0; q < runs; q++) {
      let at: usize = 0;
      do {
        if (radix == 2) butterfly2<T>(turned, x + at, step, y + at, stride, twiddles);
        if (radix == 3) butterfly3<T>(turned, x + at, step, y + at, stride, twiddles, c0, c1);
        if (radix == 4) butterfly4<T>(turned, x + at, step, y + at, stride, twiddles);
        if (radix == 5) butterfly5<T>(turned, x + at, step, y + at, stride, twiddles, c0, c1, c2, c3);
        if (radix == 8) butterfly8<T>(turned, x + at, step, y + at, stride, twiddles, c0);
        at += PAIR;
      } while (at < run);
      x += fromElement;
      y += toElement;
    }
    from += <usize>s * fromElement;
    to += <usize>radix * stride;
    twiddles += <usize>(radix - 1) * 2 * sizeof<T>();
  }
}

/** The same for any odd radix by the plain sum over the roots, [radix] cosines and sines, with inputs j and radix - j taken together. */
function oddStage<T>(
  radix: i32,
  m: i32,
  s: i32,
  from: usize,
  fromElement: usize,
  to: usize,
  toElement: usize,
  bytes: usize,
  twiddles: usize,
  roots: usize,
): void {
  const step = <usize>s * <usize>m * fromElement;
  const stride = <usize>s * toElement;
  const half = radix / 2;
  for (let p = 0; p < m; p++) {
    for (let q = 0; q < s; q++) {
      for (let at: usize = 0; at < bytes; at += PAIR) {
        const x = from + <usize>q * fromElement + at;
        const y = to + <usize>q * toElement + at;
        const re0 = v128.load(x);
        const im0 = v128.load(x, 16);
        let re = re0;
        let im = im0;
        for (let j = 1; j <= half; j++) {
          const low = x + <usize>j * step;
          const high = x + <usize>(radix - j) * step;
          const sumRe = v128.add<T>(v128.load(low), v128.load(high));
          const sumIm = v128.add<T>(v128.load(low, 16), v128.load(high, 16));
          const pair = folded + <usize>j * 64;
          v128.store(pair, sumRe);
          v128.store(pair, sumIm, 16);
          v128.store(pair, v128.sub<T>(v128.load(low), v128.load(high)), 32);
          v128.store(pair, v128.sub<T>(v128.load(low, 16), v128.load(high, 16)), 48);
          re = v128.add<T>(re, sumRe);
          im = v128.add<T>(im, sumIm);
        }
        put<T>(false, y, re, im, twiddles, 0);
        for (let k = 1; k <= half; k++) {
          let midRe = re0;
          let midIm = im0;
          let turnRe = v128.splat<T>(0);
          let turnIm = v128.splat<T>(0);
          let root = 0;
          for (let j = 1; j <= half; j++) {
            root += k;
            if (root >= radix) root -= radix;
            const entry = roots + <usize>root * 2 * sizeof<T>();
            const c = v128.splat<T>(load<T>(entry));
            const sine = v128.splat<T>(load<T>(entry + sizeof<T>()));
            const pair = folded + <usize>j * 64;
            midRe = madd<T>(c, v128.load(pair), midRe);
            midIm = madd<T>(c, v128.load(pair, 16), midIm);
            turnRe = madd<T>(sine, v128.load(pair, 32), turnRe);
            turnIm = madd<T>(sine, v128.load(pair, 48), turnIm);
          }
          const upper = y + <usize>k * stride;
          const lower = y + <usize>(radix - k) * stride;
          put<T>(true, upper, v128.add<T>(midRe, turnIm), v128.sub<T>(midIm, turnRe), twiddles, <usize>k);
          put<T>(true, lower, v128.sub<T>(midRe, turnIm), v128.add<T>(midIm, turnRe), twiddles, <usize>(radix - k));
        }
      }
    }
    from += <usize>s * fromElement;
    to += <usize>radix * stride;
    twiddles += <usize>(radix - 1) * 2 * sizeof<T>();
  }
}

// Each a function of its own, so that its loop has the registers to itself.
function turned2<T>(m: i32, s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize, w: usize): void {
  stage<T>(2, true, m, s, x, dx, y, dy, bytes, w);
}
function turned3<T>(m: i32, s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize, w: usize): void {
  stage<T>(3, true, m, s, x, dx, y, dy, bytes, w);
}
function turned4<T>(m: i32, s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize, w: usize): void {
  stage<T>(4, true, m, s, x, dx, y, dy, bytes, w);
}
function turned5<T>(m: i32, s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize, w: usize): void {
  stage<T>(5, true, m, s, x, dx, y, dy, bytes, w);
}
function turned8<T>(m: i32, s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize, w: usize): void {
  stage<T>(8, true, m, s, x, dx, y, dy, bytes, w);
}
function last2<T>(s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize): void {
  stage<T>(2, false, 1, s, x, dx, y, dy, bytes, 0);
}
function last3<T>(s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize): void {
  stage<T>(3, false, 1, s, x, dx, y, dy, bytes, 0);
}
function last4<T>(s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize): void {
  stage<T>(4, false, 1, s, x, dx, y, dy, bytes, 0);
}
function last5<T>(s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize): void {
  stage<T>(5, false, 1, s, x, dx, y, dy, bytes, 0);
}
function last8<T>(s: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize): void {
  stage<T>(8, false, 1, s, x, dx, y, dy, bytes, 0);
}

function runStage<T>(index: i32, x: usize, dx: usize, y: usize, dy: usize, bytes: usize): void {
  const entry = stages + <usize>index * 20;
  const radix = load<i32>(entry);
  const m = load<i32>(entry, 4);
  const s = load<i32>(entry, 8);
  const w = load<usize>(entry, 12);
  if (radix > 5 && radix != 8) oddStage<T>(radix, m, s, x, dx, y, dy, bytes, w, load<usize>(entry, 16));
  else if (m > 1) {
    if (radix == 8) turned8<T>(m, s, x, dx, y, dy, bytes, w);
    else if (radix == 4) turned4<T>(m, s, x, dx, y, dy, bytes, w);
    else if (radix == 2) turned2<T>(m, s, x, dx, y, dy, bytes, w);
    else if (radix == 3) turned3<T>(m, s, x, dx, y, dy, bytes, w);
    else turned5<T>(m, s, x, dx, y, dy, bytes, w);
  } else {
    if (radix == 8) last8<T>(s, x, dx, y, dy, bytes);
    else if (radix == 4) last4<T>(s, x, dx, y, dy, bytes);
    else if (radix == 2) last2<T>(s, x, dx, y, dy, bytes);
    else if (radix == 3) last3<T>(s, x, dx, y, dy, bytes);
    else last5<T>(s, x, dx, y, dy, bytes);
  }
}

/**
 * Transforms a block of columns, `bytes` of each row, from rows `fromElement` bytes apart to rows `toElement` apart, which may be the same
 * ones, over the two buffers.
 */
export function transformBlock<T>(from: usize, fromElement: usize, to: usize, toElement: usize, bytes: usize): void {
  if (stageCount == 0) {
    if (from != to) memory.copy(to, from, bytes);
    return;
  }
  let x = from;
  let dx = fromElement;
  for (let index = 0; index < stageCount - 1; index++) {
    const y = (index & 1) == 0 ? buffer0 : buffer1;
    runStage<T>(index, x, dx, y, bytes, bytes);
    x = y;
    dx = bytes;
  }
  runStage<T>(stageCount - 1, x, dx, to, toElement, bytes);
}
