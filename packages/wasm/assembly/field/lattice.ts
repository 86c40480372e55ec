// The lattice job: the schedule from one observation to the next, and the observations, by all workers together.
import { barrier, worker, workerCount } from "../control";
import { evolve } from "./evolve";
import { closeRow, field0, fieldBytes, fields, planeBytes, planes, realisations, rowBytes, rows } from "./grid";
import { observe } from "./observe";

/** Closes the rows of the initial field, which the host has written. */
function closeRows<T>(): void {
  const all = realisations * fields * planes;
  for (let item = worker; item < all; item += workerCount()) {
    const plane = field0 + <usize>(item / planes) * fieldBytes + <usize>(item % planes) * planeBytes;
    for (let y = 0; y < rows; y++) closeRow<T>(plane + <usize>y * rowBytes);
  }
}

/**
 * Operations `from` .. `to - 1`, observing after those numbers of operations that stand in `due` (ascending, `count` 32-bit integers), into
 * records 0, 1, ... .
 */
function evolveLattice<T>(from: i32, to: i32, due: usize, count: i32): void {
  if (from == 0) {
    closeRows<T>();
    if (!barrier()) return;
  }
  let operation = from;
  for (let record = 0; record < count; record++) {
    const after = load<i32>(due + <usize>record * 4);
    if (!evolve<T>(operation, after)) return;
    operation = after;
    observe<T>(operation, record);
    if (!barrier()) return;
  }
  evolve<T>(operation, to);
}

export function evolveLattice32(from: i32, to: i32, due: usize, count: i32): void {
  evolveLattice<f32>(from, to, due, count);
}

export function evolveLattice64(from: i32, to: i32, due: usize, count: i32): void {
  evolveLattice<f64>(from, to, due, count);
}
