// Sums over the sites for an observation, plane by plane and in float64 whatever the field is kept in, so that they are the same for any
// number of workers. The reference r is the field at the first site, so that a small fluctuation on a large mean keeps its digits;
// the gradient is summed by parts, sum_x sum_i sum_j w_j (phi(x + j e_i) - phi(x))^2 = -dx^2 sum_x phi Laplacian phi on a periodic lattice,
// from differences that are exact where neighbours are close.
import { worker, workerCount } from "../control";
import { value } from "../potential";
import {
  constantsOf,
  dimensions,
  fieldBefore,
  fieldBytes,
  fields,
  momentum,
  planeBytes,
  planes,
  points,
  potentialRow,
  reach,
  realisations,
  rowBytes,
  rows,
  weight,
  wrapped,
} from "./grid";

/** Numbers of one plane's record: sums of phi - r, (phi - r)^2, pi, pi^2, the gradient, V, (phi - r)^3, (phi - r)^4, and r itself. */
export const MOMENTS = 9;

/** [records][realisations][fields][planes][MOMENTS], or 0 where only cosines are asked for. */
let moments: usize = 0;
/** [records][modes][realisations][fields][planes]. */
let cosines: usize = 0;
let modes: i32 = 0;
/** [modes][3]: the mode along the last, middle and first axis, each reduced to 0 .. points - 1. */
let modeTable: usize = 0;
/** [points] cos(2 pi n/points) and [points] sin. */
let turns: usize = 0;

/** Where the realisations' [3] global numbers are kept, and [records] copies of them; 0 where there are none. */
let globals: usize = 0;
let globalRecords: usize = 0;

export function setGlobalRecords(globalsAt: usize, recordsAt: usize): void {
  globals = globalsAt;
  globalRecords = recordsAt;
}

export function setObservations(momentsAt: usize, cosinesAt: usize, modesIn: i32, modesAt: usize, turnsAt: usize): void {
  moments = momentsAt;
  cosines = cosinesAt;
  modes = modesIn;
  modeTable = modesAt;
  turns = turnsAt;
}

let sumField: f64 = 0;
let sumSquare: f64 = 0;
let sumCube: f64 = 0;
let sumFourth: f64 = 0;
let sumMomentum: f64 = 0;
let sumMomentumSquare: f64 = 0;

/** Two elements from `index` as float64. */
@inline
export function pair<T>(row: usize, index: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(row + index * 8);
  return f64x2.promote_low_f32x4(v128.load64_zero(row + index * 4));
}

