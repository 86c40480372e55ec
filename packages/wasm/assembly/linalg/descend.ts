// Descent of weights, columns in lanes: W += A^T B, or with momentum V = momentum V + A^T B, W += V; summed over one slice of data after the
// other, each in order.
import { lanes } from "../simd";
import { packColumns, panelBytes, sliceBytes, splatPanel } from "./pack";
import { descendTiles, PANEL, rollTiles, sliceOf, WIDE } from "./tile";
import { fewDescend } from "./unpacked";

/** Rows of weights from which packing pays: those of B are read for each three of them. */
const FEW = 5;

/**
 * Descent of `rows` consecutive rows of weights W[rows][columns]: G = A^T B with A[inner][rows] and B[inner][columns], rows `aRow` and `bRow`
 * bytes apart, W += G; where `momentum` is not zero V = momentum V + G, W += V, V standing `velocity` bytes behind W. `scratch` has room
 * for one panel of a slice and all panels of B.
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
  const panels = scratch + sliceBytes();
  packColumns(b, bRow, inner, columns / lanes<T>(), panels);
  packedDescend<T>(a, aRow, panels, w, wRow, rows, columns, inner, velocity, momentum, scratch);
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
    const factor = k == 0 ? momentum : 1;
    let from = a;
    let to = w;
    for (let m = 0; m < rows; m += WIDE) {
      splatPanel<T>(from, sizeof<T>(), rows - m, aRow, turns, scratch);
      if (momentum == 0) rollTiles<T>(scratch, rows - m, b, next, vectors, turns, to, wRow, 1);
      else if (k + turns < inner) rollTiles<T>(scratch, rows - m, b, next, vectors, turns, to + velocity, wRow, factor);
      else descendTiles<T>(scratch, rows - m, b, next, vectors, turns, to, wRow, velocity, factor);
      from += WIDE * sizeof<T>();
      to += <usize>WIDE * wRow;
    }
    a += <usize>slice * aRow;
    b += <usize>slice * PANEL;
  }
}
