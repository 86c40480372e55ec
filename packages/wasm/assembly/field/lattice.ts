// The lattice job: the schedule from one observation to the next, and the observations, by all workers together.
import { barrier, worker, workerCount } from "../control";
import { evolveCoupled, isCoupled } from "./couple";
import { evolve } from "./evolve";
import { closeRow, fieldBefore, fieldBytes, fields, planeBytes, planes, realisations, rowBytes, rows } from "./grid";
import { observe } from "./observe";

/** Closes the rows of the field before `operation`, which the host has written. */
function closeLattice<T>(operation: i32): void {
  const all = realisations * fields * planes;
  for (let item = worker; item < all; item += workerCount()) {
    const plane = fieldBefore(operation) + <usize>(item / planes) * fieldBytes + <usize>(item % planes) * planeBytes;
    for (let y = 0; y < rows; y++) closeRow<T>(plane + <usize>y * rowBytes);
  }
  barrier();
}

/**
 * Operations `from` .. `to - 1`, observing after those numbers of operations that stand in `due` (ascending, `count` 32-bit integers), into
 * records 0, 1, ... .
 */
function evolveLattice<T>(from: i32, to: i32, due: usize, count: i32): void {
  let operation = from;
  let record = 0;
  // What is coupled is observed as it is evolved, but for its beginning.
  while (record < count) {
    const after = load<i32>(due + <usize>record * 4);
    if (isCoupled() && after > operation) break;
    if (!isCoupled() && !evolve<T>(operation, after)) return;
    operation = after;
    observe<T>(operation, record++);
    if (!barrier()) return;
  }
  if (isCoupled()) evolveCoupled<T>(operation, to, due, record, count);
  else evolve<T>(operation, to);
}

export function closeLattice32(operation: i32): void {
  closeLattice<f32>(operation);
}

export function closeLattice64(operation: i32): void {
  closeLattice<f64>(operation);
}

export function evolveLattice32(from: i32, to: i32, due: usize, count: i32): void {
  evolveLattice<f32>(from, to, due, count);
}

export function evolveLattice64(from: i32, to: i32, due: usize, count: i32): void {
  evolveLattice<f64>(from, to, due, count);
}
