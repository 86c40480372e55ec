// Products and descent of so few rows or turns that packing does not pay: a tile of four rows or one by two vectors of columns, C (+)= A B, with all
// matrices where they are. The sums are those of product.ts and descend.ts but for their slices.
import { lanes, loadSplat, madd } from "../simd";
import { ADD, DESCEND, finish, STORE } from "./finish";

/** Bytes of two vectors. */
const PAIR: usize = 32;
/** Rows of B that one pass over its columns takes: their part of a pair of vectors stays in the first cache, their pages in the TLB. */
const SLICE = 64;

/**
 * One tile of `rows` rows, four or one. Rows of A are `aRow` bytes apart and their elements `aK`, rows of B `bRow` and of C `cRow`;
 * `velocity` is the distance from C to V in bytes.
 */
@inline
function tile<T>(
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
  finish<T>(mode, s00, c, velocity, momentum);
  finish<T>(mode, s01, c + 16, velocity, momentum);
  if (rows > 1) {
    c += cRow;
    finish<T>(mode, s10, c, velocity, momentum);
    finish<T>(mode, s11, c + 16, velocity, momentum);
    c += cRow;
    finish<T>(mode, s20, c, velocity, momentum);
    finish<T>(mode, s21, c + 16, velocity, momentum);
    c += cRow;
    finish<T>(mode, s30, c, velocity, momentum);
    finish<T>(mode, s31, c + 16, velocity, momentum);
  }
}

/** All tiles of `rows` rows, four at once or each alone. */
@inline
function pairs<T>(
  mode: i32,
  a: usize,
  aRow: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
): void {
  const beta = v128.splat<T>(<T>momentum);
  for (let n = 0; n < columns; n += 2 * lanes<T>()) {
    let m = 0;
    let from = a;
    let to = c;
    for (; m + 4 <= rows; m += 4) {
      tile<T>(4, mode, from, aRow, aK, b, bRow, to, cRow, inner, velocity, beta);
      from += 4 * aRow;
      to += 4 * cRow;
    }
    for (; m < rows; m++) {
      tile<T>(1, mode, from, 0, aK, b, bRow, to, 0, inner, velocity, beta);
      from += aRow;
      to += cRow;
    }
    b += PAIR;
    c += PAIR;
  }
}

/** As `product`. */
export function fewProduct<T>(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  inner: i32,
): void {
  for (let k = 0; k < inner; k += SLICE) {
    const count = min(SLICE, inner - k);
    if (k == 0) pairs<T>(STORE, a, aRow, sizeof<T>(), b, bRow, c, cRow, rows, columns, count, 0, 0);
    else pairs<T>(ADD, a, aRow, sizeof<T>(), b, bRow, c, cRow, rows, columns, count, 0, 0);
    a += SLICE * sizeof<T>();
    b += <usize>SLICE * bRow;
  }
}

/** As `descend`. */
export function fewDescend<T>(
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  w: usize,
  wRow: usize,
  rows: i32,
  columns: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
): void {
  // A few rows of weights after the other, each along, as they stand in memory.
  for (let m = 0; m < rows; m += 4) {
    const some = min(4, rows - m);
    if (momentum == 0) pairs<T>(ADD, a, sizeof<T>(), aRow, b, bRow, w, wRow, some, columns, inner, 0, 0);
    else pairs<T>(DESCEND, a, sizeof<T>(), aRow, b, bRow, w, wRow, some, columns, inner, velocity, momentum);
    a += 4 * sizeof<T>();
    w += 4 * wRow;
  }
}
