// A coupled schedule (see CoupledSchedule in engine.ts): one number q of each realisation sets the strengths of its kicks and drifts and is
// driven by its means, so that every operation ends with a sum over the whole lattice. An operation is one sweep in place: each plane is
// drifted as soon as its own kick of the operation before is done and before any neighbour needs it, then kicked twice, the second half kick
// of this operation and the first of the next, which have the same q; the sums are taken in between, where field and momentum belong to the
// same time. Where a stretch ends the second kick is left out, and the next stretch opens with a sweep that makes up for it: both ways
// round alike, bit for bit.
import { barrier, progress, stopped, worker, workerCount } from "../control";
import { madd, nmadd } from "../simd";
import { slabStart } from "./evolve";
import {
  closeRow,
  field0,
  fieldBytes,
  fields,
  forces,
  laplacianRowAt,
  momentum,
  planeBytes,
  planes,
  points,
  potentialRow,
  reach,
  realisations,
  rowBytes,
  rows,
} from "./grid";
import { laplacianRow } from "./laplacian";
import { both, sumElements } from "./observe";

/** dV/dphi_f of rows of all fields, and V in the row after them. */
@external("potential", "both")
declare function slopesAndValue(fields: usize, fieldStride: i32, out: usize, outStride: i32, count: i32): void;
// AssemblyScript's own power reads tables from the start of the memory, where the control block and the job's data stand.
@external("host", "power")
declare function power(base: f64, exponent: f64): f64;

/** [operations]. */
let durations: usize = 0;
/** [7][2]: factor and power of acceleration by momentum square, gradient and potential, then laplacian, force, drift and clock. */
let monomials: usize = 0;
/** [realisations][3]: q, q', clock. */
let globals: usize = 0;
/** [realisations][planes][3]: sums of pi^2, of -dx^2 phi Laplacian phi over all fields, and of V. */
let sums: usize = 0;
/** 1/dx^2. */
let curvature: f64 = 1;

export function setCoupling(durationsAt: usize, monomialsAt: usize, globalsAt: usize, sumsAt: usize, inverseSquare: f64): void {
  durations = durationsAt;
  monomials = monomialsAt;
  globals = globalsAt;
  sums = sumsAt;
  curvature = inverseSquare;
}

export function isCoupled(): bool {
  return durations != 0;
}

@inline
function monomial(index: i32, q: f64): f64 {
  const at = monomials + <usize>index * 16;
  return load<f64>(at) * power(q, load<f64>(at, 8));
}

let sumMomentum: f64 = 0;
let sumGradient: f64 = 0;
let sumPotential: f64 = 0;

/** One vector at `at` bytes of kickRow: kicks pi twice and gives it as it is in between. */
@inline
function kickSite<T>(pi: usize, slope: usize, lap: v128, at: usize, c1: v128, f1: v128, c2: v128, f2: v128): v128 {
  const s = v128.load(slope + at);
  const p = nmadd<T>(f1, s, madd<T>(c1, lap, v128.load(pi + at)));
  v128.store(pi + at, nmadd<T>(f2, s, madd<T>(c2, lap, p)));
  return p;
}

/** The upper two of four float32 as float64. */
@inline
function upper(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
}

