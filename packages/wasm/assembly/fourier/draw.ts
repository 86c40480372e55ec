// Gaussian fields drawn mode by mode and taken to the sites, for initial states of any engine: see packages/core/src/fourier/gaussianFields.ts.
// The fields are larger than this memory may be. They stand outside, where the host's `put` and `fetch` reach them: first as half-complex
// fields, whose rows' first `points` numbers take the place of the row's sites and the rest, at most four, a place of their own. Columns
// are drawn and transformed along the first axis as many at a time as stay in the cache, then planes along the others.
import { claim, progress, stopped } from "../control";
import { dimensions, fields, planeBytes, planes, points, realisations, rowBytes, rows } from "../field/grid";
import { lanes } from "../simd";
import { drawTwo, even0, even1, odd0, odd1 } from "../random/normal";
import { blockBytes, modeBytes, PAIR, work, workPlane, workRow } from "./plan";
import { transformBlock } from "./stages";
import { inversePlane, inverseRows } from "./transform";

/**
 * Copies `rows` rows of `count` numbers between the memory, from `address` on and `stride` bytes apart, and the array of number `array`
 * outside, from `element` on and `step` elements apart.
 */
@external("host", "put")
declare function put(array: i32, element: f64, step: f64, address: usize, stride: usize, count: i32, rows: i32): void;
@external("host", "fetch")
declare function fetch(array: i32, element: f64, step: f64, address: usize, stride: usize, count: i32, rows: i32): void;

/** The arrays outside: fields and momenta, and what their half-complex rows have beyond `points` numbers. */
const FIELD = 0;
const REST = 2;

/** 2 where momenta are drawn too, or 1. */
let parts: i32 = 1;
/** [orbits][parts][2] u, and then du/dt, of modes by their orbit: see orbits.ts there. */
let table: usize = 0;
/** [streams] of what is summed to a mode's numbers: the last word of the counters without the realisation's, 32 bits, and after 8 bytes a factor. */
let streams: usize = 0;
let streamCount: i32 = 0;
/** Bytes of a row that are drawn at a time, and between the rows of those columns. */
let columnBytes: usize = PAIR;
let columnStride: usize = PAIR;
/** This worker's columns of the field, and then those of the momentum. */
let columns: usize = 0;
/** This worker's sites of a plane, or of as many rows as are transformed at a time. */
let sites: usize = 0;

export function setDraw(
  partsOf: i32,
  tableAt: usize,
  streamsAt: usize,
  columnBytesOf: usize,
  columnStrideOf: usize,
  columnsAt: usize,
  sitesAt: usize,
): void {
  parts = partsOf;
  table = tableAt;
  streams = streamsAt;
  columnBytes = columnBytesOf;
  columnStride = columnStrideOf;
  columns = columnsAt;
  sites = sitesAt;
}

/** What realisations are apart in the counters' last word. */
const REALISATION: u32 = 4096;

/** The signed mode number of index i on an axis, in (-points/2, points/2]. */
@inline
function signed(i: i32): i32 {
  return 2 * i > points ? i - points : i;
}

/** The same for the opposite mode. */
@inline
function opposite(n: i32): i32 {
  return 2 * n == points ? n : -n;
}

/** Orbits before that of (n, 0, 0), and in three dimensions those of (m, n, 0) after (m, 0, 0). */
@inline
function triangular(n: i32): i32 {
  return (n * (n + 1)) / 2;
}
@inline
function tetrahedral(n: i32): i32 {
  return (n * (n + 1) * (n + 2)) / 6;
}

/** The orbit of the modes +-x along the last axis and +-low, +-high along the others, low <= high. */
function orbitOf(x: i32, low: i32, high: i32): i32 {
  if (dimensions == 1) return x;
  if (dimensions == 2) return x > high ? triangular(x) + high : triangular(high) + x;
  if (x <= low) return tetrahedral(high) + triangular(low) + x;
  return x <= high ? tetrahedral(high) + triangular(x) + low : tetrahedral(x) + triangular(high) + low;
}

