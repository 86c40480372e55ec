// The forward product, columns in lanes: C[m][n] = sum_k A[m][k] B[k][n], summed over one slice of k after the other, each in order.
import { alive } from "../control";
import { lanes } from "../simd";
import { COLUMNS, PACKED, packColumns, panelBytes, sliceBytes } from "./pack";
import { rollTiles, sliceOf, storeTiles, WIDE } from "./tile";
import { fewProduct } from "./unpacked";

/**
 * C[rows][columns] = A[rows][inner] B[inner][columns]; rows are `aRow`, `bRow`, `cRow` bytes apart and columns a multiple of two vectors.
 * `scratch` has room for the panels of a slice of 258 vectors of columns, or of as many as there are, behind one of a slice.
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
  scratch: usize,
): void {
  if (min(rows, inner) < PACKED) {
    fewProduct<T>(a, aRow, b, bRow, c, cRow, rows, columns, inner);
    return;
  }
  const vectors = columns / lanes<T>();
  const slice = sliceOf(inner);
  const panels = scratch + sliceBytes();
  for (let k = 0; k < inner; k += slice) {
    const turns = min(slice, inner - k);
    const next = panelBytes(turns);
    for (let n = 0; n < vectors; n += COLUMNS) {
      const some = min(COLUMNS, vectors - n);
      packColumns(b + <usize>n * 16, bRow, turns, some, panels);
      let from = a;
      let to = c + <usize>n * 16;
      for (let m = 0; m < rows; m += WIDE) {
        if (k == 0) storeTiles<T>(from, aRow, scratch, rows - m, panels, next, some, turns, to, cRow);
        else rollTiles<T>(from, aRow, sizeof<T>(), scratch, rows - m, panels, next, some, turns, to, cRow, 1);
        alive(<i64>WIDE * some * lanes<T>() * turns);
        from += <usize>WIDE * aRow;
        to += <usize>WIDE * cRow;
      }
    }
    a += <usize>slice * sizeof<T>();
    b += <usize>slice * bRow;
  }
}
