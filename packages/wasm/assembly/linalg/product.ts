// Matrix products with the second factor's columns in lanes: C[m][n] (+)= sum_k A[m][k] B[k][n]. A may be strided either way, so that the
// same loops make the forward product and the weights' update. Each tile of 4 rows by 2 vectors keeps its 8 sums in registers; more spill.
import { lanes, loadSplat, madd } from "../simd";

@inline
function zero<T>(): v128 {
  return v128.splat<T>(0);
}

/** What becomes of a tile's sums. */
const STORE = 0;
const ADD = 1;
const DESCEND = 2;

/** Rows of B that one pass over its columns takes: their part of a panel stays in the first cache, their pages in the TLB. */
const SLICE = 64;

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

/** One tile of ROWS rows and two vectors; `velocity` is the distance from C to V in bytes. */
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
  const a1 = a + aRow;
  const a2 = a1 + aRow;
  const a3 = a2 + aRow;
  let at: usize = 0;
  for (let k = 0; k < inner; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    b += bRow;
    const x0 = loadSplat<T>(a + at);
    s00 = madd<T>(x0, b0, s00);
    s01 = madd<T>(x0, b1, s01);
    if (rows > 1) {
      const x1 = loadSplat<T>(a1 + at);
      s10 = madd<T>(x1, b0, s10);
      s11 = madd<T>(x1, b1, s11);
      const x2 = loadSplat<T>(a2 + at);
      s20 = madd<T>(x2, b0, s20);
      s21 = madd<T>(x2, b1, s21);
      const x3 = loadSplat<T>(a3 + at);
      s30 = madd<T>(x3, b0, s30);
      s31 = madd<T>(x3, b1, s31);
    }
    at += aK;
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

/** All rows of one panel of two vectors, in `mode`. */
@inline
function panel<T>(
  mode: i32,
  a: usize,
  aRow: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  inner: i32,
): void {
  let m = 0;
  for (; m + 4 <= rows; m += 4) {
    tile<T>(4, mode, a, aRow, aK, b, bRow, c, cRow, inner, 0, zero<T>());
    a += 4 * aRow;
    c += 4 * cRow;
  }
  for (; m < rows; m++) {
    tile<T>(1, mode, a, aRow, aK, b, bRow, c, cRow, inner, 0, zero<T>());
    a += aRow;
    c += cRow;
  }
}

function panelStored<T>(a: usize, aRow: usize, b: usize, bRow: usize, c: usize, cRow: usize, rows: i32, inner: i32): void {
  panel<T>(STORE, a, aRow, sizeof<T>(), b, bRow, c, cRow, rows, inner);
}

function panelAdded<T>(a: usize, aRow: usize, b: usize, bRow: usize, c: usize, cRow: usize, rows: i32, inner: i32): void {
  panel<T>(ADD, a, aRow, sizeof<T>(), b, bRow, c, cRow, rows, inner);
}

/**
 * C[rows][columns] = A[rows][inner] B[inner][columns]; rows are `aRow`, `bRow`, `cRow` bytes apart and columns a multiple of two vectors.
 * B is read once from memory however large it is.
 */
export function product<T>(
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
  const panels = columns / (2 * lanes<T>());
  for (let k = 0; k < inner; k += SLICE) {
    const count = min(SLICE, inner - k);
    const slice = a + <usize>k * sizeof<T>();
    let from = b + <usize>k * bRow;
    let to = c;
    for (let p = 0; p < panels; p++) {
      if (k == 0) panelStored<T>(slice, aRow, from, bRow, to, cRow, rows, count);
      else panelAdded<T>(slice, aRow, from, bRow, to, cRow, rows, count);
      from += 32;
      to += 32;
    }
  }
}

/** Rows of W += A^T B, or with momentum V = momentum V + A^T B, W += V: one row of tiles. */
function descendRows4<T>(a: usize, aK: usize, b: usize, bRow: usize, w: usize, wRow: usize, panels: i32, inner: i32): void {
  for (let p = 0; p < panels; p++) {
    tile<T>(4, ADD, a, sizeof<T>(), aK, b, bRow, w, wRow, inner, 0, zero<T>());
    b += 32;
    w += 32;
  }
}

function descendRows1<T>(a: usize, aK: usize, b: usize, bRow: usize, w: usize, panels: i32, inner: i32): void {
  for (let p = 0; p < panels; p++) {
    tile<T>(1, ADD, a, 0, aK, b, bRow, w, 0, inner, 0, zero<T>());
    b += 32;
    w += 32;
  }
}

function rollRows4<T>(
  a: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  w: usize,
  wRow: usize,
  panels: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
): void {
  const beta = v128.splat<T>(<T>momentum);
  for (let p = 0; p < panels; p++) {
    tile<T>(4, DESCEND, a, sizeof<T>(), aK, b, bRow, w, wRow, inner, velocity, beta);
    b += 32;
    w += 32;
  }
}

function rollRows1<T>(
  a: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  w: usize,
  panels: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
): void {
  const beta = v128.splat<T>(<T>momentum);
  for (let p = 0; p < panels; p++) {
    tile<T>(1, DESCEND, a, 0, aK, b, bRow, w, 0, inner, velocity, beta);
    b += 32;
    w += 32;
  }
}

/**
 * Descent of `rows` consecutive rows of weights W[rows][columns]: G = A^T B with A[inner][rows] (rows `aK` bytes apart) and
 * B[inner][columns], W += G; where `momentum` is not zero V = momentum V + G, W += V, V standing `velocity` bytes behind W.
 */
export function descend<T>(
  a: usize,
  aK: usize,
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
  const panels = columns / (2 * lanes<T>());
  let m = 0;
  for (; m + 4 <= rows; m += 4) {
    if (momentum == 0) descendRows4<T>(a, aK, b, bRow, w, wRow, panels, inner);
    else rollRows4<T>(a, aK, b, bRow, w, wRow, panels, inner, velocity, momentum);
    a += 4 * sizeof<T>();
    w += 4 * wRow;
  }
  for (; m < rows; m++) {
    if (momentum == 0) descendRows1<T>(a, aK, b, bRow, w, panels, inner);
    else rollRows1<T>(a, aK, b, bRow, w, panels, inner, velocity, momentum);
    a += sizeof<T>();
    w += wRow;
  }
}
