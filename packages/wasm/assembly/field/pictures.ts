// What a snapshot makes of all sites beside spectra (see Picture in latticeJob.ts): histograms, the means of V's second derivatives, and the
// mixtures of fields and momenta that oscillators' spectra are made of. Sums are made plane by plane in float64 and counts are whole numbers, so that all
// of it is the same for any number of workers.
import { barrier, worker, workerCount } from "../control";
import { curvatures } from "../potential";
import { fieldBytes, fields, planeBytes, planes, points, realisations, rowBytes, rows } from "./grid";
import { both, pair, sumElements } from "./observe";

let bins: i32 = 0;
/** [realisations][fields][planes][2]: the sums of phi - r and (phi - r)^2, r being the field at its first site. */
let spreads: usize = 0;
/** [realisations][fields][2] the ends of the histograms, and [realisations][fields][bins] 32-bit counts. */
let ranges: usize = 0;
let counts: usize = 0;
/** [bins] of this worker. */
let ownCounts: usize = 0;

export function setHistogram(binsOf: i32, spreadsAt: usize, rangesAt: usize, countsAt: usize, ownAt: usize): void {
  bins = binsOf;
  spreads = spreadsAt;
  ranges = rangesAt;
  counts = countsAt;
  ownCounts = ownAt;
}

/** Second derivatives of V that are averaged: each of some pairs of fields. */
let pairs: i32 = 0;
/** [realisations][constantBytes]: the numbers of each one's own. */
let constants: usize = 0;
let constantBytes: usize = 0;
/** [realisations][planes][pairs]. */
let curvatureSums: usize = 0;
/** [pairs] rows of this worker. */
let curvatureRows: usize = 0;

export function setCurvature(
  pairsOf: i32,
  constantsAt: usize,
  constantBytesOf: usize,
  sumsAt: usize,
  rowsAt: usize,
): void {
  pairs = pairsOf;
  constants = constantsAt;
  constantBytes = constantBytesOf;
  curvatureSums = sumsAt;
  curvatureRows = rowsAt;
}

/** [realisations][fields][fields][2]: what the fields and their momenta are multiplied with in each field's place. */
let mixture: usize = 0;

export function setMixture(mixtureAt: usize): void {
  mixture = mixtureAt;
}

/** Bytes from an array's start to the plane that is item `item` of [realisations][fields][planes]. */
@inline
function planeOf(item: i32): usize {
  return <usize>(item / planes) * fieldBytes + <usize>(item % planes) * planeBytes;
}

/** The sums of all planes of the field's array. */
function sumSpreads<T>(field: usize): void {
  const all = realisations * fields * planes;
  const even = <usize>points & ~1;
  for (let item = worker; item < all; item += workerCount()) {
    const reference = <f64>load<T>(field + <usize>(item / planes) * fieldBytes);
    const r = f64x2.splat(reference);
    const plane = field + planeOf(item);
    let sum: f64 = 0;
    let square: f64 = 0;
    for (let y = 0; y < rows; y++) {
      const row = plane + <usize>y * rowBytes;
      let s = f64x2.splat(0);
      let q = f64x2.splat(0);
      for (let x: usize = 0; x < even; x += 2) {
        const above = f64x2.sub(pair<T>(row, x), r);
        s = f64x2.add(s, above);
        q = f64x2.add(q, f64x2.mul(above, above));
      }
      sum += both(s);
      square += both(q);
      if (even < <usize>points) {
        const above = <f64>load<T>(row + even * sizeof<T>()) - reference;
        sum += above;
        square += above * above;
      }
    }
    store<f64>(spreads + <usize>item * 16, sum);
    store<f64>(spreads + <usize>item * 16, square, 8);
  }
  barrier();
}