@inline
export function both(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** Sums one row, and returns its slopes at distance 1, as sumSlopes does; an odd last element is summed alone. */
function sumRow<T>(row: usize, pi: usize, reference: f64, down: usize, back: usize): f64 {
  const zero = f64x2.splat(0);
  const r = f64x2.splat(reference);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let s4 = zero;
  let s5 = zero;
  let slopes = zero;
  // A local, which the compiler knows not to change in the loop.
  const axes = dimensions;
  const even = <usize>points & ~1;
  for (let x: usize = 0; x < even; x += 2) {
    const phi = pair<T>(row, x);
    slopes = addSlopes<T>(slopes, phi, row, 1, down, back, x, axes);
    const above = f64x2.sub(phi, r);
    const square = f64x2.mul(above, above);
    const p = pair<T>(pi, x);
    s0 = f64x2.add(s0, above);
    s1 = f64x2.add(s1, square);
    s2 = f64x2.add(s2, f64x2.mul(square, above));
    s3 = f64x2.add(s3, f64x2.mul(square, square));
    s4 = f64x2.add(s4, p);
    s5 = f64x2.add(s5, f64x2.mul(p, p));
  }
  sumField += both(s0);
  sumSquare += both(s1);
  sumCube += both(s2);
  sumFourth += both(s3);
  sumMomentum += both(s4);
  sumMomentumSquare += both(s5);
  if (even < <usize>points) {
    const above = <f64>load<T>(row + even * sizeof<T>()) - reference;
    const p = <f64>load<T>(pi + even * sizeof<T>());
    sumField += above;
    sumSquare += above * above;
    sumCube += above * above * above;
    sumFourth += above * above * (above * above);
    sumMomentum += p;
    sumMomentumSquare += p * p;
  }
  return both(slopes) + lastSlopes<T>(row, 1, down, back);
}

/** Adds to `sum` the squared differences of `phi`, two elements from `x`, to the sites `distance` further along each axis. */
@inline
function addSlopes<T>(
  sum: v128,
  phi: v128,
  row: usize,
  distance: usize,
  down: usize,
  back: usize,
  x: usize,
  axes: i32,
): v128 {
  const along = f64x2.sub(pair<T>(row, x + distance), phi);
  sum = f64x2.add(sum, f64x2.mul(along, along));
  if (axes > 1) {
    const over = f64x2.sub(pair<T>(back, x), phi);
    sum = f64x2.add(sum, f64x2.mul(over, over));
  }
  if (axes > 2) {
    const across = f64x2.sub(pair<T>(down, x), phi);
    sum = f64x2.add(sum, f64x2.mul(across, across));
  }
  return sum;
}

/** The same of an odd last element, 0 where there is none. */
function lastSlopes<T>(row: usize, distance: usize, down: usize, back: usize): f64 {
  const even = <usize>points & ~1;
  if (even == <usize>points) return 0;
  const at = even * sizeof<T>();
  const phi = <f64>load<T>(row + at);
  const along = <f64>load<T>(row + at + distance * sizeof<T>()) - phi;
  const over = dimensions > 1 ? <f64>load<T>(back + at) - phi : 0;
  const across = dimensions > 2 ? <f64>load<T>(down + at) - phi : 0;
  return along * along + over * over + across * across;
}

/** The sum over a row of the squared differences to the sites `distance` further along it, and to those of the rows `down` and `back`. */
function sumSlopes<T>(row: usize, distance: usize, down: usize, back: usize): f64 {
  let sum = f64x2.splat(0);
  const axes = dimensions;
  const even = <usize>points & ~1;
  for (let x: usize = 0; x < even; x += 2) sum = addSlopes<T>(sum, pair<T>(row, x), row, distance, down, back, x, axes);
  return both(sum) + lastSlopes<T>(row, distance, down, back);
}

/** The sum of a row's elements, in two parts so that an addition need not wait for the one before. */
export function sumElements<T>(row: usize): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  const whole = <usize>points & ~3;
  let x: usize = 0;
  for (; x < whole; x += 4) {
    even = f64x2.add(even, pair<T>(row, x));
    odd = f64x2.add(odd, pair<T>(row, x + 2));
  }
  let sum = both(f64x2.add(even, odd));
  for (; x < <usize>points; x++) sum += <f64>load<T>(row + x * sizeof<T>());
  return sum;
}

/** The moments of one field's plane of the array `state` into `target`. `start` is the realisation's, in bytes into each array. */
export function planeMoments<T>(state: usize, start: usize, f: i32, plane: i32, target: usize): void {
  const base = start + <usize>f * fieldBytes;
  const reference = <f64>load<T>(state + base);
  sumField = 0;
  sumSquare = 0;
  sumCube = 0;
  sumFourth = 0;
  sumMomentum = 0;
  sumMomentumSquare = 0;
  let sumGradient: f64 = 0;
  let sumPotential: f64 = 0;
  const here = state + base + <usize>plane * planeBytes;
  for (let y = 0; y < rows; y++) {
    const row = <usize>y * rowBytes;
    for (let j = 1; j <= reach; j++) {
      const down = here + <usize>wrapped(y + j, rows) * rowBytes;
      const back = state + base + <usize>wrapped(plane + j, planes) * planeBytes + row;
      const slopes =
        j == 1
          ? sumRow<T>(here + row, momentum + base + <usize>plane * planeBytes + row, reference, down, back)
          : sumSlopes<T>(here + row, j, down, back);
      sumGradient += weight(j) * slopes;
    }
    // V belongs to all fields; it is summed with the first.
    if (f == 0) {
      value(here + row, <i32>fieldBytes, potentialRow, points, constantsOf(start));
      sumPotential += sumElements<T>(potentialRow);
    }
  }
  store<f64>(target, sumField);
  store<f64>(target, sumSquare, 8);
  store<f64>(target, sumMomentum, 16);
  store<f64>(target, sumMomentumSquare, 24);
  store<f64>(target, sumGradient, 32);
  store<f64>(target, sumPotential, 40);
  store<f64>(target, sumCube, 48);
  store<f64>(target, sumFourth, 56);
  store<f64>(target, reference, 64);
}