/** One row: pi += kick1, sums, pi += kick2, a kick being laplacian times the row of Laplacians less force times the row of slopes. */
function kickRow<T>(
  row: usize,
  pi: usize,
  slope: usize,
  laplacians: usize,
  reference: f64,
  laplacian1: T,
  force1: T,
  laplacian2: T,
  force2: T,
): void {
  const r = f64x2.splat(reference);
  const c1 = v128.splat<T>(laplacian1);
  const f1 = v128.splat<T>(force1);
  const c2 = v128.splat<T>(laplacian2);
  const f2 = v128.splat<T>(force2);
  // Two sums of each kind, so that an addition need not wait for the one before.
  let squares0 = f64x2.splat(0);
  let squares1 = f64x2.splat(0);
  let slopes0 = f64x2.splat(0);
  let slopes1 = f64x2.splat(0);
  const whole = <usize>points & ~3;
  let x: usize = 0;
  for (; x < whole; x += 4) {
    const at = x * sizeof<T>();
    const lap = v128.load(laplacians + at);
    const p = kickSite<T>(pi, slope, lap, at, c1, f1, c2, f2);
    if (sizeof<T>() == 8) {
      squares0 = madd<f64>(p, p, squares0);
      slopes0 = nmadd<f64>(f64x2.sub(v128.load(row + at), r), lap, slopes0);
      const lap1 = v128.load(laplacians + at, 16);
      const p1 = kickSite<T>(pi, slope, lap1, at + 16, c1, f1, c2, f2);
      squares1 = madd<f64>(p1, p1, squares1);
      slopes1 = nmadd<f64>(f64x2.sub(v128.load(row + at, 16), r), lap1, slopes1);
    } else {
      const low = f64x2.promote_low_f32x4(p);
      const high = upper(p);
      squares0 = madd<f64>(low, low, squares0);
      squares1 = madd<f64>(high, high, squares1);
      const phi = v128.load(row + at);
      slopes0 = nmadd<f64>(f64x2.sub(f64x2.promote_low_f32x4(phi), r), f64x2.promote_low_f32x4(lap), slopes0);
      slopes1 = nmadd<f64>(f64x2.sub(upper(phi), r), upper(lap), slopes1);
    }
  }
  sumMomentum += both(f64x2.add(squares0, squares1));
  sumGradient += both(f64x2.add(slopes0, slopes1));
  for (; x < <usize>points; x++) {
    const at = x * sizeof<T>();
    const lap = load<T>(laplacians + at);
    const s = load<T>(slope + at);
    const p = <T>(load<T>(pi + at) + laplacian1 * lap) - <T>(force1 * s);
    store<T>(pi + at, <T>(p + laplacian2 * lap) - <T>(force2 * s));
    sumMomentum += <f64>p * <f64>p;
    sumGradient -= (<f64>load<T>(row + at) - reference) * <f64>lap;
  }
}

/** Both kicks of a plane with the sums between them, which go to `target`. */
function kickPlane<T>(start: usize, plane: i32, laplacian1: f64, force1: f64, laplacian2: f64, force2: f64, target: usize): void {
  const state = field0 + start;
  const here = <usize>plane * planeBytes;
  sumMomentum = 0;
  sumGradient = 0;
  sumPotential = 0;
  for (let y = 0; y < rows; y++) {
    const row = here + <usize>y * rowBytes;
    slopesAndValue(state + row, <i32>fieldBytes, forces, <i32>rowBytes, points);
    sumPotential += sumElements<T>(potentialRow());
    for (let f = 0; f < fields; f++) {
      const base = state + <usize>f * fieldBytes;
      const pi = momentum + start + <usize>f * fieldBytes + row;
      laplacianRow<T>(base, plane, y, laplacianRowAt());
      kickRow<T>(
        base + row,
        pi,
        forces + <usize>f * rowBytes,
        laplacianRowAt(),
        <f64>load<T>(base),
        <T>laplacian1,
        <T>force1,
        <T>laplacian2,
        <T>force2,
      );
    }
  }
  store<f64>(target, sumMomentum);
  store<f64>(target, sumGradient, 8);
  store<f64>(target, sumPotential, 16);
}

/** phi += drift pi on a plane, all fields. */
function driftPlane<T>(start: usize, plane: i32, drift: T): void {
  const d = v128.splat<T>(drift);
  const bytes = <usize>points * sizeof<T>();
  for (let f = 0; f < fields; f++) {
    const at = start + <usize>f * fieldBytes + <usize>plane * planeBytes;
    for (let y = 0; y < rows; y++) {
      const phi = field0 + at + <usize>y * rowBytes;
      const pi = momentum + at + <usize>y * rowBytes;
      for (let x: usize = 0; x < bytes; x += 16) {
        v128.store(phi + x, madd<T>(d, v128.load(pi + x), v128.load(phi + x)));
      }
      closeRow<T>(phi);
    }
  }
}

