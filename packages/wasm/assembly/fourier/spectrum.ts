// Binned spectra (see Snapshot in latticeJob.ts) of all fields of all realisations: the sum over the modes n of |n|^dimensions |DFT_n|^2, or of
// omega_n or 1/omega_n in place of |n|^dimensions, into bin round(|n|). As many fields as the work area holds are transformed at a time; along the first axis their columns go from the first cache
// straight into the bins. All sums are float64, of one row of columns at a time and then over the rows in order, so that they are the same
// for any number of workers.
import { barrier, progress, stopped, worker, workerCount } from "../control";
import { dimensions, fieldBytes, fields, planes, points, realisations, rows } from "../field/grid";
import { lanes } from "../simd";
import { both } from "../field/observe";
import { blockBytes, lines, modeBytes, PAIR, work, workField, workPlane, workRow } from "./plan";
import { transformBlock } from "./stages";
import { transformFirst, transformInner } from "./transform";

/** Fields that the work area holds. */
let batch: i32 = 1;
let bins: i32 = 1;
/** Parts of a row's columns that are work of their own: rows alone are too few in two dimensions. */
let parts: i32 = 1;
/**
 * [modes of a row, to whole vectors] nx^2, and as many multiplicities: 2 where -nx is not kept, 1, and 0 beyond the last mode; for
 * frequencies as many of what nx adds to omega^2; float64.
 */
let modeTable: usize = 0;
/** [batch][rows][parts][bins]. */
let partials: usize = 0;
/** This worker's [bins][2]: a sum for each of two neighbouring modes, which often fall into one bin, so that neither waits for the other. */
let sums: usize = 0;
/** [realisations][fields][bins]. */
let spectraAt: usize = 0;

/** Whether weighted spectra are by 1/omega, not omega. */
let byInverse: bool = false;
/** [realisations][fields] what is added to omega^2, float64. */
let massTable: usize = 0;

/** Of the weighted spectra that follow. */
export function setWeighting(inverse: i32, massesAt: usize): void {
  byInverse = inverse != 0;
  massTable = massesAt;
}

/** Plain and weighted spectra, as a type: each is compiled by itself, so that the one does not wait for what the other asks. */
type Plain = u8;
type Weighted = u16;
@inline
function isWeighted<W>(): bool {
  return sizeof<W>() == sizeof<Weighted>();
}

export function setSpectrum(
  batchOf: i32,
  binsOf: i32,
  partsOf: i32,
  modesAt: usize,
  partialsAt: usize,
  sumsAt: usize,
  resultAt: usize,
): void {
  batch = batchOf;
  bins = binsOf;
  parts = partsOf;
  modeTable = modesAt;
  partials = partialsAt;
  sums = sumsAt;
  spectraAt = resultAt;
}

/** The square of the signed mode of index n. */
@inline
function square(n: i32): f64 {
  const signed = <f64>(2 * n > points ? n - points : n);
  return signed * signed;
}

/** What the mode of index n along an axis adds to omega^2. */
@inline
function waveSquare<T>(n: i32): f64 {
  return load<f64>(modeTable + 2 * tableBytes<T>() + <usize>min(n, points - n) * 8);
}

/** Bytes of one of the table's parts. */
@inline
function tableBytes<T>(): usize {
  return (modeBytes<T>(points) / PAIR) * <usize>lanes<T>() * 8;
}

/** omega of two modes, or its inverse; 0 where omega^2 is not above 0. */
@inline
function frequency(squares: v128): v128 {
  const zero = f64x2.splat(0);
  const omega = f64x2.sqrt(f64x2.pmax(zero, squares));
  if (!byInverse) return omega;
  return v128.and(f64x2.div(f64x2.splat(1), omega), f64x2.gt(squares, zero));
}

/** 3/2 2^52: a float64 that is added to it is rounded to a whole number, which its low bits then are. */
const WHOLE: f64 = 6755399441055744;

@inline
function addTo(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}

/** Two modes' powers, `entry` being theirs of the table, into the bins; `rest` is what omega^2 has beside what the table gives. */
@inline
function collect<W>(re: v128, im: v128, entry: usize, multiplicities: usize, others: v128, rest: v128, whole: v128): void {
  const squares = f64x2.add(v128.load(entry), others);
  const k = f64x2.sqrt(squares);
  const power = f64x2.add(f64x2.mul(re, re), f64x2.mul(im, im));
  const counted = f64x2.mul(power, v128.load(entry + multiplicities));
  let weight = k;
  if (isWeighted<W>()) {
    // Of n = 0, which is left out, |n|^dimensions is 0 by itself.
    const omega = frequency(f64x2.add(v128.load(entry + 2 * multiplicities), rest));
    weight = v128.and(omega, f64x2.gt(squares, f64x2.splat(0)));
  } else if (dimensions > 1) weight = dimensions == 2 ? squares : f64x2.mul(squares, k);
  const value = f64x2.mul(counted, weight);
  const bin = f64x2.add(k, whole);
  addTo(sums + (<usize>i32x4.extract_lane(bin, 0) << 4), f64x2.extract_lane(value, 0));
  addTo(sums + (<usize>i32x4.extract_lane(bin, 2) << 4) + 8, f64x2.extract_lane(value, 1));
}

