// A coupled schedule (see CoupledSchedule in latticeJob.ts): one number q of each realisation sets the strengths of its kicks and drifts and is
// driven by its means, so that every operation ends with a sum over the whole lattice. An operation is one sweep in place: each plane is
// drifted as soon as its own kick of the operation before is done and before any neighbour needs it, then kicked twice, the second half kick
// of this operation and the first of the next, which have the same q; the sums are taken in between, where field and momentum belong to the
// same time, and so are the moments where the operation is observed. Where a stretch ends the second kick is left out, and the next stretch
// opens with a sweep that makes up for it: both ways round alike, bit for bit.
import { barrier, progress, stopped, worker, workerCount } from "../control";
import { slabStart } from "./evolve";
import {
  closeRow,
  field0,
  fieldBytes,
  fields,
  momentum,
  planeBytes,
  planes,
  points,
  reach,
  realisations,
  rowBytes,
  rows,
} from "./grid";
import { madd } from "../simd";
import { recordCosines, recordGlobal, recordOf } from "./observe";
import { kickPlane } from "./planes";

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

/** phi += drift pi on a row. */
function driftRow<T>(phi: usize, pi: usize, drift: T): void {
  const d = v128.splat<T>(drift);
  const end = phi + <usize>points * sizeof<T>();
  // What runs past a row's end stays in its padding.
  for (let here = phi; here < end; here += 16, pi += 16) v128.store(here, madd<T>(d, v128.load(pi), v128.load(here)));
  closeRow<T>(phi);
}

/** phi += drift pi on a plane, all fields. */
function driftPlane<T>(start: usize, plane: i32, drift: T): void {
  for (let f = 0; f < fields; f++) {
    for (let y = 0; y < rows; y++) {
      const row = start + <usize>f * fieldBytes + <usize>plane * planeBytes + <usize>y * rowBytes;
      driftRow<T>(field0 + row, momentum + row, drift);
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
 * Operations `from` .. `to - 1` of realisation `r`, observed as evolveCoupled says, whose planes `low` .. `high - 1` this worker takes; the
 * others' are taken by others at the same time, or there are none (`alone`). False where stopped.
 */
function evolveRealisation<T>(
  r: i32,
  from: i32,
  to: i32,
  due: usize,
  first: i32,
  last: i32,
  low: i32,
  high: i32,
  alone: bool,
): bool {
  const start = <usize>r * <usize>fields * fieldBytes;
  let record = first;
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
    kickPlane(start, plane, 0, 0, laplacian, force, false, 0, planeSums + <usize>plane * 24, 0);
  }
  if (alone ? stopped() : !barrier()) return false;
  rate += half * acceleration(planeSums, q);
  for (let operation = from; operation < to; operation++) {
    const h = load<f64>(durations + <usize>operation * 8);
    const next = q + h * rate;
    const middle = (q + next) / 2;
    const drift = h * monomial(5, middle);
    clock += h * monomial(6, middle);
    q = next;
    // What others' or the first planes' kicks read is drifted before any of them begins.
    const inner = max(low + reach, high - reach);
    for (let plane = low; plane < min(low + reach, high); plane++) driftPlane<T>(start, plane, <T>drift);
    for (let plane = inner; plane < high; plane++) driftPlane<T>(start, plane, <T>drift);
    if (!alone && !barrier()) return false;
    const following = operation + 1 < to ? load<f64>(durations + <usize>(operation + 1) * 8) / 2 : 0;
    half = h / 2;
    const strength = curvature * monomial(3, q);
    const pull = monomial(4, q);
    const observed = record < last && load<i32>(due + <usize>record * 4) == operation + 1;
    for (let plane = low; plane < high; plane++) {
      kickPlane(
        start,
        plane,
        half * strength,
        half * pull,
        following * strength,
        following * pull,
        plane + reach < inner,
        drift,
        planeSums + <usize>plane * 24,
        observed ? recordOf(record, r, plane) : 0,
      );
      if (observed) recordCosines<T>(field0, record, r, plane);
    }
    if (alone ? stopped() : !barrier()) return false;
    const a = acceleration(planeSums, q);
    rate += half * a;
    if (observed) {
      if (low == 0) recordGlobal(record, r, q, rate, clock);
      record++;
    }
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

/**
 * Operations `from` .. `to - 1` of all realisations, with all other workers, observed after those numbers of operations above `from` that
 * stand in `due`, ascending 32-bit integers, for the records `first` .. `last - 1`. False where stopped.
 */
export function evolveCoupled<T>(from: i32, to: i32, due: usize, first: i32, last: i32): bool {
  if (from == to) return true;
  const count = workerCount();
  const shared = planes >= 2 * reach * count ? realisations % count : 0;
  for (let r = worker; r < realisations - shared; r += count) {
    if (!evolveRealisation<T>(r, from, to, due, first, last, 0, planes, true)) return false;
  }
  for (let r = realisations - shared; r < realisations; r++) {
    if (!evolveRealisation<T>(r, from, to, due, first, last, slabStart(worker, count), slabStart(worker + 1, count), false)) return false;
  }
  return barrier();
}
