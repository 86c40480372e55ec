// One hidden layer: a network's weights, units and slopes stay in the caches for all its steps. Units are in lanes, [vectors][data], and a
// step's descent is fused with the next step's forward pass: each group of units is updated, evaluated and summed while it is at hand.
//   f_a = sum_j w_j h_ja,  dLoss/dw_j = sum_a V'_a h_ja,  dLoss/dW_ij = sum_a V'_a w_j slope_ja x_ia.
import { alive } from "../control";
import { lanes, loadSplat, madd, sumLanes } from "../simd";
import {
  biasStd,
  data,
  deltaOf,
  force,
  inputColumns,
  inputs,
  momentum,
  outputs,
  paired,
  resident,
  rowBytes,
  scale,
  sums,
  velocity,
  weightsInto,
  width,
} from "./shape";

@external("activation", "apply")
declare function activate(z: usize, slope: usize, count: i32, scale: f64): void;

/** Vectors of units that are worked on at a time, in pairs: enough to make the activation's call cheap, few enough for the first cache. */
const GROUP = 4;

/** The output's bias, which stays out of the vectors of its weights while a network trains here. */
let bias: f64 = 0;
let biasVelocity: f64 = 0;

/** Takes the bias out of the output's weights before the first pass. */
export function enterResident<T>(): void {
  const place = weightsInto<T>(1) + <usize>width * sizeof<T>();
  bias = <f64>load<T>(place);
  store<T>(place, <T>0);
  biasVelocity = 0;
}

/** Puts the bias back where layered code finds it, or takes it out again. */
export function showBias<T>(shown: bool): void {
  store<T>(weightsInto<T>(1) + <usize>width * sizeof<T>(), shown ? <T>bias : <T>0);
}

@inline
function change<T>(place: usize, gradient: v128, beta: v128): void {
  if (momentum == 0) v128.store(place, v128.add<T>(v128.load(place), gradient));
  else {
    const v = madd<T>(beta, v128.load(place + velocity), gradient);
    v128.store(place + velocity, v);
    v128.store(place, v128.add<T>(v128.load(place), v));
  }
}

/**
 * Two neighbouring vectors of units: `count` rows of first-layer weights from row i descend, and with the first rows the output weights'
 * gradients are gathered as well. Sums of force, units and slopes stay in registers, so that every load serves as many of them as fit.
 */
@inline
function descendRows<T>(
  count: i32,
  withOutput: bool,
  i: i32,
  h: usize,
  slope: usize,
  w: usize,
  out: usize,
): void {
  const zero = v128.splat<T>(0);
  const n = <usize>data * sizeof<T>();
  const next = <usize>data * 16;
  const x0 = inputColumns + <usize>i * n;
  const x1 = x0 + n;
  const x2 = x1 + n;
  let g0 = zero;
  let g1 = zero;
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let at: usize = 0;
  for (let a: usize = 0; a < n; a += sizeof<T>()) {
    const push = loadSplat<T>(force + a);
    if (withOutput) {
      g0 = madd<T>(push, v128.load(h + at), g0);
      g1 = madd<T>(push, v128.load(h + next + at), g1);
    }
    const d0 = v128.mul<T>(push, v128.load(slope + at));
    const d1 = v128.mul<T>(push, v128.load(slope + next + at));
    const c0 = loadSplat<T>(x0 + a);
    s00 = madd<T>(d0, c0, s00);
    s01 = madd<T>(d1, c0, s01);
    if (count > 1) {
      const c1 = loadSplat<T>(x1 + a);
      s10 = madd<T>(d0, c1, s10);
      s11 = madd<T>(d1, c1, s11);
    }
    if (count > 2) {
      const c2 = loadSplat<T>(x2 + a);
      s20 = madd<T>(d0, c2, s20);
      s21 = madd<T>(d1, c2, s21);
    }
    at += 16;
  }
  const beta = v128.splat<T>(<T>momentum);
  const row = rowBytes<T>();
  const o0 = v128.load(out);
  const o1 = v128.load(out, 16);
  change<T>(w, v128.mul<T>(o0, s00), beta);
  change<T>(w + 16, v128.mul<T>(o1, s01), beta);
  if (count > 1) {
    change<T>(w + row, v128.mul<T>(o0, s10), beta);
    change<T>(w + row + 16, v128.mul<T>(o1, s11), beta);
  }
  if (count > 2) {
    change<T>(w + 2 * row, v128.mul<T>(o0, s20), beta);
    change<T>(w + 2 * row + 16, v128.mul<T>(o1, s21), beta);
  }
  if (withOutput) {
    change<T>(out, g0, beta);
    change<T>(out + 16, g1, beta);
  }
}

