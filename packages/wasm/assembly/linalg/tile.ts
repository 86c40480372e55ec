// What all products share: a tile of three rows by three columns, C (+)= A B, whose nine sums stay in registers. A and B are packed (pack.ts),
// three vectors a turn each, so that a turn is nothing but loads from constant offsets, multiply-adds and one jump: where a core runs two
// threads, each has half of its instructions, and multiply-adds must be half of ours.
import { madd, sumLanes } from "../simd";

/** Vectors of one turn of A and of B. */
export const WIDE = 3;
/** Their bytes. */
export const PANEL: usize = 48;
/** Turns that a tile takes at most, where it is up to us: its two panels stay in the first cache. */
export const SLICE = 256;

/** What becomes of a tile's sums: they are put in C; added to it; C = factor C + sums; or heavy-ball descent, V = factor V + sums, C += V. */
export const STORE = 0;
export const ADD = 1;
const ROLL = 2;
export const DESCEND = 3;
/** The sums of their lanes are put in C, or added. */
const LANES = 4;
const ADD_LANES = 5;

/** Turns of each slice of `turns`: as few slices as may be, all of the same length. */
export function sliceOf(turns: i32): i32 {
  const slices = (turns + SLICE - 1) / SLICE;
  return (turns + slices - 1) / slices;
}

/** One vector of sums; `velocity` is the distance from C to V in bytes. */
@inline
export function finish<T>(mode: i32, sum: v128, c: usize, velocity: usize, factor: v128): void {
  if (mode == STORE) v128.store(c, sum);
  else if (mode == ADD) v128.store(c, v128.add<T>(v128.load(c), sum));
  else if (mode == ROLL) v128.store(c, madd<T>(factor, v128.load(c), sum));
  else if (mode == DESCEND) {
    const rolled = madd<T>(factor, v128.load(c + velocity), sum);
    v128.store(c + velocity, rolled);
    v128.store(c, v128.add<T>(v128.load(c), rolled));
  } else store<T>(c, mode == LANES ? sumLanes<T>(sum) : load<T>(c) + sumLanes<T>(sum));
}

/** The sums of one row of the tile, of which `columns` are wanted, `next` bytes apart. */
@inline
function finishRow<T>(mode: i32, columns: i32, s0: v128, s1: v128, s2: v128, c: usize, next: usize, velocity: usize, factor: v128): void {
  finish<T>(mode, s0, c, velocity, factor);
  if (columns > 1) finish<T>(mode, s1, c + next, velocity, factor);
  if (columns > 2) finish<T>(mode, s2, c + 2 * next, velocity, factor);
}

/**
 * One tile, of which `rows` rows and `columns` columns are wanted, at least one of each: rows of C are `cRow` bytes apart, and its columns
 * `next`. `velocity` is the distance from C to V in bytes.
 */
