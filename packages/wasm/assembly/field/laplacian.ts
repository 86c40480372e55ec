// dx^2 times the Laplacian of a row with a stencil of any reach, distance by distance: the row stays in the first cache between the passes.
// The site is taken off its neighbours before any factor, so that a uniform field has no Laplacian at all.
import { madd, nmadd } from "../simd";
import { dimensions, planeBytes, planes, points, reach, rowBytes, rows, weight, wrapped } from "./grid";

/** out (+)= weight (sum of the neighbours at `distance` bytes along the row, and in the four other rows, - 6 phi). */
@inline
function pass3<T>(
  first: bool,
  row: usize,
  up: usize,
  down: usize,
  front: usize,
  back: usize,
  distance: usize,
  weight: T,
  out: usize,
): void {
  const w = v128.splat<T>(weight);
  const degree = v128.splat<T>(6);
  const end = out + <usize>points * sizeof<T>();
  do {
    const along = v128.add<T>(v128.load(row - distance), v128.load(row + distance));
    const across = v128.add<T>(v128.load(up), v128.load(down));
    const beyond = v128.add<T>(v128.load(front), v128.load(back));
    const sum = nmadd<T>(degree, v128.load(row), v128.add<T>(v128.add<T>(along, across), beyond));
    v128.store(out, first ? v128.mul<T>(w, sum) : madd<T>(w, sum, v128.load(out)));
    row += 16;
    up += 16;
    down += 16;
    front += 16;
    back += 16;
    out += 16;
  } while (out < end);
}

@inline
function pass2<T>(first: bool, row: usize, front: usize, back: usize, distance: usize, weight: T, out: usize): void {
  const w = v128.splat<T>(weight);
  const degree = v128.splat<T>(4);
  const end = out + <usize>points * sizeof<T>();
  do {
    const along = v128.add<T>(v128.load(row - distance), v128.load(row + distance));
    const beyond = v128.add<T>(v128.load(front), v128.load(back));
    const sum = nmadd<T>(degree, v128.load(row), v128.add<T>(along, beyond));
    v128.store(out, first ? v128.mul<T>(w, sum) : madd<T>(w, sum, v128.load(out)));
    row += 16;
    front += 16;
    back += 16;
    out += 16;
  } while (out < end);
}

@inline
function pass1<T>(first: bool, row: usize, distance: usize, weight: T, out: usize): void {
  const w = v128.splat<T>(weight);
  const degree = v128.splat<T>(2);
  const end = out + <usize>points * sizeof<T>();
  do {
    const along = v128.add<T>(v128.load(row - distance), v128.load(row + distance));
    const sum = nmadd<T>(degree, v128.load(row), along);
    v128.store(out, first ? v128.mul<T>(w, sum) : madd<T>(w, sum, v128.load(out)));
    row += 16;
    out += 16;
  } while (out < end);
}

/** Writes dx^2 Laplacian phi of row `y` of plane `plane` of the field that starts at `field` to the row at `out`. */
export function laplacianRow<T>(field: usize, plane: i32, y: i32, out: usize): void {
  const here = field + <usize>plane * planeBytes;
  const inPlane = <usize>y * rowBytes;
  const row = here + inPlane;
  for (let j = 1; j <= reach; j++) {
    const w = <T>weight(j);
    const distance = <usize>j * sizeof<T>();
    if (dimensions == 1) {
      if (j == 1) pass1<T>(true, row, distance, w, out);
      else pass1<T>(false, row, distance, w, out);
      continue;
    }
    const front = field + <usize>wrapped(plane - j, planes) * planeBytes + inPlane;
    const back = field + <usize>wrapped(plane + j, planes) * planeBytes + inPlane;
    if (dimensions == 2) {
      if (j == 1) pass2<T>(true, row, front, back, distance, w, out);
      else pass2<T>(false, row, front, back, distance, w, out);
      continue;
    }
    const up = here + <usize>wrapped(y - j, rows) * rowBytes;
    const down = here + <usize>wrapped(y + j, rows) * rowBytes;
    if (j == 1) pass3<T>(true, row, up, down, front, back, distance, w, out);
    else pass3<T>(false, row, up, down, front, back, distance, w, out);
  }
}
