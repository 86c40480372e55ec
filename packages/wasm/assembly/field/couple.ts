// A coupled schedule (see CoupledSchedule in engine.ts): one number q of each realisation sets the strengths of its kicks and drifts and is
// driven by its means, so that every operation ends with a sum over the whole lattice. An operation is one sweep in place: each plane is
// drifted as soon as its own kick of the operation before is done and before any neighbour needs it, then kicked twice, the second half kick
// of this operation and the first of the next, which have the same q; the sums are taken in between, where field and momentum belong to the
// same time. Where a stretch ends the second kick is left out, and the next stretch opens with a sweep that makes up for it: both ways
// round alike, bit for bit.
import { barrier, progress, stopped, worker, workerCount } from "../control";
import { slopesAndValue } from "../potential";
import { madd } from "../simd";
import { slabStart } from "./evolve";
import {
  closeRow,
  constantsOf,
  dimensions,
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
  wrapped,
} from "./grid";
import { clearSums, kickFused, kickRow, sumGradient, sumMomentum } from "./kick";
import { laplacianRow } from "./laplacian";
import { sumElements } from "./observe";

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

/** Both kicks of a plane with the sums between them, which go to `target`. */
function kickPlane<T>(start: usize, plane: i32, laplacian1: f64, force1: f64, laplacian2: f64, force2: f64, target: usize): void {
  const state = field0 + start;
  const here = <usize>plane * planeBytes;
  const constants = constantsOf(start);
  clearSums();
  let sumPotential: f64 = 0;
  for (let y = 0; y < rows; y++) {
    const row = here + <usize>y * rowBytes;
    slopesAndValue(state + row, <i32>fieldBytes, forces, <i32>rowBytes, points, constants);
    sumPotential += sumElements<T>(potentialRow());
    for (let f = 0; f < fields; f++) {
      const base = state + <usize>f * fieldBytes;
      const pi = momentum + start + <usize>f * fieldBytes + row;
      const slope = forces + <usize>f * rowBytes;
      const r = <f64>load<T>(base);
      const c1 = <T>laplacian1;
      const f1 = <T>force1;
      const c2 = <T>laplacian2;
      const f2 = <T>force2;
      if (dimensions == 3 && reach == 1) {
        const at = base + row;
        const inPlane = <usize>y * rowBytes;
        const up = base + here + <usize>wrapped(y - 1, rows) * rowBytes;
        const down = base + here + <usize>wrapped(y + 1, rows) * rowBytes;
        const front = base + <usize>wrapped(plane - 1, planes) * planeBytes + inPlane;
        const back = base + <usize>wrapped(plane + 1, planes) * planeBytes + inPlane;
        kickFused<T>(at, up, down, front, back, pi, slope, r, c1, f1, c2, f2);
      } else {
        laplacianRow<T>(base, plane, y, laplacianRowAt());
        kickRow<T>(laplacianRowAt(), base + row, pi, slope, r, c1, f1, c2, f2);
      }
    }
  }
  store<f64>(target, sumMomentum);
  store<f64>(target, sumGradient, 8);
  store<f64>(target, sumPotential, 16);
}

/** phi += drift pi on a plane, all fields. */
function driftPlane<T>(start: usize, plane: i32, drift: T): void {
  const d = v128.splat<T>(drift);
  for (let f = 0; f < fields; f++) {
    const at = start + <usize>f * fieldBytes + <usize>plane * planeBytes;
    for (let y = 0; y < rows; y++) {
      const phi = field0 + at + <usize>y * rowBytes;
      let pi = momentum + at + <usize>y * rowBytes;
      let here = phi;
      const end = phi + <usize>points * sizeof<T>();
      // What runs past a row's end stays in its padding.
      while (here < end) {
        v128.store(here, madd<T>(d, v128.load(pi), v128.load(here)));
        v128.store(here, madd<T>(d, v128.load(pi, 16), v128.load(here, 16)), 16);
        here += 32;
        pi += 32;
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
