// Products of rows with rows: C[m][n] = sum_k A[m][k] B[n][k], the contracted index in lanes, for the step back through a layer. Each lane is
// summed over one slice of k after the other, and the lanes of a slice pairwise.
import { alive } from "../control";
import { lanes } from "../simd";
import { fewDots } from "./gram";
import { PACKED, packRows, panelBytes, sliceBytes } from "./pack";
import { addLaneTiles, laneTiles, PANEL, sliceOf, WIDE } from "./tile";

/**
 * C[aRows][bRows] = A B^T over `inner` elements a row, a multiple of the lanes; rows are `aRow`, `bRow`, `cRow` bytes apart. `scratch` has
 * room for one panel of a slice and all panels of A.
 */
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
  scratch: usize,
): void {
  const turns = <i32>((<usize>inner * sizeof<T>()) >> 4);
  if (min(aRows, bRows) < PACKED) {
    fewDots<T>(a, aRow, aRows, b, bRow, bRows, c, cRow, turns);
    return;
  }
  const panels = scratch + sliceBytes();
  packRows(a, aRow, aRows, turns, panels);
  packedDots<T>(panels, aRows, b, bRow, bRows, c, cRow, turns, scratch);
}

/** The same with A's rows of `turns` vectors packed; `scratch` has room for one panel of a slice. */
export function packedDots<T>(
  a: usize,
  aRows: i32,
  b: usize,
  bRow: usize,
  bRows: i32,
  c: usize,
  cRow: usize,
  turns: i32,
  scratch: usize,
): void {
  const next = panelBytes(turns);
  const slice = sliceOf(turns);
  for (let k = 0; k < turns; k += slice) {
    const some = min(slice, turns - k);
    let from = b;
    let to = c;
    for (let n = 0; n < bRows; n += WIDE) {
      if (k == 0) laneTiles<T>(from, bRow, scratch, bRows - n, a, next, aRows, some, to, cRow);
      else addLaneTiles<T>(from, bRow, scratch, bRows - n, a, next, aRows, some, to, cRow);
      alive(<i64>WIDE * aRows * some * lanes<T>());
      from += <usize>WIDE * bRow;
      to += WIDE * sizeof<T>();
    }
    a += <usize>slice * PANEL;
    b += <usize>slice * 16;
  }
}
