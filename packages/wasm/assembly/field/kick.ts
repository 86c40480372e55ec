// Two half kicks of a row at once, the end of one operation and the beginning of the next, with the sums that drive a coupled schedule taken
// in between.
import { madd, nmadd } from "../simd";
import { points } from "./grid";
import { both } from "./observe";

/** Sums of pi^2 and of -dx^2 (phi - reference) Laplacian phi over the rows since they were cleared. */
export let sumMomentum: f64 = 0;
export let sumGradient: f64 = 0;

export function clearSums(): void {
  sumMomentum = 0;
  sumGradient = 0;
}

/** The vector at `address`, or the one after it: a constant offset costs nothing, a sum would. */
@inline
function vectorAt(address: usize, second: bool): v128 {
  return second ? v128.load(address, 16) : v128.load(address);
}

/** The vector at `pi` and `slope`, or the one after it: kicks pi twice and gives it as it is in between. */
@inline
function kickSite<T>(pi: usize, slope: usize, second: bool, lap: v128, c1: v128, f1: v128, c2: v128, f2: v128): v128 {
  const s = vectorAt(slope, second);
  const p = nmadd<T>(f1, s, madd<T>(c1, lap, vectorAt(pi, second)));
  const next = nmadd<T>(f2, s, madd<T>(c2, lap, p));
  if (second) v128.store(pi, next, 16);
  else v128.store(pi, next);
  return p;
}

/** The upper two of four float32 as float64. */
@inline
function upper(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
}

/** dx^2 times the Laplacian in three dimensions with the narrowest stencil; `left` points one site before, the others at the neighbours. */
@inline
function laplacian3<T>(left: usize, up: usize, down: usize, front: usize, back: usize, second: bool, degree: v128): v128 {
  const right = second ? v128.load(left, 16 + 2 * sizeof<T>()) : v128.load(left, 2 * sizeof<T>());
  const here = second ? v128.load(left, 16 + sizeof<T>()) : v128.load(left, sizeof<T>());
  const along = v128.add<T>(vectorAt(left, second), right);
  const across = v128.add<T>(vectorAt(up, second), vectorAt(down, second));
  const beyond = v128.add<T>(vectorAt(front, second), vectorAt(back, second));
  return nmadd<T>(degree, here, v128.add<T>(v128.add<T>(along, across), beyond));
}

/**
 * One row: pi += kick1, sums, pi += kick2, a kick being laplacian times the row's Laplacians less force times the row of slopes. The
 * Laplacians stand in a row of their own, which `up` then is, or are made of the six neighbours (`fused`). Pointers move on rather than an
 * index, because an engine adds an index to each of them anew.
 */
@inline
function kick<T>(
  fused: bool,
  row: usize,
  up: usize,
  down: usize,
  front: usize,
  back: usize,
  pi: usize,
  slope: usize,
  reference: f64,
  laplacian1: T,
  force1: T,
  laplacian2: T,
  force2: T,
): void {
  const r = f64x2.splat(reference);
  const degree = v128.splat<T>(6);
  const c1 = v128.splat<T>(laplacian1);
  const f1 = v128.splat<T>(force1);
  const c2 = v128.splat<T>(laplacian2);
  const f2 = v128.splat<T>(force2);
  // Two sums of each kind, so that an addition need not wait for the one before.
  let squares0 = f64x2.splat(0);
  let squares1 = f64x2.splat(0);
  let slopes0 = f64x2.splat(0);
  let slopes1 = f64x2.splat(0);
  let left = row - sizeof<T>();
  const end = left + (<usize>points & ~3) * sizeof<T>();
  while (left < end) {
    const lap = fused ? laplacian3<T>(left, up, down, front, back, false, degree) : v128.load(up);
    const p = kickSite<T>(pi, slope, false, lap, c1, f1, c2, f2);
    const phi = v128.load(left, sizeof<T>());
    if (sizeof<T>() == 8) {
      squares0 = madd<f64>(p, p, squares0);
      slopes0 = nmadd<f64>(f64x2.sub(phi, r), lap, slopes0);
      const lap1 = fused ? laplacian3<T>(left, up, down, front, back, true, degree) : v128.load(up, 16);
      const p1 = kickSite<T>(pi, slope, true, lap1, c1, f1, c2, f2);
      squares1 = madd<f64>(p1, p1, squares1);
      slopes1 = nmadd<f64>(f64x2.sub(v128.load(left, 16 + sizeof<T>()), r), lap1, slopes1);
    } else {
      const low = f64x2.promote_low_f32x4(p);
      const high = upper(p);
      squares0 = madd<f64>(low, low, squares0);
      squares1 = madd<f64>(high, high, squares1);
      slopes0 = nmadd<f64>(f64x2.sub(f64x2.promote_low_f32x4(phi), r), f64x2.promote_low_f32x4(lap), slopes0);
      slopes1 = nmadd<f64>(f64x2.sub(upper(phi), r), upper(lap), slopes1);
    }
    left += 4 * sizeof<T>();
    up += 4 * sizeof<T>();
    down += 4 * sizeof<T>();
    front += 4 * sizeof<T>();
    back += 4 * sizeof<T>();
    pi += 4 * sizeof<T>();
    slope += 4 * sizeof<T>();
  }
  sumMomentum += both(f64x2.add(squares0, squares1));
  sumGradient += both(f64x2.add(slopes0, slopes1));
  for (let x = points & ~3; x < points; x++) {
    const vector = fused ? laplacian3<T>(left, up, down, front, back, false, degree) : v128.load(up);
    const lap: T = v128.extract_lane<T>(vector, 0);
    const s = load<T>(slope);
    const p = <T>(load<T>(pi) + laplacian1 * lap) - <T>(force1 * s);
    store<T>(pi, <T>(p + laplacian2 * lap) - <T>(force2 * s));
    sumMomentum += <f64>p * <f64>p;
    sumGradient -= (<f64>load<T>(left, sizeof<T>()) - reference) * <f64>lap;
    left += sizeof<T>();
    up += sizeof<T>();
    down += sizeof<T>();
    front += sizeof<T>();
    back += sizeof<T>();
    pi += sizeof<T>();
    slope += sizeof<T>();
  }
}

/** Kicks a row in three dimensions whose Laplacians are made of its six neighbours. */
export function kickFused<T>(
  row: usize,
  up: usize,
  down: usize,
  front: usize,
  back: usize,
  pi: usize,
  slope: usize,
  reference: f64,
  laplacian1: T,
  force1: T,
  laplacian2: T,
  force2: T,
): void {
  kick<T>(true, row, up, down, front, back, pi, slope, reference, laplacian1, force1, laplacian2, force2);
}

/** The same with dx^2 Laplacian phi in the row at `laplacians`. */
export function kickRow<T>(
  laplacians: usize,
  row: usize,
  pi: usize,
  slope: usize,
  reference: f64,
  laplacian1: T,
  force1: T,
  laplacian2: T,
  force2: T,
): void {
  kick<T>(false, row, laplacians, 0, 0, 0, pi, slope, reference, laplacian1, force1, laplacian2, force2);
}