/** Descent of two neighbouring vectors of units. The rows that change the output's weights too come last: all need those of before. */
function descendPair<T>(h: usize, slope: usize, w: usize, out: usize): void {
  const row = rowBytes<T>();
  let i = 3;
  for (; i + 3 <= inputs; i += 3) descendRows<T>(3, false, i, h, slope, w + <usize>i * row, out);
  if (i + 2 == inputs) descendRows<T>(2, false, i, h, slope, w + <usize>i * row, out);
  else if (i + 1 == inputs) descendRows<T>(1, false, i, h, slope, w + <usize>i * row, out);
  if (inputs == 1) descendRows<T>(1, true, 0, h, slope, w, out);
  else if (inputs == 2) descendRows<T>(2, true, 0, h, slope, w, out);
  else descendRows<T>(3, true, 0, h, slope, w, out);
}

/** z of two neighbouring vectors of units at `count` data from datum a. */
@inline
function preactivate<T>(count: i32, a: i32, z: usize, w: usize): void {
  const zero = v128.splat<T>(0);
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let s30 = zero;
  let s31 = zero;
  const n = <usize>data * sizeof<T>();
  let x = inputColumns + <usize>a * sizeof<T>();
  for (let i = 0; i < inputs; i++) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const c0 = loadSplat<T>(x);
    s00 = madd<T>(w0, c0, s00);
    s01 = madd<T>(w1, c0, s01);
    if (count > 1) {
      const c1 = loadSplat<T>(x + sizeof<T>());
      s10 = madd<T>(w0, c1, s10);
      s11 = madd<T>(w1, c1, s11);
      const c2 = loadSplat<T>(x + 2 * sizeof<T>());
      s20 = madd<T>(w0, c2, s20);
      s21 = madd<T>(w1, c2, s21);
      const c3 = loadSplat<T>(x + 3 * sizeof<T>());
      s30 = madd<T>(w0, c3, s30);
      s31 = madd<T>(w1, c3, s31);
    }
    w += rowBytes<T>();
    x += n;
  }
  const other = z + <usize>data * 16;
  v128.store(z, s00);
  v128.store(other, s01);
  if (count > 1) {
    v128.store(z, s10, 16);
    v128.store(other, s11, 16);
    v128.store(z, s20, 32);
    v128.store(other, s21, 32);
    v128.store(z, s30, 48);
    v128.store(other, s31, 48);
  }
}

function preactivatePair<T>(z: usize, w: usize): void {
  let a = 0;
  for (; a + 4 <= data; a += 4) {
    preactivate<T>(4, a, z, w);
    z += 64;
  }
  for (; a < data; a++) {
    preactivate<T>(1, a, z, w);
    z += 16;
  }
}

/** sums_a += sum over two or four vectors of out * h_a. */
@inline
function gather<T>(four: bool, h: usize, out: usize): void {
  const next = <usize>data * 16;
  const o0 = v128.load(out);
  const o1 = v128.load(out, 16);
  const o2 = four ? v128.load(out, 32) : o0;
  const o3 = four ? v128.load(out, 48) : o0;
  for (let a: usize = 0; a < next; a += 16) {
    let s = madd<T>(o0, v128.load(h + a), v128.load(sums + a));
    s = madd<T>(o1, v128.load(h + next + a), s);
    if (four) {
      s = madd<T>(o2, v128.load(h + 2 * next + a), s);
      s = madd<T>(o3, v128.load(h + 3 * next + a), s);
    }
    v128.store(sums + a, s);
  }
}

