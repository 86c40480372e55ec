// What products and descent share: a tile of rows by two vectors of columns, C (+)= A B, whose 8 sums stay in registers; more spill.
import { loadSplat, madd } from "../simd";

/** What becomes of a tile's sums. */
export const STORE = 0;
export const ADD = 1;
export const DESCEND = 2;

/** Bytes of one row of a panel: two vectors. */
export const PANEL: usize = 32;

/** Writes one vector of sums: over C, added to C, or as heavy-ball descent with velocity V. */
@inline
function finish<T>(mode: i32, sum: v128, c: usize, v: usize, momentum: v128): void {
  if (mode == STORE) v128.store(c, sum);
  else if (mode == ADD) v128.store(c, v128.add<T>(v128.load(c), sum));
  else {
    const velocity = madd<T>(momentum, v128.load(v), sum);
    v128.store(v, velocity);
    v128.store(c, v128.add<T>(v128.load(c), velocity));
  }
}

/**
 * One tile of `rows` rows, four or one. Rows of A are `aRow` bytes apart and their elements `aK`, rows of B `bRow` and of C `cRow`;
 * `velocity` is the distance from C to V in bytes.
 */
@inline
export function tile<T>(
  rows: i32,
  mode: i32,
  a: usize,
  aRow: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  inner: i32,
  velocity: usize,
  momentum: v128,
): void {
  let s00 = v128.splat<T>(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  // Two turns a round, for fewer address sums and jumps, with a way out between them: V8 puts off sums to the end of their block, and
  // without it would load all of both turns first and spill.
  for (let left = inner; left > 0; left -= 2) {
    {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const x0 = loadSplat<T>(a);
      s00 = madd<T>(x0, b0, s00);
      s01 = madd<T>(x0, b1, s01);
      if (rows > 1) {
        const x1 = loadSplat<T>(a1);
        s10 = madd<T>(x1, b0, s10);
        s11 = madd<T>(x1, b1, s11);
        const x2 = loadSplat<T>(a2);
        s20 = madd<T>(x2, b0, s20);
        s21 = madd<T>(x2, b1, s21);
        const x3 = loadSplat<T>(a3);
        s30 = madd<T>(x3, b0, s30);
        s31 = madd<T>(x3, b1, s31);
      }
    }
    if (left == 1) break;
    const b0 = v128.load(b + bRow);
    const b1 = v128.load(b + bRow, 16);
    const x0 = loadSplat<T>(a + aK);
    s00 = madd<T>(x0, b0, s00);
    s01 = madd<T>(x0, b1, s01);
    if (rows > 1) {
      const x1 = loadSplat<T>(a1 + aK);
      s10 = madd<T>(x1, b0, s10);
      s11 = madd<T>(x1, b1, s11);
      const x2 = loadSplat<T>(a2 + aK);
      s20 = madd<T>(x2, b0, s20);
      s21 = madd<T>(x2, b1, s21);
      const x3 = loadSplat<T>(a3 + aK);
      s30 = madd<T>(x3, b0, s30);
      s31 = madd<T>(x3, b1, s31);
      a1 += 2 * aK;
      a2 += 2 * aK;
      a3 += 2 * aK;
    }
    a += 2 * aK;
    b += 2 * bRow;
  }
  finish<T>(mode, s00, c, c + velocity, momentum);
  finish<T>(mode, s01, c + 16, c + 16 + velocity, momentum);
  if (rows > 1) {
    c += cRow;
    finish<T>(mode, s10, c, c + velocity, momentum);
    finish<T>(mode, s11, c + 16, c + 16 + velocity, momentum);
    c += cRow;
    finish<T>(mode, s20, c, c + velocity, momentum);
    finish<T>(mode, s21, c + 16, c + 16 + velocity, momentum);
    c += cRow;
    finish<T>(mode, s30, c, c + velocity, momentum);
    finish<T>(mode, s31, c + 16, c + 16 + velocity, momentum);
  }
}
