// What all products share: a tile of three rows by three columns, C (+)= A B, whose nine sums stay in registers. A and B are packed, three
// vectors a turn each, so that a turn is nothing but loads from constant offsets, multiply-adds and one jump: where a core runs two threads,
// each has half of its instructions, and multiply-adds must be half of ours. B comes packed (pack.ts); a panel of A is packed by the first
// tile that takes it, so that stores and misses pass behind its multiply-adds.
import { loadSplat, madd } from "../simd";
import { ADD_LANES, DESCEND, finishTile, LANES, ROLL, STORE } from "./finish";

/** Vectors of one turn of A and of B. */
export const WIDE = 3;
/** Their bytes. */
export const PANEL: usize = 48;
/** Turns that a tile takes at most, where it is up to us: its two panels stay in the first cache. */
export const SLICE = 256;

/** Turns of each slice of `turns`: as few slices as may be, all of the same length. */
export function sliceOf(turns: i32): i32 {
  const slices = (turns + SLICE - 1) / SLICE;
  return (turns + slices - 1) / slices;
}

/**
 * The first tile of three rows of A, `apart` bytes from each other and `step` from turn to turn, which are left behind in `panel`: vectors where
 * lanes are summed, and otherwise elements, each in all lanes. Where fewer than three rows are left, some stand there again. As to the rest,
 * see `tile`.
 */
@inline
function firstTile<T>(
  mode: i32,
  a: usize,
  apart: usize,
  step: usize,
  panel: usize,
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
  let a1 = rows > 1 ? a + apart : a;
  let a2 = rows > 2 ? a1 + apart : a;
  let s00 = v128.splat<T>(0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  for (let left = turns; left > 0; left--) {
    const x0 = mode < LANES ? loadSplat<T>(a) : v128.load(a);
    const x1 = mode < LANES ? loadSplat<T>(a1) : v128.load(a1);
    const x2 = mode < LANES ? loadSplat<T>(a2) : v128.load(a2);
    v128.store(panel, x0);
    v128.store(panel, x1, 16);
    v128.store(panel, x2, 32);
    const y0 = v128.load(b);
    const y1 = v128.load(b, 16);
    const y2 = v128.load(b, 32);
    s00 = madd<T>(x0, y0, s00); s01 = madd<T>(x0, y1, s01); s02 = madd<T>(x0, y2, s02);
    s10 = madd<T>(x1, y0, s10); s11 = madd<T>(x1, y1, s11); s12 = madd<T>(x1, y2, s12);
    s20 = madd<T>(x2, y0, s20); s21 = madd<T>(x2, y1, s21); s22 = madd<T>(x2, y2, s22);
    a += step;
    a1 += step;
    a2 += step;
    panel += PANEL;
    b += PANEL;
  }
  finishTile<T>(mode, rows, columns, s00, s01, s02, s10, s11, s12, s20, s21, s22, c, cRow, next, velocity, factor);
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
  finishTile<T>(mode, rows, columns, s00, s01, s02, s10, s11, s12, s20, s21, s22, c, cRow, next, velocity, factor);
}

/**
 * The tiles of three rows of A, `apart` bytes from each other and `step` from turn to turn, by all panels of B, `bNext` bytes apart: these pass
 * in the order in which they stand, and so does C, while the first cache holds `panel`, where A's rows are left.
 */
@inline
function tiles<T>(
  mode: i32,
  a: usize,
  apart: usize,
  step: usize,
  panel: usize,
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
  firstTile<T>(mode, a, apart, step, panel, b, turns, rows, columns, c, cRow, next, velocity, factor);
  for (let n = WIDE; n < columns; n += WIDE) {
    b += bNext;
    c += <usize>WIDE * next;
    tile<T>(mode, panel, b, turns, rows, columns - n, c, cRow, next, velocity, factor);
  }
}

/** C[rows][columns] = A B, columns in vectors and `rows` up to three, whose elements stand beside each other. */
export function storeTiles<T>(
  a: usize,
  apart: usize,
  panel: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
): void {
  tiles<T>(STORE, a, apart, sizeof<T>(), panel, rows, b, bNext, columns, turns, c, cRow, 16, 0, 0);
}

/** C = factor C + A B. */
export function rollTiles<T>(
  a: usize,
  apart: usize,
  step: usize,
  panel: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
  factor: f64,
): void {
  tiles<T>(ROLL, a, apart, step, panel, rows, b, bNext, columns, turns, c, cRow, 16, 0, factor);
}

/** V = factor V + A B, C += V. */
export function descendTiles<T>(
  a: usize,
  apart: usize,
  step: usize,
  panel: usize,
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
  tiles<T>(DESCEND, a, apart, step, panel, rows, b, bNext, columns, turns, c, cRow, 16, velocity, factor);
}

/** C[columns][rows]: the sums of the lanes of each, so that rows of A, of vectors beside each other, are columns of C. */
export function laneTiles<T>(
  a: usize,
  apart: usize,
  panel: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
): void {
  tiles<T>(LANES, a, apart, 16, panel, rows, b, bNext, columns, turns, c, sizeof<T>(), cRow, 0, 0);
}

/** The same, added to C. */
export function addLaneTiles<T>(
  a: usize,
  apart: usize,
  panel: usize,
  rows: i32,
  b: usize,
  bNext: usize,
  columns: i32,
  turns: i32,
  c: usize,
  cRow: usize,
): void {
  tiles<T>(ADD_LANES, a, apart, 16, panel, rows, b, bNext, columns, turns, c, sizeof<T>(), cRow, 0, 0);
}
