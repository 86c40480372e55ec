/** How a lattice stands in the shared memory, as packages/wasm/assembly/field/grid.ts says: rows with room for their periodic neighbours. */
import type { Grid, LatticeJob } from "../latticeJob.ts";

/** Strides in bytes, and the numbers of planes and rows. */
export interface Layout {
  readonly planes: number;
  readonly rows: number;
  readonly rowBytes: number;
  readonly planeBytes: number;
  readonly fieldBytes: number;
  /** Bytes before the first row's first site. */
  readonly lead: number;
}

/** `count` to whole multiples. */
export const upTo = (count: number, multiple: number): number => Math.ceil(count / multiple) * multiple;

export function layoutOf({ grid }: { readonly grid: Pick<Grid, "dimensions" | "points"> }, size: 4 | 8): Layout {
  const { dimensions, points } = grid;
  const planes = dimensions === 1 ? 1 : points;
  const rows = dimensions === 3 ? points : 1;
  // Half a line on either side of a row: room for the neighbours of the widest stencil, and no power of two between rows.
  const rowBytes = upTo(points * size, 16) + 64;
  // Planes whole pages apart would meet in the same sets of the cache.
  const planeBytes = rows * rowBytes + (rows > 1 && (rows * rowBytes) % 4096 < 1024 ? 1088 : 0);
  return { planes, rows, rowBytes, planeBytes, fieldBytes: planes * planeBytes, lead: 32 };
}

/** Sum over the planes, in their order, of number `of` of the `width` that each has: [...][planes][width], at index `i` of the first. */
export function overPlanes(values: Float64Array, planes: number, i: number, width = 1, of = 0): number {
  let sum = 0;
  for (let plane = 0; plane < planes; plane++) sum += values[(i * planes + plane) * width + of]!;
  return sum;
}

export type Elements = Float32Array | Float64Array;

/** Calls `row` with the element at which each row of the array at `address` begins, in the order of the packed [realisations][fields][sites]. */
function eachRow(
  { realisations, fields }: Pick<LatticeJob, "realisations" | "fields">,
  { planes, rows, rowBytes, planeBytes, fieldBytes }: Layout,
  { BYTES_PER_ELEMENT: size }: Elements,
  address: number,
  row: (element: number) => void,
): void {
  for (let rf = 0; rf < realisations * fields; rf++) {
    for (let plane = 0; plane < planes; plane++) {
      for (let y = 0; y < rows; y++) row((address + rf * fieldBytes + plane * planeBytes + y * rowBytes) / size);
    }
  }
}

/** Copies a packed array into the rows of the array at `address`. */
export function writeRows(job: LatticeJob, layout: Layout, elements: Elements, address: number, packed: Float64Array) {
  const { points } = job.grid;
  let from = 0;
  // Element by element: a view for each of millions of short rows would cost more than the copy.
  eachRow(job, layout, elements, address, (at) => {
    for (let x = 0; x < points; x++) elements[at + x] = packed[from++]!;
  });
}

/** Copies the rows at `address` into a packed array. */
export function readRows(job: LatticeJob, layout: Layout, elements: Elements, address: number, packed: Float64Array) {
  const { points } = job.grid;
  let to = 0;
  eachRow(job, layout, elements, address, (at) => {
    for (let x = 0; x < points; x++) packed[to++] = elements[at + x]!;
  });
}