/**
 * The modes `bytes` of a row from `from`, their first `at` bytes into the row; `others` is the square of the other axes' modes, `added` what
 * they and the mass add to omega^2.
 */
function collectRow<T, W>(from: usize, bytes: usize, at: usize, others: f64, added: f64): void {
  const across = f64x2.splat(others);
  const rest = f64x2.splat(added);
  const whole = f64x2.splat(WHOLE);
  const multiplicities = tableBytes<T>();
  let entry = modeTable + (at / PAIR) * <usize>lanes<T>() * 8;
  const end = from + bytes;
  do {
    const re = v128.load(from);
    const im = v128.load(from, 16);
    if (sizeof<T>() == 8) collect<W>(re, im, entry, multiplicities, across, rest, whole);
    else {
      const low = f64x2.promote_low_f32x4(im);
      collect<W>(f64x2.promote_low_f32x4(re), low, entry, multiplicities, across, rest, whole);
      const reHigh = f64x2.promote_low_f32x4(v128.shuffle<i64>(re, re, 1, 0));
      const imHigh = f64x2.promote_low_f32x4(v128.shuffle<i64>(im, im, 1, 0));
      collect<W>(reHigh, imHigh, entry + 16, multiplicities, across, rest, whole);
    }
    entry += <usize>lanes<T>() * 8;
    from += PAIR;
  } while (from < end);
}

/** Part `part` of row `row` of field `f` of the work area, `first + f` of all, along the first axis and into `target`. */
function collectPart<T, W>(first: i32, f: i32, row: i32, part: i32, target: usize): void {
  memory.fill(sums, 0, <usize>bins * 16);
  const end = modeBytes<T>(points);
  const blocks = <i64>((end + blockBytes - 1) / blockBytes);
  const stop = min(end, <usize>((blocks * (part + 1)) / parts) * blockBytes);
  const from = work + <usize>f * workField + <usize>row * workRow;
  let added: f64 = 0;
  if (isWeighted<W>()) {
    added = load<f64>(massTable + <usize>(first + f) * 8);
    if (dimensions == 3) added += waveSquare<T>(row);
  }
  for (let at = <usize>((blocks * part) / parts) * blockBytes; at < stop; at += blockBytes) {
    const bytes = min(blockBytes, stop - at);
    if (dimensions == 1) collectRow<T, W>(from + at, bytes, at, 0, added);
    else {
      transformBlock<T>(from + at, workPlane, lines, bytes, bytes);
      const here = dimensions == 3 ? square(row) : 0;
      for (let plane = 0; plane < planes; plane++) {
        const more = isWeighted<W>() ? added + waveSquare<T>(plane) : 0;
        collectRow<T, W>(lines + <usize>plane * bytes, bytes, at, here + square(plane), more);
      }
    }
  }
  for (let bin: usize = 0; bin < <usize>bins; bin++) store<f64>(target + bin * 8, both(v128.load(sums + bin * 16)));
}

/** The field's spectrum from its partial sums. */
function addPartials(from: usize, to: usize): void {
  const bytes = <usize>bins * 8;
  memory.copy(to, from, bytes);
  for (let i = 1; i < rows * parts; i++) {
    from += bytes;
    for (let at: usize = 0; at < bytes; at += 8) addTo(to + at, load<f64>(from + at));
  }
}

/** All spectra of the field's array at `field`, with all other workers. */
function spectra<T, W>(field: usize): void {
  const all = realisations * fields;
  const bytes = <usize>bins * 8;
  const items = rows * parts;
  if (!barrier()) return;
  for (let first = 0; first < all; first += batch) {
    const count = min(batch, all - first);
    transformInner<T>(field + <usize>first * fieldBytes, count, true);
    if (!barrier()) return;
    let done: i64 = 0;
    for (let item = worker; item < count * items && !stopped(); item += workerCount()) {
      const part = item % items;
      collectPart<T, W>(first, item / items, part / parts, part % parts, partials + <usize>item * bytes);
      progress(1);
      done++;
    }
    // As in transformInner.
    progress(-done);
    if (!barrier()) return;
    for (let f = worker; f < count; f += workerCount()) {
      addPartials(partials + <usize>(f * items) * bytes, spectraAt + <usize>(first + f) * bytes);
    }
  }
}

/** The transform of the first `batch` fields at `field` into the work area, with all other workers. */
function transform<T>(field: usize): void {
  const count = min(batch, realisations * fields);
  if (!barrier()) return;
  transformInner<T>(field, count, false);
  if (dimensions == 1 || !barrier()) return;
  for (let item = worker; item < count * rows; item += workerCount()) transformFirst<T>(item / rows, item % rows);
}

export function spectra32(field: usize): void {
  spectra<f32, Plain>(field);
}
export function spectra64(field: usize): void {
  spectra<f64, Plain>(field);
}
export function weightedSpectra32(field: usize): void {
  spectra<f32, Weighted>(field);
}
export function weightedSpectra64(field: usize): void {
  spectra<f64, Weighted>(field);
}
export function transform32(field: usize): void {
  transform<f32>(field);
}
export function transform64(field: usize): void {
  transform<f64>(field);
}
