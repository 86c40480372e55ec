// Descent of weights, columns in lanes: W += A^T B, or with momentum V = momentum V + A^T B, W += V; summed over one slice of data after the
// other, each in order.
import { alive } from "../control";
import { lanes } from "../simd";
import { COLUMNS, packColumns, panelBytes, sliceBytes } from "./pack";
import { descendTiles, PANEL, rollTiles, sliceOf, WIDE } from "./tile";
import { fewDescend } from "./unpacked";

/** Rows of weights from which packing pays: those of B are read for each three of them. */
const FEW = 5;

/**
 * Descent of `rows` consecutive rows of weights W[rows][columns]: G = A^T B with A[inner][rows] and B[inner][columns], rows `aRow` and `bRow`
 * bytes apart, W += G; where `momentum` is not zero V = momentum V + G, W += V, V standing `velocity` bytes behind W. `scratch` has room
 * for the panels of a slice of 258 vectors of columns, or of as many as there are, behind one of a slice.
 */
export function descend<T>(
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
  scratch: usize,
): void {
  if (rows < FEW) {
    fewDescend<T>(a, aRow, b, bRow, w, wRow, rows, columns, inner, velocity, momentum);
    return;
  }
  const vectors = columns / lanes<T>();
  const slice = sliceOf(inner);
  const panels = scratch + sliceBytes();
  for (let k = 0; k < inner; k += slice) {
    const turns = min(slice, inner - k);
    for (let n = 0; n < vectors; n += COLUMNS) {
      const some = min(COLUMNS, vectors - n);
      const at = <usize>n * 16;
      packColumns(b + at, bRow, turns, some, panels);
      descendSlice<T>(a, aRow, panels, panelBytes(turns), w + at, wRow, rows, some, k, turns, inner, velocity, momentum, scratch);
    }
    a += <usize>slice * aRow;
    b += <usize>slice * bRow;
  }
}

/** The same with B's columns packed; `scratch` has room for one panel of a slice. */
export function packedDescend<T>(
  a: usize,
  aRow: usize,
  b: usize,
  w: usize,
  wRow: usize,
  rows: i32,
  columns: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
  scratch: usize,
): void {
  const vectors = columns / lanes<T>();
  const next = panelBytes(inner);
  const slice = sliceOf(inner);
  for (let k = 0; k < inner; k += slice) {
    const turns = min(slice, inner - k);
    descendSlice<T>(a, aRow, b, next, w, wRow, rows, vectors, k, turns, inner, velocity, momentum, scratch);
    a += <usize>slice * aRow;
    b += <usize>slice * PANEL;
  }
}

/** What data from `k` on, `turns` of all `inner`, do: the first to come takes the momentum along, and with the last the weights go. */
function descendSlice<T>(
  a: usize,
  aRow: usize,
  b: usize,
  bNext: usize,
  w: usize,
  wRow: usize,
  rows: i32,
  vectors: i32,
  k: i32,
  turns: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
  scratch: usize,
): void {
  const factor = k == 0 ? momentum : 1;
  const size = sizeof<T>();
  for (let m = 0; m < rows; m += WIDE) {
    if (momentum == 0) rollTiles<T>(a, size, aRow, scratch, rows - m, b, bNext, vectors, turns, w, wRow, 1);
    else if (k + turns < inner) rollTiles<T>(a, size, aRow, scratch, rows - m, b, bNext, vectors, turns, w + velocity, wRow, factor);
    else descendTiles<T>(a, size, aRow, scratch, rows - m, b, bNext, vectors, turns, w, wRow, velocity, factor);
    alive(<i64>WIDE * vectors * lanes<T>() * turns);
    a += WIDE * size;
    w += <usize>WIDE * wRow;
  }
}
