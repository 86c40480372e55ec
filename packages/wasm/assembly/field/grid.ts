// A lattice in memory: [realisations][fields][planes][rows][rowBytes]. In three dimensions a plane has `points` rows, in two one row, and in
// one the only plane has one row. A row's sites are followed by a copy of its first and preceded by one of its last, so that a stencil
// along a row needs no special case at its ends; both copies are made by whoever writes the row.

export let dimensions: i32 = 3;
export let points: i32 = 1;
export let realisations: i32 = 1;
export let fields: i32 = 1;
/** Planes, and rows of a plane. */
export let planes: i32 = 1;
export let rows: i32 = 1;
/** Bytes from a row to the next, from a plane to the next, and from a field to the next. */
export let rowBytes: usize = 0;
export let planeBytes: usize = 0;
export let fieldBytes: usize = 0;

/** The field's two arrays, between which operations alternate, and the momentum; each points at site 0 of the first row. */
export let field0: usize = 0;
export let field1: usize = 0;
export let momentum: usize = 0;
/** [operations][3] float64: laplacian (with 1/dx^2 in it), force, drift. */
export let coefficients: usize = 0;
/** This worker's rows of forces, [fields] of them `rowBytes` apart. */
export let forces: usize = 0;

export function setGrid(
  dimensionsOf: i32,
  pointsOf: i32,
  realisationsOf: i32,
  fieldsOf: i32,
  rowBytesOf: usize,
  planeBytesOf: usize,
  fieldBytesOf: usize,
): void {
  dimensions = dimensionsOf;
  points = pointsOf;
  realisations = realisationsOf;
  fields = fieldsOf;
  planes = dimensionsOf == 1 ? 1 : pointsOf;
  rows = dimensionsOf == 3 ? pointsOf : 1;
  rowBytes = rowBytesOf;
  planeBytes = planeBytesOf;
  fieldBytes = fieldBytesOf;
}

export function setLattice(
  field0At: usize,
  field1At: usize,
  momentumAt: usize,
  coefficientsAt: usize,
  forcesAt: usize,
): void {
  field0 = field0At;
  field1 = field1At;
  momentum = momentumAt;
  coefficients = coefficientsAt;
  forces = forcesAt;
}

/** The field's array before operation `operation`. */
@inline
export function fieldBefore(operation: i32): usize {
  return (operation & 1) == 0 ? field0 : field1;
}

/** 0 .. planes - 1 for one lap to either side. */
@inline
export function wrapped(plane: i32): i32 {
  return plane < 0 ? plane + planes : plane >= planes ? plane - planes : plane;
}

/** Copies a row's ends beside its other ends. */
@inline
export function closeRow<T>(row: usize): void {
  const end = row + <usize>points * sizeof<T>();
  store<T>(row - sizeof<T>(), load<T>(end - sizeof<T>()));
  store<T>(end, load<T>(row));
}
