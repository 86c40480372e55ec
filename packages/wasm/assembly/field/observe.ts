// Sums over the sites for an observation, plane by plane and in float64 whatever the field is kept in, so that they are the same for any
// number of workers. The reference r is the field at the first site, so that a small fluctuation on a large mean keeps its digits;
// the gradient is summed by parts, sum_x sum_i (phi(x + e_i) - phi(x))^2 = -dx^2 sum_x phi Laplacian phi on a periodic lattice, from
// differences that are exact where neighbours are close.
import { worker, workerCount } from "../control";
import { dimensions, fieldBefore, fieldBytes, fields, forces, momentum, planeBytes, planes, points, realisations, rowBytes, rows, wrapped } from "./grid";

@external("potential", "value")
declare function value(fields: usize, fieldStride: i32, out: usize, count: i32): void;

/** Numbers of one plane's record: sums of phi - r, (phi - r)^2, pi, pi^2, the gradient, V, and r itself. */
const MOMENTS = 7;

/** [records][realisations][fields][planes][MOMENTS], or 0 where only cosines are asked for. */
let moments: usize = 0;
/** [records][modes][realisations][fields][planes]. */
let cosines: usize = 0;
let modes: i32 = 0;
/** [modes][3]: the mode along the last, middle and first axis, each reduced to 0 .. points - 1. */
let modeTable: usize = 0;
/** [points] cos(2 pi n/points) and [points] sin. */
let turns: usize = 0;

export function setObservations(momentsAt: usize, cosinesAt: usize, modesIn: i32, modesAt: usize, turnsAt: usize): void {
  moments = momentsAt;
  cosines = cosinesAt;
  modes = modesIn;
  modeTable = modesAt;
  turns = turnsAt;
}

let sumField: f64 = 0;
let sumSquare: f64 = 0;
let sumMomentum: f64 = 0;
let sumMomentumSquare: f64 = 0;
let sumGradient: f64 = 0;
let sumPotential: f64 = 0;

/** Two elements from `index` as float64. */
@inline
function pair<T>(row: usize, index: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(row + index * 8);
  return f64x2.promote_low_f32x4(v128.load64_zero(row + index * 4));
}

@inline
function both(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** Sums one row; an odd last element is summed alone. */
function sumRow<T>(row: usize, down: usize, back: usize, pi: usize, potential: usize, reference: f64): void {
  const zero = f64x2.splat(0);
  const r = f64x2.splat(reference);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let s4 = zero;
  let s5 = zero;
  const even = <usize>points & ~1;
  for (let x: usize = 0; x < even; x += 2) {
    const phi = pair<T>(row, x);
    const above = f64x2.sub(phi, r);
    const p = pair<T>(pi, x);
    const along = f64x2.sub(pair<T>(row, x + 1), phi);
    s0 = f64x2.add(s0, above);
    s1 = f64x2.add(s1, f64x2.mul(above, above));
    s2 = f64x2.add(s2, p);
    s3 = f64x2.add(s3, f64x2.mul(p, p));
    let slope = f64x2.mul(along, along);
    if (dimensions > 1) {
      const over = f64x2.sub(pair<T>(back, x), phi);
      slope = f64x2.add(slope, f64x2.mul(over, over));
    }
    if (dimensions > 2) {
      const across = f64x2.sub(pair<T>(down, x), phi);
      slope = f64x2.add(slope, f64x2.mul(across, across));
    }
    s4 = f64x2.add(s4, slope);
    if (potential != 0) s5 = f64x2.add(s5, pair<T>(potential, x));
  }
  sumField += both(s0);
  sumSquare += both(s1);
  sumMomentum += both(s2);
  sumMomentumSquare += both(s3);
  sumGradient += both(s4);
  sumPotential += both(s5);
  if (even < <usize>points) {
    const at = even * sizeof<T>();
    const phi = <f64>load<T>(row + at);
    const p = <f64>load<T>(pi + at);
    const along = <f64>load<T>(row + at + sizeof<T>()) - phi;
    const over = dimensions > 1 ? <f64>load<T>(back + at) - phi : 0;
    const across = dimensions > 2 ? <f64>load<T>(down + at) - phi : 0;
    sumField += phi - reference;
    sumSquare += (phi - reference) * (phi - reference);
    sumMomentum += p;
    sumMomentumSquare += p * p;
    sumGradient += along * along + over * over + across * across;
    if (potential != 0) sumPotential += <f64>load<T>(potential + at);
  }
}

/** The moments of one field's plane into `target`. `start` is the realisation's, in bytes into each array. */
function planeMoments<T>(state: usize, start: usize, f: i32, plane: i32, target: usize): void {
  const base = start + <usize>f * fieldBytes;
  const reference = <f64>load<T>(state + base);
  sumField = 0;
  sumSquare = 0;
  sumMomentum = 0;
  sumMomentumSquare = 0;
  sumGradient = 0;
  sumPotential = 0;
  const here = state + base + <usize>plane * planeBytes;
  const back = state + base + <usize>wrapped(plane + 1) * planeBytes;
  for (let y = 0; y < rows; y++) {
    const row = <usize>y * rowBytes;
    // V belongs to all fields; it is summed with the first.
    if (f == 0) value(here + row, <i32>fieldBytes, forces, points);
    const down = here + (y == rows - 1 ? 0 : row + rowBytes);
    const pi = momentum + base + <usize>plane * planeBytes + row;
    sumRow<T>(here + row, down, back + row, pi, f == 0 ? forces : 0, reference);
  }
  store<f64>(target, sumField);
  store<f64>(target, sumSquare, 8);
  store<f64>(target, sumMomentum, 16);
  store<f64>(target, sumMomentumSquare, 24);
  store<f64>(target, sumGradient, 32);
  store<f64>(target, sumPotential, 40);
  store<f64>(target, reference, 48);
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

/** All sums of one observation, after `operation` operations, into record `record`; the planes are dealt out to the workers. */
export function observe<T>(operation: i32, record: i32): void {
  const state = fieldBefore(operation);
  const all = realisations * fields * planes;
  for (let item = worker; item < all; item += workerCount()) {
    const plane = item % planes;
    const rf = item / planes;
    const f = rf % fields;
    const start = <usize>(rf / fields) * <usize>fields * fieldBytes;
    if (moments != 0) {
      planeMoments<T>(state, start, f, plane, moments + (<usize>record * all + item) * MOMENTS * 8);
    }
    for (let m = 0; m < modes; m++) {
      const sum = planeCosine<T>(state, start + <usize>f * fieldBytes, plane, modeTable + <usize>m * 12);
      store<f64>(cosines + ((<usize>record * modes + m) * all + item) * 8, sum);
    }
  }
}