/** sum (phi - r) cos(k.x) over one plane: the phase is a whole multiple of 2 pi/points, so the table holds every cosine exactly rounded. */
function planeCosine<T>(state: usize, base: usize, plane: i32, mode: usize): f64 {
  const kx = load<i32>(mode);
  const ky = load<i32>(mode, 4);
  const kz = load<i32>(mode, 8);
  const reference = <f64>load<T>(state + base);
  let sum: f64 = 0;
  for (let y = 0; y < rows; y++) {
    const row = state + base + <usize>plane * planeBytes + <usize>y * rowBytes;
    // In two dimensions the planes are rows, and count along the middle axis.
    let phase = dimensions == 3 ? (ky * y + kz * plane) % points : (ky * plane) % points;
    for (let x = 0; x < points; x++) {
      sum += (<f64>load<T>(row + <usize>x * sizeof<T>()) - reference) * load<f64>(turns + <usize>phase * 8);
      phase += kx;
      if (phase >= points) phase -= points;
    }
  }
  return sum;
}

/** Where the moments of a plane of all fields go in record `record`: each field's is `planes` further. 0 where none are kept. */
export function recordOf(record: i32, r: i32, plane: i32): usize {
  if (moments == 0) return 0;
  return moments + ((<usize>record * realisations + r) * fields * planes + plane) * MOMENTS * 8;
}

export function clearRecord(record: usize): void {
  for (let f = 0; f < fields; f++) memory.fill(record + <usize>f * planes * MOMENTS * 8, 0, MOMENTS * 8);
}

/** Keeps a realisation's global numbers. */
export function recordGlobal(record: i32, r: i32, q: f64, rate: f64, clock: f64): void {
  const to = globalRecords + (<usize>record * realisations + r) * 24;
  store<f64>(to, q);
  store<f64>(to, rate, 8);
  store<f64>(to, clock, 16);
}

/** The cosines of one field's plane into record `record`. */
function observeCosines<T>(state: usize, record: i32, r: i32, f: i32, plane: i32): void {
  const rf = r * fields + f;
  const all = realisations * fields * planes;
  for (let m = 0; m < modes; m++) {
    const sum = planeCosine<T>(state, <usize>rf * fieldBytes, plane, modeTable + <usize>m * 12);
    store<f64>(cosines + ((<usize>record * modes + m) * all + rf * planes + plane) * 8, sum);
  }
}

/** Those of all fields. */
export function recordCosines<T>(state: usize, record: i32, r: i32, plane: i32): void {
  for (let f = 0; f < fields; f++) observeCosines<T>(state, record, r, f, plane);
}

/** All sums of one observation, after `operation` operations, into record `record`; the planes are dealt out to the workers. */
export function observe<T>(operation: i32, record: i32): void {
  const state = fieldBefore(operation);
  const all = realisations * fields * planes;
  if (globals != 0 && worker == 0) {
    const bytes = <usize>realisations * 24;
    memory.copy(globalRecords + <usize>record * bytes, globals, bytes);
  }
  for (let item = worker; item < all; item += workerCount()) {
    const plane = item % planes;
    const rf = item / planes;
    const r = rf / fields;
    const f = rf % fields;
    if (moments != 0) {
      planeMoments<T>(state, <usize>r * fields * fieldBytes, f, plane, moments + (<usize>record * all + item) * MOMENTS * 8);
    }
    observeCosines<T>(state, record, r, f, plane);
  }
}