@inline
function count(bin: i32): void {
  const at = ownCounts + (<usize>max(0, min(bins - 1, bin)) << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** Adds this worker's counts to those of field `rf` of all realisations. */
function handOver(rf: i32): void {
  for (let bin = 0; bin < bins; bin++) {
    const at = <usize>bin << 2;
    const own = load<i32>(ownCounts + at);
    if (own == 0) continue;
    store<i32>(ownCounts + at, 0);
    atomic.add<i32>(counts + <usize>rf * <usize>bins * 4 + at, own);
  }
}

/** Counts the sites of the field's array by value; what is no number counts in the first bin. */
function countSites<T>(field: usize): void {
  const all = <i64>realisations * fields * planes;
  const end = <i32>((all * (worker + 1)) / workerCount());
  const even = <usize>points & ~1;
  // A worker's planes are neighbours, so that it hands over once a field.
  for (let item = <i32>((all * worker) / workerCount()); item < end; item++) {
    const rf = item / planes;
    const low = load<f64>(ranges + <usize>rf * 16);
    const width = load<f64>(ranges + <usize>rf * 16, 8) - low;
    // Where all sites have one value, all count in the first bin.
    const wide = width > 0;
    const l = f64x2.splat(low);
    const w = f64x2.splat(wide ? width : 1);
    const b = f64x2.splat(wide ? <f64>bins : 0);
    const plane = field + planeOf(item);
    for (let y = 0; y < rows; y++) {
      const row = plane + <usize>y * rowBytes;
      for (let x: usize = 0; x < even; x += 2) {
        const bin = i32x4.trunc_sat_f64x2_s_zero(f64x2.mul(f64x2.div(f64x2.sub(pair<T>(row, x), l), w), b));
        count(i32x4.extract_lane(bin, 0));
        count(i32x4.extract_lane(bin, 1));
      }
      if (even < <usize>points) {
        const one = f64x2.splat(<f64>load<T>(row + even * sizeof<T>()));
        const bin = i32x4.trunc_sat_f64x2_s_zero(f64x2.mul(f64x2.div(f64x2.sub(one, l), w), b));
        count(i32x4.extract_lane(bin, 0));
      }
    }
    if (item + 1 == end || (item + 1) / planes != rf) handOver(rf);
  }
  barrier();
}

/** The sums of V's second derivatives over the planes. */
function sumCurvatures<T>(field: usize): void {
  const all = realisations * planes;
  for (let item = worker; item < all; item += workerCount()) {
    const r = item / planes;
    const plane = field + <usize>r * <usize>fields * fieldBytes + <usize>(item % planes) * planeBytes;
    const target = curvatureSums + <usize>item * <usize>pairs * 8;
    for (let p = 0; p < pairs; p++) store<f64>(target + <usize>p * 8, 0);
    for (let y = 0; y < rows; y++) {
      const row = plane + <usize>y * rowBytes;
      curvatures(row, <i32>fieldBytes, curvatureRows, <i32>rowBytes, points, constants + <usize>r * constantBytes);
      for (let p = 0; p < pairs; p++) {
        const at = target + <usize>p * 8;
        store<f64>(at, load<f64>(at) + sumElements<T>(curvatureRows + <usize>p * rowBytes));
      }
    }
  }
  barrier();
}

/** Two elements from `index`, of float64 numbers. */
@inline
function storePair<T>(row: usize, index: usize, values: v128): void {
  if (sizeof<T>() == 8) v128.store(row + index * 8, values);
  else v128.store64_lane(row + index * 4, f32x4.demote_f64x2_zero(values), 0);
}

/**
 * A row of a mixture of all fields and momenta at `target`: those of the realisation start `toRow` before their rows, whose first ones are
 * `field` and `momenta`; `factors` are those of this mixture. What it is at the first site is taken away, so that small fluctuations on large
 * means keep their digits.
 */
function mixRow<T>(field: usize, momenta: usize, toRow: usize, factors: usize, target: usize): void {
  const even = <usize>points & ~1;
  const withMomenta = momenta != field;
  let first: f64 = 0;
  for (let g: usize = 0; g < <usize>fields; g++) {
    const start = g * fieldBytes - toRow;
    first += load<f64>(factors + 16 * g) * <f64>load<T>(field + start);
    if (withMomenta) first += load<f64>(factors + 16 * g, 8) * <f64>load<T>(momenta + start);
  }
  const less = f64x2.splat(-first);
  for (let x: usize = 0; x < <usize>points; x += 2) {
    // Past the last of an odd number of points a row goes on to a whole vector.
    let sum = less;
    let row = field;
    let beside = momenta;
    for (let at = factors, end = factors + ((<usize>fields) << 4); at < end; at += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(at), pair<T>(row, x)));
      if (withMomenta) sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(at, 8), pair<T>(beside, x)));
      row += fieldBytes;
      beside += fieldBytes;
    }
    if (x < even) storePair<T>(target, x, sum);
    else store<T>(target + x * sizeof<T>(), <T>f64x2.extract_lane(sum, 0));
  }
}