function gatherTwo<T>(h: usize, out: usize): void {
  gather<T>(false, h, out);
}

function gatherFour<T>(h: usize, out: usize): void {
  gather<T>(true, h, out);
}

/** Outputs with the present weights, after a step with the forces of the last read-out where `descends`. */
export function residentPass<T>(descends: bool): void {
  const vectors = paired<T>(width) / (16 / sizeof<T>());
  const block = <usize>data * 16;
  const h = resident;
  const slope = h + <usize>vectors * block;
  const w = weightsInto<T>(0);
  const out = weightsInto<T>(1);
  for (let a = 0; a < data; a++) v128.store(sums + <usize>a * 16, v128.splat<T>(0));
  for (let first = 0; first < vectors; first += GROUP) {
    const count = min(GROUP, vectors - first);
    const place = <usize>first * block;
    for (let v = 0; v < count; v += 2) {
      const lane = <usize>(first + v) * 16;
      const at = place + <usize>v * block;
      if (descends) {
        descendPair<T>(h + at, slope + at, w + lane, out + lane);
        if (first + v + 2 == vectors) clearPadding<T>(out);
      }
      preactivatePair<T>(h + at, w + lane);
    }
    activate(h + place, slope + place, count * data * (16 / sizeof<T>()), scale);
    if (count == GROUP) gatherFour<T>(h + place, out + <usize>first * 16);
    else gatherTwo<T>(h + place, out + <usize>first * 16);
    alive(<i64>2 * inputs * data * count * lanes<T>());
  }
  if (descends) {
    let gradient: f64 = 0;
    for (let a = 0; a < data; a++) gradient += <f64>load<T>(force + <usize>a * sizeof<T>());
    biasVelocity = momentum * biasVelocity + gradient * biasStd;
    bias += biasVelocity;
  }
  for (let a = 0; a < data; a++) {
    const sum = sumLanes<T>(v128.load(sums + <usize>a * 16)) + <T>(bias * biasStd);
    store<T>(outputs + <usize>a * sizeof<T>(), sum);
  }
}

/** Units past the width have no output weight: so nothing reaches the output from them, and nothing comes back. */
function clearPadding<T>(out: usize): void {
  const end = paired<T>(width);
  for (let j = width; j < end; j++) store<T>(out + <usize>j * sizeof<T>(), <T>0);
}

/** Zeros a vector's lanes of units past the width, at all data. */
function clearLanes<T>(units: usize): void {
  const end = paired<T>(width);
  for (let j = width; j < end; j++) {
    const vector = j / (16 / sizeof<T>());
    const lane = units + <usize>vector * <usize>data * 16 + <usize>(j & (16 / sizeof<T>() - 1)) * sizeof<T>();
    for (let a = 0; a < data; a++) store<T>(lane + <usize>a * 16, <T>0);
  }
}

/**
 * df_a/dz = out slope_a of the last pass's units, to the deltas, [vectors][data]. Units and deltas past the width become zero, as their
 * Gram matrices need; nothing else reads them.
 */
export function residentSensitivities<T>(): void {
  const vectors = paired<T>(width) / (16 / sizeof<T>());
  const block = <usize>data * 16;
  const slope = resident + <usize>vectors * block;
  const delta = deltaOf<T>(0);
  const out = weightsInto<T>(1);
  for (let v = 0; v < vectors; v++) {
    const factor = v128.load(out + <usize>v * 16);
    const from = slope + <usize>v * block;
    const to = delta + <usize>v * block;
    for (let a: usize = 0; a < block; a += 16) v128.store(to + a, v128.mul<T>(factor, v128.load(from + a)));
  }
  clearLanes<T>(resident);
  clearLanes<T>(delta);
}