/** Orbits from that of x - 1 to that of x. */
@inline
function orbitStep(x: i32, low: i32, high: i32): i32 {
  if (dimensions == 1) return 1;
  if (dimensions == 2) return x > high ? x : 1;
  return x <= low ? 1 : x <= high ? x : triangular(x);
}

/** Whether a mode comes before its opposite, 1, or after, -1, or is its own, 0: by the first number in which they differ, the larger first. */
@inline
function order(x: i32, n1: i32, n2: i32): i32 {
  if (x != opposite(x)) return 1;
  if (n1 != opposite(n1)) return n1 > 0 ? 1 : -1;
  if (n2 != opposite(n2)) return n2 > 0 ? 1 : -1;
  return 0;
}

/** Sums and differences of the numbers alpha of two modes and their opposites, real and imaginary parts. */
let sumRe: v128 = f64x2.splat(0);
let sumIm: v128 = f64x2.splat(0);
let differenceRe: v128 = f64x2.splat(0);
let differenceIm: v128 = f64x2.splat(0);

/** Draws them for the modes x and x + 1 along the last axis. */
function drawPair(x: i32, n1: i32, n2: i32, r: u32): void {
  let a1 = n1;
  let a2 = n2;
  let b1 = n1;
  let b2 = n2;
  let turned = f64x2.splat(0.5);
  let own = i64x2.splat(0);
  // Only there may a mode come after its opposite.
  if (x == 0 || 2 * x == points || 2 * (x + 1) == points) {
    const first = order(x, n1, n2);
    const second = order(x + 1, n1, n2);
    if (first < 0) {
      a1 = opposite(n1);
      a2 = opposite(n2);
    }
    if (second < 0) {
      b1 = opposite(n1);
      b2 = opposite(n2);
    }
    turned = f64x2(first < 0 ? -0.5 : 0.5, second < 0 ? -0.5 : 0.5);
    own = i64x2(first == 0 ? -1 : 0, second == 0 ? -1 : 0);
  }
  const half = f64x2.splat(0.5);
  let sr = f64x2.splat(0);
  let si = sr;
  let dr = sr;
  let di = sr;
  for (let s = 0; s < streamCount; s++) {
    const stream = streams + <usize>s * 16;
    drawTwo(x, a1, a2, x + 1, b1, b2, load<u32>(stream) + REALISATION * r);
    const factor = v128.load64_splat(stream + 8);
    const re = v128.shuffle<i64>(even0, even1, 0, 2);
    const im = v128.shuffle<i64>(odd0, odd1, 0, 2);
    // A mode that is its own opposite has two numbers.
    const otherRe = v128.bitselect(re, v128.shuffle<i64>(even0, even1, 1, 3), own);
    const otherIm = v128.bitselect(im, v128.shuffle<i64>(odd0, odd1, 1, 3), own);
    const here = f64x2.mul(half, factor);
    const there = f64x2.mul(turned, factor);
    sr = f64x2.add(sr, f64x2.mul(here, f64x2.add(re, otherRe)));
    si = f64x2.add(si, f64x2.mul(here, f64x2.add(im, otherIm)));
    dr = f64x2.add(dr, f64x2.mul(there, f64x2.sub(re, otherRe)));
    di = f64x2.add(di, f64x2.mul(there, f64x2.sub(im, otherIm)));
  }
  sumRe = sr;
  sumIm = si;
  differenceRe = dr;
  differenceIm = di;
}

/** w alpha + (w beta)^* of the two modes, beta their opposites' numbers; on the way back the imaginary parts come first. */
@inline
function storePair(to: usize, re: v128, im: v128): void {
  v128.store(to, f64x2.add(f64x2.mul(re, differenceIm), f64x2.mul(im, differenceRe)));
  v128.store(to, f64x2.sub(f64x2.mul(re, sumRe), f64x2.mul(im, sumIm)), 16);
}

