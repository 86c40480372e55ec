// Products of rows with rows: C[m][n] = sum_k A[m][k] B[n][k], the contracted index in lanes, for the step back through a layer and for
// Gram matrices. Each tile of 4 rows of A by 2 of B keeps its 8 vectors of sums in registers.
import { lanes, madd, sumLanes } from "../simd";

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
  cColumn: usize,
  bytes: usize,
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
  const b1 = b + bRow;
  for (let k: usize = 0; k < bytes; k += 16) {
    const y0 = v128.load(b + k);
    const x0 = v128.load(a + k);
    const x1 = aRows > 1 ? v128.load(a1 + k) : x0;
    const x2 = aRows > 1 ? v128.load(a2 + k) : x0;
    const x3 = aRows > 1 ? v128.load(a3 + k) : x0;
    s00 = madd<T>(x0, y0, s00);
    if (aRows > 1) {
      s10 = madd<T>(x1, y0, s10);
      s20 = madd<T>(x2, y0, s20);
      s30 = madd<T>(x3, y0, s30);
    }
    if (bRows > 1) {
      const y1 = v128.load(b1 + k);
      s01 = madd<T>(x0, y1, s01);
      if (aRows > 1) {
        s11 = madd<T>(x1, y1, s11);
        s21 = madd<T>(x2, y1, s21);
        s31 = madd<T>(x3, y1, s31);
      }
    }
  }
  store<T>(c, sumLanes<T>(s00));
  if (bRows > 1) store<T>(c + cColumn, sumLanes<T>(s01));
  if (aRows > 1) {
    c += cRow;
    store<T>(c, sumLanes<T>(s10));
    if (bRows > 1) store<T>(c + cColumn, sumLanes<T>(s11));
    c += cRow;
    store<T>(c, sumLanes<T>(s20));
    if (bRows > 1) store<T>(c + cColumn, sumLanes<T>(s21));
    c += cRow;
    store<T>(c, sumLanes<T>(s30));
    if (bRows > 1) store<T>(c + cColumn, sumLanes<T>(s31));
  }
}

function rows2<T>(a: usize, aRow: usize, aRows: i32, b: usize, bRow: usize, c: usize, cRow: usize, bytes: usize): void {
  let m = 0;
  for (; m + 4 <= aRows; m += 4) {
    tile<T>(4, 2, a, aRow, b, bRow, c, cRow, sizeof<T>(), bytes);
    a += 4 * aRow;
    c += 4 * cRow;
  }
  for (; m < aRows; m++) {
    tile<T>(1, 2, a, aRow, b, bRow, c, cRow, sizeof<T>(), bytes);
    a += aRow;
    c += cRow;
  }
}

function rows1<T>(a: usize, aRow: usize, aRows: i32, b: usize, c: usize, cRow: usize, bytes: usize): void {
  let m = 0;
  for (; m + 4 <= aRows; m += 4) {
    tile<T>(4, 1, a, aRow, b, 0, c, cRow, sizeof<T>(), bytes);
    a += 4 * aRow;
    c += 4 * cRow;
  }
  for (; m < aRows; m++) {
    tile<T>(1, 1, a, aRow, b, 0, c, cRow, sizeof<T>(), bytes);
    a += aRow;
    c += cRow;
  }
}

/** C[aRows][bRows] = A B^T over `inner` elements a row, a multiple of the lanes; rows are `aRow`, `bRow`, `cRow` bytes apart. */
export function dots<T>(
  a: usize,
  aRow: usize,
  aRows: i32,
  b: usize,
  bRow: usize,
  bRows: i32,
  c: usize,
  cRow: usize,
  inner: i32,
): void {
  const bytes = <usize>inner * sizeof<T>();
  let n = 0;
  for (; n + 2 <= bRows; n += 2) {
    rows2<T>(a, aRow, aRows, b, bRow, c, cRow, bytes);
    b += 2 * bRow;
    c += 2 * sizeof<T>();
  }
  if (n < bRows) rows1<T>(a, aRow, aRows, b, c, cRow, bytes);
}
