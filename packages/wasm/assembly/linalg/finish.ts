// What becomes of the sums that a tile leaves in registers, for packed and unpacked products.
import { madd } from "../simd";

/** What becomes of a tile's sums: they are put in C; added to it; C = factor C + sums; or heavy-ball descent, V = factor V + sums, C += V. */
export const STORE = 0;
export const ADD = 1;
export const ROLL = 2;
export const DESCEND = 3;
/** The sums of their lanes are put in C, or added. */
export const LANES = 4;
export const ADD_LANES = 5;

/** One vector of sums; `velocity` is the distance from C to V in bytes. */
@inline
export function finish<T>(mode: i32, sum: v128, c: usize, velocity: usize, factor: v128): void {
  if (mode == STORE) v128.store(c, sum);
  else if (mode == ADD) v128.store(c, v128.add<T>(v128.load(c), sum));
  else if (mode == ROLL) v128.store(c, madd<T>(factor, v128.load(c), sum));
  else {
    const rolled = madd<T>(factor, v128.load(c + velocity), sum);
    v128.store(c + velocity, rolled);
    v128.store(c, v128.add<T>(v128.load(c), rolled));
  }
}

/** The sums of one row of the tile, of which `columns` are wanted, `next` bytes apart. */
@inline
function finishRow<T>(mode: i32, columns: i32, s0: v128, s1: v128, s2: v128, c: usize, next: usize, velocity: usize, factor: v128): void {
  finish<T>(mode, s0, c, velocity, factor);
  if (columns > 1) finish<T>(mode, s1, c + next, velocity, factor);
  if (columns > 2) finish<T>(mode, s2, c + 2 * next, velocity, factor);
}

/** The sums of the first and second half of the lanes of `a`, and of `b`: in float32 by pairs. */
@inline
function halves<T>(a: v128, b: v128): v128 {
  return v128.add<T>(v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3));
}

/** The sums of the two halves of each of four. */
@inline
function quarters(a: v128, b: v128): v128 {
  return v128.add<f32>(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
}

/** The lanes' sums of one row of the tile. */
@inline
function finishLanes<T>(mode: i32, columns: i32, t0: T, t1: T, t2: T, c: usize, next: usize): void {
  store<T>(c, mode == LANES ? t0 : load<T>(c) + t0);
  if (columns > 1) store<T>(c + next, mode == LANES ? t1 : load<T>(c + next) + t1);
  if (columns > 2) store<T>(c + 2 * next, mode == LANES ? t2 : load<T>(c + 2 * next) + t2);
}

/** The nine sums of a tile. Their lanes are summed pairwise, several sums at once. */
@inline
export function finishTile<T>(
  mode: i32,
  rows: i32,
  columns: i32,
  s00: v128,
  s01: v128,
  s02: v128,
  s10: v128,
  s11: v128,
  s12: v128,
  s20: v128,
  s21: v128,
  s22: v128,
  c: usize,
  cRow: usize,
  next: usize,
  velocity: usize,
  factor: f64,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  if (mode < LANES) {
    const by = v128.splat<T>(<T>factor);
    finishRow<T>(mode, columns, s00, s01, s02, c, next, velocity, by);
    if (rows > 1) finishRow<T>(mode, columns, s10, s11, s12, c1, next, velocity, by);
    if (rows > 2) finishRow<T>(mode, columns, s20, s21, s22, c2, next, velocity, by);
    return;
  }
  const h0 = halves<T>(s00, s01);
  const h1 = halves<T>(s02, s10);
  const h2 = halves<T>(s11, s12);
  const h3 = halves<T>(s20, s21);
  const h4 = halves<T>(s22, s22);
  if (sizeof<T>() == 4) {
    const q0 = quarters(h0, h1);
    const q1 = quarters(h2, h3);
    const q2 = quarters(h4, h4);
    finishLanes<f32>(mode, columns, f32x4.extract_lane(q0, 0), f32x4.extract_lane(q0, 1), f32x4.extract_lane(q0, 2), c, next);
    if (rows > 1) finishLanes<f32>(mode, columns, f32x4.extract_lane(q0, 3), f32x4.extract_lane(q1, 0), f32x4.extract_lane(q1, 1), c1, next);
    if (rows > 2) finishLanes<f32>(mode, columns, f32x4.extract_lane(q1, 2), f32x4.extract_lane(q1, 3), f32x4.extract_lane(q2, 0), c2, next);
  } else {
    finishLanes<f64>(mode, columns, f64x2.extract_lane(h0, 0), f64x2.extract_lane(h0, 1), f64x2.extract_lane(h1, 0), c, next);
    if (rows > 1) finishLanes<f64>(mode, columns, f64x2.extract_lane(h1, 1), f64x2.extract_lane(h2, 0), f64x2.extract_lane(h2, 1), c1, next);
    if (rows > 2) finishLanes<f64>(mode, columns, f64x2.extract_lane(h3, 0), f64x2.extract_lane(h3, 1), f64x2.extract_lane(h4, 0), c2, next);
  }
}