/** Draws the modes of one row from byte `from` of it on. */
function drawLine(r: u32, n1: i32, n2: i32, from: usize, bytes: usize, to: usize): void {
  const p = n1 < 0 ? -n1 : n1;
  const q = n2 < 0 ? -n2 : n2;
  const low = min(p, q);
  const high = max(p, q);
  const momenta = <usize>planes * columnStride;
  const size = <usize>parts * 16;
  let x = <i32>(from / PAIR) * lanes<f64>();
  let orbit = orbitOf(x, low, high);
  for (let at: usize = 0; at < bytes; at += PAIR) {
    const first = table + <usize>orbit * size;
    orbit += orbitStep(x + 1, low, high);
    // Beyond the last mode the row is empty, as mode 0 is.
    const second = 2 * (x + 1) <= points ? table + <usize>orbit * size : table;
    orbit += orbitStep(x + 2, low, high);
    const u0 = v128.load(first);
    const u1 = v128.load(second);
    const v0 = parts == 2 ? v128.load(first, 16) : u0;
    const v1 = parts == 2 ? v128.load(second, 16) : u1;
    // Beyond the cutoff nothing is drawn.
    if (v128.any_true(v128.or(v128.or(u0, u1), v128.or(v0, v1)))) {
      drawPair(x, n1, n2, r);
      storePair(to + at, v128.shuffle<i64>(u0, u1, 0, 2), v128.shuffle<i64>(u0, u1, 1, 3));
      if (parts == 2) storePair(to + momenta + at, v128.shuffle<i64>(v0, v1, 0, 2), v128.shuffle<i64>(v0, v1, 1, 3));
    } else {
      const zero = f64x2.splat(0);
      v128.store(to + at, zero);
      v128.store(to + at, zero, 16);
      if (parts == 2) {
        v128.store(to + momenta + at, zero);
        v128.store(to + momenta + at, zero, 16);
      }
    }
    x += lanes<f64>();
  }
}

/** The first row of plane `plane`, among all rows of field `f` of all realisations. */
@inline
function rowOf(r: i32, f: i32, plane: i32): f64 {
  return ((<f64>r * fields + f) * planes + plane) * rows;
}

/** Numbers of a half-complex row that have no place among its sites. */
@inline
function restOf(): i32 {
  return <i32>(modeBytes<f64>(points) / 8) - points;
}

/** Puts `bytes` of the half-complex rows `row` of all planes, from byte `from` of them on, where they stand outside. */
function putColumns(part: i32, r: i32, f: i32, row: i32, from: usize, bytes: usize): void {
  const at = columns + (part == 0 ? 0 : <usize>planes * columnStride);
  const begin = <i32>(from / 8);
  const end = begin + <i32>(bytes / 8);
  const first = rowOf(r, f, 0) + row;
  const inside = min(end, points) - begin;
  if (inside > 0) put(FIELD + part, first * points + begin, <f64>rows * points, at, columnStride, inside, planes);
  const past = max(begin, points);
  const rest = restOf();
  if (end > past) {
    const element = first * rest + (past - points);
    put(REST + part, element, <f64>rows * rest, at + <usize>(past - begin) * 8, columnStride, end - past, planes);
  }
}

/**
 * Draws the half-complex fields `f` of all realisations from the first `count` streams and transforms them along the first axis, if there is
 * another, with all other workers.
 */
export function drawModes(f: i32, count: i32): void {
  streamCount = count;
  const whole = modeBytes<f64>(points);
  const slices = <i32>((whole + columnBytes - 1) / columnBytes);
  const items = realisations * rows * slices;
  for (let item = claim(); item < items && !stopped(); item = claim()) {
    const from = <usize>(item % slices) * columnBytes;
    const bytes = min(columnBytes, whole - from);
    const row = (item / slices) % rows;
    const r = item / slices / rows;
    for (let plane = 0; plane < planes; plane++) {
      const n1 = dimensions == 3 ? signed(row) : dimensions == 2 ? signed(plane) : 0;
      const n2 = dimensions == 3 ? signed(plane) : 0;
      drawLine(r, n1, n2, from, bytes, columns + <usize>plane * columnStride);
    }
    for (let part = 0; part < parts; part++) {
      const begin = columns + <usize>part * <usize>planes * columnStride;
      if (dimensions > 1) {
        for (let at: usize = 0; at < bytes; at += blockBytes) {
          transformBlock<f64>(begin + at, columnStride, begin + at, columnStride, min(blockBytes, bytes - at));
        }
      }
      putColumns(part, r, f, row, from, bytes);
    }
    progress(1);
  }
}

