// A lattice in memory: [realisations][fields][planes][rows][rowBytes]. In three dimensions a plane has `points` rows, in two one row, and in
// one the only plane has one row. A row's sites are followed by copies of its first and preceded by copies of its last, as many as the stencil
// reaches, so that a stencil along a row needs no special case at its ends; the copies are made by whoever writes the row.

export let dimensions: i32 = 3;
export let points: i32 = 1;
export let realisations: i32 = 1;
export let fields: i32 = 1;
/** Planes, and rows of a plane. */
export let planes: i32 = 1;
export let rows: i32 = 1;
/** Sites to either side that the stencil reads, 1, 2 or 3, and its weights at the distances 1, 2 and 3: see STENCILS in latticeJob.ts. */
export let reach: i32 = 1;
export let weight1: f64 = 1;
export let weight2: f64 = 0;
export let weight3: f64 = 0;
/** Bytes from a row to the next, from a plane to the next, and from a field to the next. */
export let rowBytes: usize = 0;
export let planeBytes: usize = 0;
export let fieldBytes: usize = 0;

/** The field's two arrays, between which operations alternate (one and the same where they work in place), and the momentum; each points at site 0 of the first row. */
export let field0: usize = 0;
export let field1: usize = 0;
export let momentum: usize = 0;
/** [operations][3] float64: laplacian (with 1/dx^2 in it), force, drift. */
export let coefficients: usize = 0;
/** [realisations][constantBytes]: the numbers of each one's own potential. */
let constants: usize = 0;
let constantBytes: usize = 0;
/** This worker's row of potentials. */
export let potentialRow: usize = 0;

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

export function setStencil(reachOf: i32, first: f64, second: f64, third: f64): void {
  reach = reachOf;
  weight1 = first;
  weight2 = second;
  weight3 = third;
}

export function setLattice(
  field0At: usize,
  field1At: usize,
  momentumAt: usize,
  coefficientsAt: usize,
  potentialRowAt: usize,
): void {
  field0 = field0At;
  field1 = field1At;
  momentum = momentumAt;
  coefficients = coefficientsAt;
  potentialRow = potentialRowAt;
}

export function setConstants(constantsAt: usize, constantBytesOf: usize): void {
  constants = constantsAt;
  constantBytes = constantBytesOf;
}

/** Where the constants of the realisation stand whose first field starts `start` bytes into each array. */
@inline
export function constantsOf(start: usize): usize {
  return constants + (start / (<usize>fields * fieldBytes)) * constantBytes;
}

/** The field's array before operation `operation`. */
@inline
export function fieldBefore(operation: i32): usize {
  return (operation & 1) == 0 ? field0 : field1;
}

/** The stencil's weight at distance j. */
@inline
export function weight(j: i32): f64 {
  return j == 1 ? weight1 : j == 2 ? weight2 : weight3;
}

/** `index` from a few laps to either side of 0 .. count - 1 into it. */
@inline
export function wrapped(index: i32, count: i32): i32 {
  while (index < 0) index += count;
  while (index >= count) index -= count;
  return index;
}

/** Copies a row's ends beside its other ends. */
@inline
export function closeRow<T>(row: usize): void {
  const end = row + <usize>points * sizeof<T>();
  if (points >= reach) {
    for (let j: usize = 1; j <= <usize>reach; j++) {
      store<T>(row - j * sizeof<T>(), load<T>(end - j * sizeof<T>()));
      store<T>(end + (j - 1) * sizeof<T>(), load<T>(row + (j - 1) * sizeof<T>()));
    }
  } else {
    for (let j = 1; j <= reach; j++) {
      store<T>(row - <usize>j * sizeof<T>(), load<T>(row + <usize>wrapped(-j, points) * sizeof<T>()));
      store<T>(end + <usize>(j - 1) * sizeof<T>(), load<T>(row + <usize>wrapped(j - 1, points) * sizeof<T>()));
    }
  }
}
