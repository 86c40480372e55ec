// Gram matrices, and products of rows with so few rows that packing does not pay: C[m][n] = sum_k A[m][k] B[n][k], the contracted index in
// lanes. Each tile of 4 rows of A by 2 of B keeps its 8 vectors of sums in registers.
import { alive } from "../control";
import { lanes, madd, sumLanes } from "../simd";

/** Bytes of A whose rows pass over all rows of B while the first cache holds them. */
const HELD: usize = 16384;

/** One tile over `turns` vectors a row, `step` bytes apart. */
@inline
function tile<T>(
  aRows: i32,
  bRows: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  turns: i32,
  step: usize,
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
  let b1 = b + bRow;
  // Two turns a round with a way out between them, as in unpacked.ts.
  for (let left = turns; left > 0; left -= 2) {
    {
      const y0 = v128.load(b);
      const x0 = v128.load(a);
      const x1 = aRows > 1 ? v128.load(a1) : x0;
      const x2 = aRows > 1 ? v128.load(a2) : x0;
      const x3 = aRows > 1 ? v128.load(a3) : x0;
      s00 = madd<T>(x0, y0, s00);
      if (aRows > 1) {
        s10 = madd<T>(x1, y0, s10);
        s20 = madd<T>(x2, y0, s20);
        s30 = madd<T>(x3, y0, s30);
      }
      if (bRows > 1) {
        const y1 = v128.load(b1);
        s01 = madd<T>(x0, y1, s01);
        if (aRows > 1) {
          s11 = madd<T>(x1, y1, s11);
          s21 = madd<T>(x2, y1, s21);
          s31 = madd<T>(x3, y1, s31);
        }
      }
    }
    if (left == 1) break;
    const y0 = v128.load(b + step);
    const x0 = v128.load(a + step);
    const x1 = aRows > 1 ? v128.load(a1 + step) : x0;
    const x2 = aRows > 1 ? v128.load(a2 + step) : x0;
    const x3 = aRows > 1 ? v128.load(a3 + step) : x0;
    s00 = madd<T>(x0, y0, s00);
    if (aRows > 1) {
      s10 = madd<T>(x1, y0, s10);
      s20 = madd<T>(x2, y0, s20);
      s30 = madd<T>(x3, y0, s30);
      a1 += 2 * step;
      a2 += 2 * step;
      a3 += 2 * step;
    }
    if (bRows > 1) {
      const y1 = v128.load(b1 + step);
      s01 = madd<T>(x0, y1, s01);
      if (aRows > 1) {
        s11 = madd<T>(x1, y1, s11);
        s21 = madd<T>(x2, y1, s21);
        s31 = madd<T>(x3, y1, s31);
      }
      b1 += 2 * step;
    }
    a += 2 * step;
    b += 2 * step;
  }
  if (aRows > 1 && bRows > 1) {
    storeSums<T>(c, cRow, s00, s01, s10, s11);
    storeSums<T>(c + 2 * cRow, cRow, s20, s21, s30, s31);
    return;
  }
  store<T>(c, sumLanes<T>(s00));
  if (bRows > 1) store<T>(c, sumLanes<T>(s01), sizeof<T>());
  if (aRows > 1) {
    store<T>(c + cRow, sumLanes<T>(s10));
    store<T>(c + 2 * cRow, sumLanes<T>(s20));
    store<T>(c + 3 * cRow, sumLanes<T>(s30));
  }
}

/** Two neighbouring sums of each of two rows, with half the shuffles and sums of four times `sumLanes` and its roundings. */
@inline
function storeSums<T>(c: usize, cRow: usize, x0: v128, x1: v128, y0: v128, y1: v128): void {
  if (sizeof<T>() == 4) {
    const x = v128.add<T>(v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), v128.shuffle<f32>(x0, x1, 2, 6, 3, 7));
    const y = v128.add<T>(v128.shuffle<f32>(y0, y1, 0, 4, 1, 5), v128.shuffle<f32>(y0, y1, 2, 6, 3, 7));
    const both = v128.add<T>(v128.shuffle<f32>(x, y, 0, 1, 4, 5), v128.shuffle<f32>(x, y, 2, 3, 6, 7));
    v128.store64_lane(c, both, 0);
    v128.store64_lane(c + cRow, both, 1);
  } else {
    v128.store(c, v128.add<T>(v128.shuffle<f64>(x0, x1, 0, 2), v128.shuffle<f64>(x0, x1, 1, 3)));
    v128.store(c + cRow, v128.add<T>(v128.shuffle<f64>(y0, y1, 0, 2), v128.shuffle<f64>(y0, y1, 1, 3)));
  }
}