/** Adds `value` to `count` rows of sites, `stride` bytes apart. */
function addToRows(value: f64, stride: usize, count: i32): void {
  const all = f64x2.splat(value);
  for (let row = 0; row < count; row++) {
    const begin = sites + <usize>row * stride;
    const end = begin + <usize>points * 8;
    // An odd last site's vector reaches into the space between rows.
    for (let at = begin; at < end; at += 16) v128.store(at, f64x2.add(v128.load(at), all));
  }
}

/**
 * Takes the half-complex fields `f` of all realisations to their sites, times `scale`, and adds the mean of the field or of the momentum, with
 * all other workers.
 */
export function invertModes(f: i32, scale: f64, mean: f64, rate: f64): void {
  // A plane, or as many rows as are transformed at a time.
  const together = dimensions == 3 ? 1 : 2 * lanes<f64>();
  const groups = (planes + together - 1) / together;
  const rest = restOf();
  const items = realisations * parts * groups;
  const modeStride = dimensions == 3 ? workRow : workPlane;
  const stride = dimensions == 3 ? rowBytes : planeBytes;
  for (let item = claim(); item < items && !stopped(); item = claim()) {
    const plane = (item % groups) * together;
    const part = (item / groups) % parts;
    const r = item / groups / parts;
    const count = dimensions == 3 ? rows : min(together, planes - plane);
    const first = rowOf(r, f, plane);
    fetch(FIELD + part, first * points, points, work, modeStride, points, count);
    fetch(REST + part, first * rest, rest, work + <usize>points * 8, modeStride, rest, count);
    if (dimensions == 3) inversePlane<f64>(sites, 0, scale);
    else inverseRows<f64>(sites, work, count, scale);
    addToRows(part == 0 ? mean : rate, stride, count);
    put(FIELD + part, first * points, points, sites, stride, points, count);
    progress(1);
  }
}

/** Sites that are mixed at a time. */
const CHUNK = 1024;

/**
 * Puts sum_i matrix[f][i] times field i plus constants[part][f] in the place of every field f, site by site, with all other workers;
 * this worker has room for fields + 1 chunks at `room`.
 */
export function mixFields(matrix: usize, constants: usize, room: usize): void {
  const length = <f64>planes * rows * points;
  const chunks = <i32>Math.ceil(length / CHUNK);
  const items = realisations * parts * chunks;
  const bytes: usize = CHUNK * 8;
  const mixed = room + <usize>fields * bytes;
  for (let item = claim(); item < items && !stopped(); item = claim()) {
    const begin = <f64>(item % chunks) * CHUNK;
    const part = (item / chunks) % parts;
    const count = <i32>Math.min(CHUNK, length - begin);
    const first = <f64>(item / chunks / parts) * fields * length + begin;
    fetch(FIELD + part, first, length, room, bytes, count, fields);
    for (let f = 0; f < fields; f++) {
      const row = matrix + <usize>(f * fields) * 8;
      const constant = v128.load64_splat(constants + <usize>(part * fields + f) * 8);
      for (let at: usize = 0; at < <usize>count * 8; at += 16) {
        let sum = constant;
        for (let i = 0; i < fields; i++) {
          const factor = v128.load64_splat(row + <usize>i * 8);
          sum = f64x2.add(sum, f64x2.mul(factor, v128.load(room + <usize>i * bytes + at)));
        }
        v128.store(mixed + at, sum);
      }
      put(FIELD + part, first + <f64>f * length, length, mixed, bytes, count, 1);
    }
    progress(1);
  }
}