/** A row of one field and its momentum alone. */
function scaleRow<T>(field: usize, momenta: usize, factors: usize, target: usize): void {
  const ofField = load<f64>(factors);
  const ofMomentum = load<f64>(factors, 8);
  const even = <usize>points & ~1;
  const b = f64x2.splat(ofField);
  const c = f64x2.splat(ofMomentum);
  for (let x: usize = 0; x < even; x += 2) {
    const scaled = f64x2.mul(b, pair<T>(field, x));
    storePair<T>(target, x, f64x2.add(scaled, f64x2.mul(c, pair<T>(momenta, x))));
  }
  if (even < <usize>points) {
    const last = even * sizeof<T>();
    store<T>(target + last, <T>(ofField * <f64>load<T>(field + last) + ofMomentum * <f64>load<T>(momenta + last)));
  }
}

/** Whether the mixture in field f's place, of these factors, is of field f alone. */
function isAlone(f: i32, factors: usize): bool {
  for (let g = 0; g < fields; g++) {
    const at = factors + ((<usize>g) << 4);
    if (g != f && (load<f64>(at) != 0 || load<f64>(at, 8) != 0)) return false;
  }
  return true;
}

/**
 * Writes the realisations' mixtures of fields and momenta to the array at `target`: all of a row while its fields are in the first cache. Of
 * mixtures of fields alone `momenta` is `field`.
 */
function mixStates<T>(field: usize, momenta: usize, target: usize): void {
  const all = realisations * planes;
  for (let item = worker; item < all; item += workerCount()) {
    const r = item / planes;
    const start = <usize>r * <usize>fields * fieldBytes;
    for (let y = 0; y < rows; y++) {
      const toRow = <usize>(item % planes) * planeBytes + <usize>y * rowBytes;
      const row = start + toRow;
      for (let f = 0; f < fields; f++) {
        const factors = mixture + (((<usize>(r * fields + f)) * <usize>fields) << 4);
        const own = <usize>f * fieldBytes;
        const to = target + row + own;
        if (isAlone(f, factors)) scaleRow<T>(field + row + own, momenta + row + own, factors + ((<usize>f) << 4), to);
        else mixRow<T>(field + row, momenta + row, toRow, factors, to);
      }
    }
  }
  barrier();
}

export function sumSpreads32(field: usize): void {
  sumSpreads<f32>(field);
}

export function sumSpreads64(field: usize): void {
  sumSpreads<f64>(field);
}

export function countSites32(field: usize): void {
  countSites<f32>(field);
}

export function countSites64(field: usize): void {
  countSites<f64>(field);
}

export function sumCurvatures32(field: usize): void {
  sumCurvatures<f32>(field);
}

export function sumCurvatures64(field: usize): void {
  sumCurvatures<f64>(field);
}

export function mixStates32(field: usize, momenta: usize, target: usize): void {
  mixStates<f32>(field, momenta, target);
}

export function mixStates64(field: usize, momenta: usize, target: usize): void {
  mixStates<f64>(field, momenta, target);
}