/** A(q) from the planes' sums, added in order by everyone who needs it. */
function acceleration(planeSums: usize, q: f64): f64 {
  let momentumSquare: f64 = 0;
  let slopes: f64 = 0;
  let potential: f64 = 0;
  for (let plane = 0; plane < planes; plane++) {
    const at = planeSums + <usize>plane * 24;
    momentumSquare += load<f64>(at);
    slopes += load<f64>(at, 8);
    potential += load<f64>(at, 16);
  }
  const sites = <f64>planes * <f64>rows * <f64>points;
  return (
    (monomial(0, q) * momentumSquare + monomial(1, q) * slopes * curvature + monomial(2, q) * potential) / sites
  );
}

/**
 * Operations `from` .. `to - 1` of realisation `r`, whose planes `low` .. `high - 1` this worker takes; the others' are taken by others at
 * the same time, or there are none (`alone`). False where stopped.
 */
function evolveRealisation<T>(r: i32, from: i32, to: i32, low: i32, high: i32, alone: bool): bool {
  const start = <usize>r * <usize>fields * fieldBytes;
  const planeSums = sums + <usize>r * <usize>planes * 24;
  const global = globals + <usize>r * 24;
  let q = load<f64>(global);
  let rate = load<f64>(global, 8);
  let clock = load<f64>(global, 16);
  let half = load<f64>(durations + <usize>from * 8) / 2;
  // In this order, as in the sweeps below: a stretch that ends and opens again gives the same bits.
  const laplacian = half * (curvature * monomial(3, q));
  const force = half * monomial(4, q);
  for (let plane = low; plane < high; plane++) {
    kickPlane<T>(start, plane, 0, 0, laplacian, force, planeSums + <usize>plane * 24);
  }
  if (alone ? stopped() : !barrier()) return false;
  rate += half * acceleration(planeSums, q);
  for (let operation = from; operation < to; operation++) {
    const h = load<f64>(durations + <usize>operation * 8);
    const next = q + h * rate;
    const middle = (q + next) / 2;
    const drift = <T>(h * monomial(5, middle));
    clock += h * monomial(6, middle);
    q = next;
    // What others' or the first planes' kicks read is drifted before any of them begins.
    const inner = max(low + reach, high - reach);
    for (let plane = low; plane < min(low + reach, high); plane++) driftPlane<T>(start, plane, drift);
    for (let plane = inner; plane < high; plane++) driftPlane<T>(start, plane, drift);
    if (!alone && !barrier()) return false;
    const following = operation + 1 < to ? load<f64>(durations + <usize>(operation + 1) * 8) / 2 : 0;
    half = h / 2;
    const strength = curvature * monomial(3, q);
    const pull = monomial(4, q);
    for (let plane = low; plane < high; plane++) {
      const ahead = plane + reach;
      if (ahead < inner && ahead >= low + reach) driftPlane<T>(start, ahead, drift);
      kickPlane<T>(
        start,
        plane,
        half * strength,
        half * pull,
        following * strength,
        following * pull,
        planeSums + <usize>plane * 24,
      );
    }
    if (alone ? stopped() : !barrier()) return false;
    const a = acceleration(planeSums, q);
    rate += half * a;
    if (operation + 1 < to) rate += following * a;
    if (low == 0) progress(<i64>fields * <i64>planes * <i64>rows * <i64>points);
  }
  // Everyone has read the globals before the first barrier of this stretch.
  if (low == 0) {
    store<f64>(global, q);
    store<f64>(global, rate, 8);
    store<f64>(global, clock, 16);
  }
  return true;
}

/** Operations `from` .. `to - 1` of all realisations, with all other workers. False where stopped. */
export function evolveCoupled<T>(from: i32, to: i32): bool {
  if (from == to) return true;
  const count = workerCount();
  const shared = planes >= 2 * reach * count ? realisations % count : 0;
  for (let r = worker; r < realisations - shared; r += count) {
    if (!evolveRealisation<T>(r, from, to, 0, planes, true)) return false;
  }
  for (let r = realisations - shared; r < realisations; r++) {
    if (!evolveRealisation<T>(r, from, to, slabStart(worker, count), slabStart(worker + 1, count), false)) return false;
  }
  return barrier();
}