@inline
function tile<T>(
  mode: i32,
  a: usize,
  b: usize,
  turns: i32,
  rows: i32,
  columns: i32,
  c: usize,
  cRow: usize,
  next: usize,
  velocity: usize,
  factor: f64,
): void {
  let s00 = v128.splat<T>(0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  // Eight turns a round, for fewer address sums and jumps, with a way out between them: V8 puts off sums to the end of their block, and without
  // it would load all turns first and spill.
  for (let left = turns; left > 0; left -= 8) {
    {
      const y0 = v128.load(b);
      const y1 = v128.load(b, 16);
      const y2 = v128.load(b, 32);
      const x0 = v128.load(a);
      const x1 = v128.load(a, 16);
      const x2 = v128.load(a, 32);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 1) break;
    {
      const y0 = v128.load(b, 48);
      const y1 = v128.load(b, 64);
      const y2 = v128.load(b, 80);
      const x0 = v128.load(a, 48);
      const x1 = v128.load(a, 64);
      const x2 = v128.load(a, 80);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 2) break;
    {
      const y0 = v128.load(b, 96);
      const y1 = v128.load(b, 112);
      const y2 = v128.load(b, 128);
      const x0 = v128.load(a, 96);
      const x1 = v128.load(a, 112);
      const x2 = v128.load(a, 128);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 3) break;
    {
      const y0 = v128.load(b, 144);
      const y1 = v128.load(b, 160);
      const y2 = v128.load(b, 176);
      const x0 = v128.load(a, 144);
      const x1 = v128.load(a, 160);
      const x2 = v128.load(a, 176);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 4) break;
    {
      const y0 = v128.load(b, 192);
      const y1 = v128.load(b, 208);
      const y2 = v128.load(b, 224);
      const x0 = v128.load(a, 192);
      const x1 = v128.load(a, 208);
      const x2 = v128.load(a, 224);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 5) break;
    {
      const y0 = v128.load(b, 240);
      const y1 = v128.load(b, 256);
      const y2 = v128.load(b, 272);
      const x0 = v128.load(a, 240);
      const x1 = v128.load(a, 256);
      const x2 = v128.load(a, 272);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 6) break;
    {
      const y0 = v128.load(b, 288);
      const y1 = v128.load(b, 304);
      const y2 = v128.load(b, 320);
      const x0 = v128.load(a, 288);
      const x1 = v128.load(a, 304);
      const x2 = v128.load(a, 320);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    if (left == 7) break;
    {
      const y0 = v128.load(b, 336);
      const y1 = v128.load(b, 352);
      const y2 = v128.load(b, 368);
      const x0 = v128.load(a, 336);
      const x1 = v128.load(a, 352);
      const x2 = v128.load(a, 368);
      s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
      s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
      s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    }
    a += 8 * PANEL;
    b += 8 * PANEL;
  }
  const by = v128.splat<T>(<T>factor);
  finishRow<T>(mode, columns, s00, s01, s02, c, next, velocity, by);
  if (rows > 1) finishRow<T>(mode, columns, s10, s11, s12, c + cRow, next, velocity, by);
  if (rows > 2) finishRow<T>(mode, columns, s20, s21, s22, c + 2 * cRow, next, velocity, by);
}

/**
 * The tiles of one panel of A, which the first cache holds, by all panels of B, `bNext` bytes apart: these pass in the order in which they
 * stand, and so does C.
 */
@inline
function tiles<T>(
  mode: i32,
  a: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
  next: usize,
  velocity: usize,
  factor: f64,
): void {
  for (let n = 0; n < columns; n += WIDE) {
    tile<T>(mode, a, b, turns, rows, columns - n, c, cRow, next, velocity, factor);
    b += bNext;
    c += <usize>WIDE * next;
  }
}

/** C[rows][columns] = A B, columns in vectors and `rows` up to three. */
export function storeTiles<T>(
  a: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
): void {
  tiles<T>(STORE, a, rows, b, bNext, columns, turns, c, cRow, 16, 0, 0);
}

/** C = factor C + A B. */
export function rollTiles<T>(
  a: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
  factor: f64,
): void {
  tiles<T>(ROLL, a, rows, b, bNext, columns, turns, c, cRow, 16, 0, factor);
}

/** V = factor V + A B, C += V. */
export function descendTiles<T>(
  a: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
  velocity: usize,
  factor: f64,
): void {
  tiles<T>(DESCEND, a, rows, b, bNext, columns, turns, c, cRow, 16, velocity, factor);
}

/** C[columns][rows]: the sums of the lanes of each, so that rows of A are columns of C. */
export function laneTiles<T>(
  a: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
): void {
  tiles<T>(LANES, a, rows, b, bNext, columns, turns, c, sizeof<T>(), cRow, 0, 0);
}

/** The same, added to C. */
export function addLaneTiles<T>(
  a: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
): void {
  tiles<T>(ADD_LANES, a, rows, b, bNext, columns, turns, c, sizeof<T>(), cRow, 0, 0);
}
