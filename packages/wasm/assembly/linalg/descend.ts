// Descent of weights, columns in lanes: W += A^T B, or with momentum V = momentum V + A^T B, W += V.
import { lanes } from "../simd";
import { packColumns } from "./pack";
import { ADD, DESCEND, PANEL, tile } from "./tile";

function descendRows4<T>(quad: usize, b: usize, bRow: usize, next: usize, w: usize, wRow: usize, panels: i32, inner: i32): void {
  for (let p = 0; p < panels; p++) {
    tile<T>(4, ADD, quad, sizeof<T>(), 4 * sizeof<T>(), b, bRow, w, wRow, inner, 0, v128.splat<T>(0));
    b += next;
    w += PANEL;
  }
}

function descendRows1<T>(a: usize, aK: usize, b: usize, bRow: usize, next: usize, w: usize, panels: i32, inner: i32): void {
  for (let p = 0; p < panels; p++) {
    tile<T>(1, ADD, a, 0, aK, b, bRow, w, 0, inner, 0, v128.splat<T>(0));
    b += next;
    w += PANEL;
  }
}

function rollRows4<T>(
  quad: usize,
  b: usize,
  bRow: usize,
  next: usize,
  w: usize,
  wRow: usize,
  panels: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
): void {
  const beta = v128.splat<T>(<T>momentum);
  for (let p = 0; p < panels; p++) {
    tile<T>(4, DESCEND, quad, sizeof<T>(), 4 * sizeof<T>(), b, bRow, w, wRow, inner, velocity, beta);
    b += next;
    w += PANEL;
  }
}

function rollRows1<T>(
  a: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  next: usize,
  w: usize,
  panels: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
): void {
  const beta = v128.splat<T>(<T>momentum);
  for (let p = 0; p < panels; p++) {
    tile<T>(1, DESCEND, a, 0, aK, b, bRow, w, 0, inner, velocity, beta);
    b += next;
    w += PANEL;
  }
}

/**
 * Descent of `rows` consecutive rows of weights W[rows][columns]: G = A^T B with A[inner][rows] (rows `aK` bytes apart) and
 * B[inner][columns], W += G; where `momentum` is not zero V = momentum V + G, W += V, V standing `velocity` bytes behind W. Rows of B's
 * panels of two vectors are `bRow` bytes apart and the panels `next`; `quad` has room for pack.ts's quadBytes<T>(inner).
 */
export function descend<T>(
  a: usize,
  aK: usize,
  b: usize,
  bRow: usize,
  next: usize,
  w: usize,
  wRow: usize,
  rows: i32,
  columns: i32,
  inner: i32,
  velocity: usize,
  momentum: f64,
  quad: usize,
): void {
  const panels = columns / (2 * lanes<T>());
  let m = 0;
  for (; m + 4 <= rows; m += 4) {
    packColumns<T>(a, aK, inner, quad);
    if (momentum == 0) descendRows4<T>(quad, b, bRow, next, w, wRow, panels, inner);
    else rollRows4<T>(quad, b, bRow, next, w, wRow, panels, inner, velocity, momentum);
    a += 4 * sizeof<T>();
    w += 4 * wRow;
  }
  for (; m < rows; m++) {
    if (momentum == 0) descendRows1<T>(a, aK, b, bRow, next, w, panels, inner);
    else rollRows1<T>(a, aK, b, bRow, next, w, panels, inner, velocity, momentum);
    a += sizeof<T>();
    w += wRow;
  }
}
