// One operation of a lattice schedule on one plane, kick then drift:
//   pi_f += laplacian (Laplacian phi_f) - force dV/dphi_f,   phi_f += drift pi_f.
// The new field goes to the other array, because the neighbours still need the old one.
import { gradient } from "../potential";
import { madd, nmadd } from "../simd";
import {
  closeRow,
  coefficients,
  constantsOf,
  dimensions,
  fieldBefore,
  fieldBytes,
  fields,
  forces,
  laplacianRowAt,
  momentum,
  planeBytes,
  planes,
  points,
  reach,
  rowBytes,
  rows,
  wrapped,
} from "./grid";
import { laplacianRow } from "./laplacian";

/** One vector. The site is taken off its neighbours before any factor, so that a uniform field has no Laplacian at all. */
@inline
function update<T>(
  neighbours: v128,
  phi: v128,
  pi: usize,
  slope: usize,
  next: usize,
  laplacian: v128,
  degree: v128,
  force: v128,
  drift: v128,
): void {
  let p = madd<T>(laplacian, nmadd<T>(degree, phi, neighbours), v128.load(pi));
  p = nmadd<T>(force, v128.load(slope), p);
  v128.store(pi, p);
  v128.store(next, madd<T>(drift, p, phi));
}

/** The vector `offset` bytes on from the pointers of row3. */
@inline
function site3<T>(
  row: usize,
  up: usize,
  down: usize,
  front: usize,
  back: usize,
  pi: usize,
  slope: usize,
  next: usize,
  offset: usize,
  laplacian: v128,
  degree: v128,
  force: v128,
  drift: v128,
): void {
  const along = v128.add<T>(v128.load(row - sizeof<T>() + offset), v128.load(row + sizeof<T>() + offset));
  const across = v128.add<T>(v128.load(up + offset), v128.load(down + offset));
  const beyond = v128.add<T>(v128.load(front + offset), v128.load(back + offset));
  const neighbours = v128.add<T>(v128.add<T>(along, across), beyond);
  const phi = v128.load(row + offset);
  update<T>(neighbours, phi, pi + offset, slope + offset, next + offset, laplacian, degree, force, drift);
}

/** A row in three dimensions, two vectors at a time: what runs past its end stays in its padding. */
function row3<T>(
  row: usize,
  up: usize,
  down: usize,
  front: usize,
  back: usize,
  pi: usize,
  slope: usize,
  next: usize,
  laplacian: T,
  force: T,
  drift: T,
): void {
  const c = v128.splat<T>(laplacian);
  const degree = v128.splat<T>(6);
  const f = v128.splat<T>(force);
  const d = v128.splat<T>(drift);
  const end = row + <usize>points * sizeof<T>();
  while (row < end) {
    site3<T>(row, up, down, front, back, pi, slope, next, 0, c, degree, f, d);
    site3<T>(row, up, down, front, back, pi, slope, next, 16, c, degree, f, d);
    row += 32;
    up += 32;
    down += 32;
    front += 32;
    back += 32;
    pi += 32;
    slope += 32;
    next += 32;
  }
}

function row2<T>(
  row: usize,
  front: usize,
  back: usize,
  pi: usize,
  slope: usize,
  next: usize,
  laplacian: T,
  force: T,
  drift: T,
): void {
  const c = v128.splat<T>(laplacian);
  const degree = v128.splat<T>(4);
  const f = v128.splat<T>(force);
  const d = v128.splat<T>(drift);
  const bytes = <usize>points * sizeof<T>();
  for (let x: usize = 0; x < bytes; x += 16) {
    const along = v128.add<T>(v128.load(row + x - sizeof<T>()), v128.load(row + x + sizeof<T>()));
    const across = v128.add<T>(v128.load(front + x), v128.load(back + x));
    update<T>(v128.add<T>(along, across), v128.load(row + x), pi + x, slope + x, next + x, c, degree, f, d);
  }
}

function row1<T>(row: usize, pi: usize, slope: usize, next: usize, laplacian: T, force: T, drift: T): void {
  const c = v128.splat<T>(laplacian);
  const degree = v128.splat<T>(2);
  const f = v128.splat<T>(force);
  const d = v128.splat<T>(drift);
  const bytes = <usize>points * sizeof<T>();
  for (let x: usize = 0; x < bytes; x += 16) {
    const along = v128.add<T>(v128.load(row + x - sizeof<T>()), v128.load(row + x + sizeof<T>()));
    update<T>(along, v128.load(row + x), pi + x, slope + x, next + x, c, degree, f, d);
  }
}

/** A row whose Laplacian stands in a row of its own. */
function rowOf<T>(
  row: usize,
  pi: usize,
  slope: usize,
  next: usize,
  laplacians: usize,
  laplacian: T,
  force: T,
  drift: T,
): void {
  const c = v128.splat<T>(laplacian);
  const f = v128.splat<T>(force);
  const d = v128.splat<T>(drift);
  const bytes = <usize>points * sizeof<T>();
  for (let x: usize = 0; x < bytes; x += 16) {
    const p = nmadd<T>(f, v128.load(slope + x), madd<T>(c, v128.load(laplacians + x), v128.load(pi + x)));
    v128.store(pi + x, p);
    v128.store(next + x, madd<T>(d, p, v128.load(row + x)));
  }
}

/** Operation `operation` on plane `plane` of the realisation whose first field starts `start` bytes into each array. */
export function stepPlane<T>(operation: i32, start: usize, plane: i32): void {
  const at = coefficients + <usize>operation * 24;
  const laplacian = <T>load<f64>(at);
  const force = <T>load<f64>(at, 8);
  const drift = <T>load<f64>(at, 16);
  const old = fieldBefore(operation) + start;
  const next = fieldBefore(operation + 1) + start;
  const pi = momentum + start;
  const here = <usize>plane * planeBytes;
  const front = <usize>wrapped(plane - 1, planes) * planeBytes;
  const back = <usize>wrapped(plane + 1, planes) * planeBytes;
  const last = <usize>(rows - 1) * rowBytes;
  const constants = constantsOf(start);
  for (let y = 0; y < rows; y++) {
    const row = <usize>y * rowBytes;
    gradient(old + here + row, <i32>fieldBytes, forces, <i32>rowBytes, points, constants);
    for (let f = 0; f < fields; f++) {
      const base = <usize>f * fieldBytes;
      const slope = forces + <usize>f * rowBytes;
      const center = old + base + here + row;
      const p = pi + base + here + row;
      const n = next + base + here + row;
      if (reach > 1) {
        laplacianRow<T>(old + base, plane, y, laplacianRowAt());
        rowOf<T>(center, p, slope, n, laplacianRowAt(), laplacian, force, drift);
      } else if (dimensions == 3) {
        const up = old + base + here + (y == 0 ? last : row - rowBytes);
        const down = old + base + here + (y == rows - 1 ? 0 : row + rowBytes);
        row3<T>(center, up, down, old + base + front + row, old + base + back + row, p, slope, n, laplacian, force, drift);
      } else if (dimensions == 2) {
        row2<T>(center, old + base + front, old + base + back, p, slope, n, laplacian, force, drift);
      } else {
        row1<T>(center, p, slope, n, laplacian, force, drift);
      }
      closeRow<T>(n);
    }
  }
}
