// The forward product, columns in lanes: C[m][n] = sum_k A[m][k] B[k][n].
import { lanes } from "../simd";
import { packPanels, panelBytes } from "./pack";
import { ADD, PANEL, STORE, tile } from "./tile";

/** Rows of B that one pass over its columns takes: their part of a panel stays in the first cache, their pages in the TLB. */
const SLICE = 64;
/** Rows of A that pass over all panels while the first cache holds their part of a slice. */
const ROWS = 32;
/** Panels that are packed together. */
const PANELS = 64;
/** Rows of A from which packing B pays: it takes as long as the tiles of 8 rows or so. */
const PACKED = 64;

/** `rows` rows of one panel of two vectors, in `mode`. */
@inline
function panel<T>(
  mode: i32,
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  inner: i32,
): void {
  const none = v128.splat<T>(0);
  let m = 0;
  for (; m + 4 <= rows; m += 4) {
    tile<T>(4, mode, a, aRow, sizeof<T>(), b, bRow, c, cRow, inner, 0, none);
    a += 4 * aRow;
    c += 4 * cRow;
  }
  for (; m < rows; m++) {
    tile<T>(1, mode, a, 0, sizeof<T>(), b, bRow, c, 0, inner, 0, none);
    a += aRow;
    c += cRow;
  }
}

function panelStored<T>(a: usize, aRow: usize, b: usize, bRow: usize, c: usize, cRow: usize, rows: i32, inner: i32): void {
  panel<T>(STORE, a, aRow, b, bRow, c, cRow, rows, inner);
}

function panelAdded<T>(a: usize, aRow: usize, b: usize, bRow: usize, c: usize, cRow: usize, rows: i32, inner: i32): void {
  panel<T>(ADD, a, aRow, b, bRow, c, cRow, rows, inner);
}

/** `panels` panels, `bRow` bytes between the rows of each and `next` from one to the next. */
function slice<T>(
  first: bool,
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  next: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  panels: i32,
  inner: i32,
): void {
  for (let p = 0; p < panels; p++) {
    if (first) panelStored<T>(a, aRow, b, bRow, c, cRow, rows, inner);
    else panelAdded<T>(a, aRow, b, bRow, c, cRow, rows, inner);
    b += next;
    c += PANEL;
  }
}

/**
 * C[rows][columns] = A[rows][inner] B[inner][columns]; rows are `aRow`, `bRow`, `cRow` bytes apart and columns a multiple of two vectors.
 * B is read once from memory however large it is. `scratch` has room for PANELS packed panels of a slice.
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
  const panels = columns / (2 * lanes<T>());
  for (let k = 0; k < inner; k += SLICE) {
    const count = min(SLICE, inner - k);
    if (rows < PACKED) slice<T>(k == 0, a, aRow, b, bRow, PANEL, c, cRow, rows, panels, count);
    else {
      for (let p = 0; p < panels; p += PANELS) {
        const some = min(PANELS, panels - p);
        const column = <usize>p * PANEL;
        packPanels(b + column, bRow, count, some, scratch);
        for (let m = 0; m < rows; m += ROWS) {
          const from = a + <usize>m * aRow;
          const to = c + <usize>m * cRow + column;
          slice<T>(k == 0, from, aRow, scratch, PANEL, panelBytes(count), to, cRow, min(ROWS, rows - m), some, count);
        }
      }
    }
    a += SLICE * sizeof<T>();
    b += SLICE * bRow;
  }
}
