// The sums over the sites that a lattice's mean energies are made of, in float64 and plane by plane, of a state that stands outside of this
// memory: see packages/core/src/engine/cpu/energies.ts. Never fused, so that the bits are the same on every host.
import { claim, progress, stopped } from "./control";
import {
  closeRow,
  fieldBytes,
  fields,
  momentum,
  planeBytes,
  planes,
  points,
  reach,
  realisations,
  rowBytes,
  rows,
  wrapped,
} from "./field/grid";
import { MOMENTS, planeMoments } from "./field/observe";

export { joinWorkers } from "./control";
export { setGrid, setLattice, setStencil } from "./field/grid";

/** As in fourier/draw.ts; the arrays are fields, momenta, and [realisations][fields][planes][MOMENTS] of results. */
@external("host", "put")
declare function put(array: i32, element: f64, step: f64, address: usize, stride: usize, count: i32, rows: i32): void;
@external("host", "fetch")
declare function fetch(array: i32, element: f64, step: f64, address: usize, stride: usize, count: i32, rows: i32): void;

/**
 * All sums, with all other workers. `area` is this worker's: of each field the plane at hand and those that the stencil reaches beyond it; the
 * momenta's plane stands likewise at `momentum`; `record` has room for one plane's sums.
 */
export function sumEnergies(area: usize, record: usize): void {
  const size = <f64>rows * points;
  const items = realisations * planes;
  for (let item = claim(); item < items && !stopped(); item = claim()) {
    const plane = item % planes;
    const first = (item / planes) * fields;
    for (let f = 0; f < fields; f++) {
      const begin = (<f64>first + f) * planes;
      const to = area + <usize>f * fieldBytes;
      for (let j = 0; j <= min(reach, planes - 1); j++) {
        const at = (begin + wrapped(plane + j, planes)) * size;
        fetch(0, at, points, to + <usize>j * planeBytes, rowBytes, points, rows);
      }
      for (let y = 0; y < rows; y++) closeRow<f64>(to + <usize>y * rowBytes);
      fetch(1, (begin + plane) * size, points, momentum + <usize>f * fieldBytes, rowBytes, points, rows);
    }
    for (let f = 0; f < fields; f++) {
      planeMoments<f64>(area, 0, f, 0, record);
      put(2, ((<f64>first + f) * planes + plane) * MOMENTS, 0, record, 0, MOMENTS, 1);
    }
    progress(1);
  }
}
