// A schedule's operations on a plane of all fields, by kernels of the job's own (packages/core/src/engine/cpu/latticeWat.ts).
import { clearRecord } from "./observe";
import { coefficients, constantsOf, field0, fieldBefore, momentum } from "./grid";

/** pi += laplacian dx^2 Laplacian phi - force dV/dphi, next = phi + drift pi. All arrays by their realisation's first site. */
@external("lattice", "step")
declare function step(
  plane: i32,
  field: usize,
  constants: usize,
  momentum: usize,
  next: usize,
  laplacian: f64,
  force: f64,
  drift: f64,
): void;

/**
 * Two kicks of pi in place, and to `target` the sums in between; where the plane a stencil's reach ahead is `due`, it is drifted first, row by
 * row. The moments in between are added to `record`, where it is not 0.
 */
@external("lattice", "kick")
declare function kick(
  plane: i32,
  field: usize,
  constants: usize,
  target: usize,
  laplacian: f64,
  force: f64,
  laplacian2: f64,
  force2: f64,
  due: bool,
  drift: f64,
  record: usize,
): void;

/** Operation `operation` on plane `plane` of the realisation whose first field starts `start` bytes into each array. */
export function stepPlane(operation: i32, start: usize, plane: i32): void {
  const at = coefficients + <usize>operation * 24;
  // The new field goes to the other array, because the neighbours still need the old one.
  step(
    plane,
    fieldBefore(operation) + start,
    constantsOf(start),
    momentum + start,
    fieldBefore(operation + 1) + start,
    load<f64>(at),
    load<f64>(at, 8),
    load<f64>(at, 16),
  );
}

/**
 * Both kicks of a plane, their sums of pi^2, -dx^2 (phi - reference) Laplacian phi and V to `target`, and its moments to `record` where that
 * is not 0.
 */
export function kickPlane(
  start: usize,
  plane: i32,
  laplacian1: f64,
  force1: f64,
  laplacian2: f64,
  force2: f64,
  due: bool,
  drift: f64,
  target: usize,
  record: usize,
): void {
  memory.fill(target, 0, 24);
  if (record != 0) clearRecord(record);
  kick(plane, field0 + start, constantsOf(start), target, laplacian1, force1, laplacian2, force2, due, drift, record);
}