/** All tiles of two rows of B, or of one. */
@inline
function tiles<T>(
  bRows: i32,
  a: usize,
  aRow: usize,
  aRows: i32,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  turns: i32,
  step: usize,
): void {
  let m = 0;
  for (; m + 4 <= aRows; m += 4) {
    tile<T>(4, bRows, a, aRow, b, bRow, c, cRow, turns, step);
    a += 4 * aRow;
    c += 4 * cRow;
  }
  for (; m < aRows; m++) {
    tile<T>(1, bRows, a, aRow, b, bRow, c, cRow, turns, step);
    a += aRow;
    c += cRow;
  }
}

function rows2<T>(a: usize, aRow: usize, aRows: i32, b: usize, bRow: usize, c: usize, cRow: usize, turns: i32): void {
  tiles<T>(2, a, aRow, aRows, b, bRow, c, cRow, turns, 16);
}

function rows1<T>(a: usize, aRow: usize, aRows: i32, b: usize, c: usize, cRow: usize, turns: i32): void {
  tiles<T>(1, a, aRow, aRows, b, 0, c, cRow, turns, 16);
}

function apart2<T>(a: usize, aRow: usize, aRows: i32, b: usize, c: usize, cRow: usize, turns: i32, step: usize): void {
  tiles<T>(2, a, aRow, aRows, b, aRow, c, cRow, turns, step);
}

function apart1<T>(a: usize, aRow: usize, aRows: i32, b: usize, c: usize, cRow: usize, turns: i32, step: usize): void {
  tiles<T>(1, a, aRow, aRows, b, 0, c, cRow, turns, step);
}

/** As `dots`, over `turns` vectors a row. */
export function fewDots<T>(
  a: usize,
  aRow: usize,
  aRows: i32,
  b: usize,
  bRow: usize,
  bRows: i32,
  c: usize,
  cRow: usize,
  turns: i32,
): void {
  const block = max(4, <i32>(HELD / (<usize>turns * 16)) & ~3);
  for (let m = 0; m < aRows; m += block) {
    const rows = min(block, aRows - m);
    let from = b;
    let to = c;
    let n = 0;
    for (; n + 2 <= bRows; n += 2) {
      rows2<T>(a, aRow, rows, from, bRow, to, cRow, turns);
      from += 2 * bRow;
      to += 2 * sizeof<T>();
    }
    if (n < bRows) rows1<T>(a, aRow, rows, from, to, cRow, turns);
    a += <usize>block * aRow;
    c += <usize>block * cRow;
  }
}

/**
 * The Gram matrix C[rows][rows] = A A^T over `turns` vectors a row: rows of A are `aRow` bytes apart, a row's vectors `step`. Only tiles that
 * reach the diagonal or what is below it are summed.
 */
export function gram<T>(a: usize, aRow: usize, rows: i32, c: usize, turns: i32, step: usize): void {
  const cRow = <usize>rows * sizeof<T>();
  for (let n = 0; n < rows; n += 2) {
    const m = n & ~3;
    const from = a + <usize>m * aRow;
    const other = a + <usize>n * aRow;
    const to = c + <usize>m * cRow + <usize>n * sizeof<T>();
    if (n + 1 < rows) apart2<T>(from, aRow, rows - m, other, to, cRow, turns, step);
    else apart1<T>(from, aRow, rows - m, other, to, cRow, turns, step);
    alive(<i64>2 * (rows - m) * turns * lanes<T>());
  }
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < m; n++) {
      store<T>(c + <usize>n * cRow + <usize>m * sizeof<T>(), load<T>(c + <usize>m * cRow + <usize>n * sizeof<T>()));
    }
  }
}
