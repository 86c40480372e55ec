// Two half kicks of a plane at once, the end of one operation and the beginning of the next, with the sums that drive a coupled schedule
// taken in between.
import { slopesAndSum } from "../potential";
import { madd, nmadd } from "../simd";
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
  reach,
  rowBytes,
  rows,
  wrapped,
} from "./grid";
import { laplacianRow } from "./laplacian";
import { both } from "./observe";

/** The vector `vector` vectors, 0 to 3, after `address`: a constant offset costs nothing, a sum would. */
@inline
function vectorAt(address: usize, vector: i32): v128 {
  if (vector == 0) return v128.load(address);
  if (vector == 1) return v128.load(address, 16);
  if (vector == 2) return v128.load(address, 32);
  return v128.load(address, 48);
}

/** The same, `sites` sites, 1 or 2, further. */
@inline
function vectorAfter<T>(address: usize, vector: i32, sites: i32): v128 {
  if (sites == 1) {
    if (vector == 0) return v128.load(address, sizeof<T>());
    if (vector == 1) return v128.load(address, 16 + sizeof<T>());
    if (vector == 2) return v128.load(address, 32 + sizeof<T>());
    return v128.load(address, 48 + sizeof<T>());
  }
  if (vector == 0) return v128.load(address, 2 * sizeof<T>());
  if (vector == 1) return v128.load(address, 16 + 2 * sizeof<T>());
  if (vector == 2) return v128.load(address, 32 + 2 * sizeof<T>());
  return v128.load(address, 48 + 2 * sizeof<T>());
}

@inline
function storeAt(address: usize, vector: i32, value: v128): void {
  if (vector == 0) v128.store(address, value);
  else if (vector == 1) v128.store(address, value, 16);
  else if (vector == 2) v128.store(address, value, 32);
  else v128.store(address, value, 48);
}

/** Kicks a vector of pi twice, by equal kicks where they are `alike`, and gives it as it is in between. */
@inline
function kickSite<T>(
  alike: bool,
  pi: usize,
  slope: usize,
  vector: i32,
  lap: v128,
  c1: v128,
  f1: v128,
  c2: v128,
  f2: v128,
): v128 {
  const s = vectorAt(slope, vector);
  const kick = nmadd<T>(f1, s, v128.mul<T>(c1, lap));
  const p = v128.add<T>(vectorAt(pi, vector), kick);
  storeAt(pi, vector, v128.add<T>(p, alike ? kick : nmadd<T>(f2, s, v128.mul<T>(c2, lap))));
  return p;
}

/** The upper two of four float32 as float64. */
@inline
function upper(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
}

/** dx^2 times the Laplacian in three dimensions with the narrowest stencil; `left` points one site before, the others at the neighbours. */
@inline
function laplacian3<T>(
  here: v128,
  left: usize,
  up: usize,
  down: usize,
  front: usize,
  back: v128,
  vector: i32,
  degree: v128,
): v128 {
  const along = v128.add<T>(vectorAt(left, vector), vectorAfter<T>(left, vector, 2));
  const across = v128.add<T>(vectorAt(up, vector), vectorAt(down, vector));
  const beyond = v128.add<T>(vectorAt(front, vector), back);
  return nmadd<T>(degree, here, v128.add<T>(v128.add<T>(along, across), beyond));
}

/** The vector of phi at `phi`, drifted first where it is `due`. */
@inline
function driftSite<T>(due: bool, phi: usize, pi: usize, vector: i32, drift: v128): v128 {
  const before = vectorAt(phi, vector);
  if (!due) return before;
  const after = madd<T>(drift, vectorAt(pi, vector), before);
  storeAt(phi, vector, after);
  return after;
}

/** Vector `vector` of a row's Laplacians: see `kick`. */
@inline
function laplacianAt<T>(
  fused: bool,
  due: bool,
  here: v128,
  left: usize,
  up: usize,
  down: usize,
  front: usize,
  back: usize,
  behind: usize,
  vector: i32,
  degree: v128,
  drift: v128,
): v128 {
  if (!fused) return vectorAt(up, vector);
  return laplacian3<T>(here, left, up, down, front, driftSite<T>(due, back, behind, vector, drift), vector, degree);
}

/** phi += drift pi on a row. */
export function driftRow<T>(phi: usize, pi: usize, drift: T): void {
  const d = v128.splat<T>(drift);
  let here = phi;
  const end = phi + <usize>points * sizeof<T>();
  // What runs past a row's end stays in its padding.
  while (here < end) {
    driftSite<T>(true, here, pi, 0, d);
    driftSite<T>(true, here, pi, 1, d);
    here += 32;
    pi += 32;
  }
  closeRow<T>(phi);
}

/** a + x^2, in float64; of float32 the lower two lanes or the `high` ones. */
@inline
function addSquare<T>(a: v128, x: v128, high: bool): v128 {
  if (sizeof<T>() == 8) return madd<f64>(x, x, a);
  const wide = high ? upper(x) : f64x2.promote_low_f32x4(x);
  return madd<f64>(wide, wide, a);
}

/** a - (phi - reference) lap, likewise. */
@inline
function takeProduct<T>(a: v128, phi: v128, reference: v128, lap: v128, high: bool): v128 {
  if (sizeof<T>() == 8) return nmadd<f64>(f64x2.sub(phi, reference), lap, a);
  const above = f64x2.sub(high ? upper(phi) : f64x2.promote_low_f32x4(phi), reference);
  return nmadd<f64>(above, high ? upper(lap) : f64x2.promote_low_f32x4(lap), a);
}

/**
 * A plane of all fields: pi += kick1, sums, pi += kick2, a kick being laplacian times the row's Laplacians less force times the row of slopes;
 * the two are `alike` where their numbers are. The Laplacians are made of the six neighbours (`fused`), or in a row of their own. The plane
 * `ahead`, the last that the kicks read, is drifted first, row by row, where that is `due`: what comes from far memory is worked on as it
 * comes. Eight sites a turn, pointers that move on rather than an index, and all rows in one call, because an engine spends as much on
 * either as on four more vectors' arithmetic. To `target` go the sums of pi^2, of -dx^2 (phi - reference) Laplacian phi and of V.
 */
@inline
function kick<T>(
  fused: bool,
  alike: bool,
  due: bool,
  start: usize,
  plane: i32,
  laplacian1: T,
  force1: T,
  laplacian2: T,
  force2: T,
  ahead: i32,
  drift: T,
  target: usize,
): void {
  const degree = v128.splat<T>(6);
  const c1 = v128.splat<T>(laplacian1);
  const f1 = v128.splat<T>(force1);
  const c2 = v128.splat<T>(laplacian2);
  const f2 = v128.splat<T>(force2);
  const d = v128.splat<T>(drift);
  const constants = constantsOf(start);
  const here = <usize>plane * planeBytes;
  const whole = points & ~7;
  let sumSquares = f64x2.splat(0);
  let sumSlopes = f64x2.splat(0);
  let restSquares: f64 = 0;
  let restSlopes: f64 = 0;
  let potential: f64 = 0;
  for (let y = 0; y < rows; y++) {
    const inPlane = <usize>y * rowBytes;
    potential += slopesAndSum(field0 + start + here + inPlane, <i32>fieldBytes, forces, <i32>rowBytes, points, constants);
    for (let f = 0; f < fields; f++) {
      const base = field0 + start + <usize>f * fieldBytes;
      const row = base + here + inPlane;
      const ofMomenta = momentum - field0;
      let pi = row + ofMomenta;
      let slope = forces + <usize>f * rowBytes;
      let left = row - sizeof<T>();
      let up: usize = 0;
      let down: usize = 0;
      let front: usize = 0;
      let back: usize = 0;
      let behind: usize = 0;
      if (fused) {
        up = base + here + <usize>wrapped(y - 1, rows) * rowBytes;
        down = base + here + <usize>wrapped(y + 1, rows) * rowBytes;
        front = base + <usize>wrapped(plane - 1, planes) * planeBytes + inPlane;
        back = base + <usize>wrapped(plane + 1, planes) * planeBytes + inPlane;
        if (due) behind = back + ofMomenta;
      } else {
        const next = base + <usize>ahead * planeBytes + inPlane;
        if (due) driftRow<T>(next, next + ofMomenta, drift);
        up = laplacianRowAt();
        laplacianRow<T>(base, plane, y, up);
      }
      const drifted = back;
      const reference = <f64>load<T>(base);
      const r = f64x2.splat(reference);
      let squares0 = f64x2.splat(0);
      let squares1 = f64x2.splat(0);
      let slopes0 = f64x2.splat(0);
      let slopes1 = f64x2.splat(0);
      const end = left + <usize>whole * sizeof<T>();
      while (left < end) {
        const here0 = vectorAfter<T>(left, 0, 1);
        const lap0 = laplacianAt<T>(fused, due, here0, left, up, down, front, back, behind, 0, degree, d);
        const p0 = kickSite<T>(alike, pi, slope, 0, lap0, c1, f1, c2, f2);
        squares0 = addSquare<T>(squares0, p0, false);
        slopes0 = takeProduct<T>(slopes0, here0, r, lap0, false);
        if (sizeof<T>() == 4) {
          squares1 = addSquare<T>(squares1, p0, true);
          slopes1 = takeProduct<T>(slopes1, here0, r, lap0, true);
        }
        const here1 = vectorAfter<T>(left, 1, 1);
        const lap1 = laplacianAt<T>(fused, due, here1, left, up, down, front, back, behind, 1, degree, d);
        const p1 = kickSite<T>(alike, pi, slope, 1, lap1, c1, f1, c2, f2);
        squares0 = addSquare<T>(squares0, p1, false);
        slopes0 = takeProduct<T>(slopes0, here1, r, lap1, false);
        if (sizeof<T>() == 4) {
          squares1 = addSquare<T>(squares1, p1, true);
          slopes1 = takeProduct<T>(slopes1, here1, r, lap1, true);
        }
        if (sizeof<T>() == 8) {
          const here2 = vectorAfter<T>(left, 2, 1);
          const lap2 = laplacianAt<T>(fused, due, here2, left, up, down, front, back, behind, 2, degree, d);
          const p2 = kickSite<T>(alike, pi, slope, 2, lap2, c1, f1, c2, f2);
          squares0 = addSquare<T>(squares0, p2, false);
          slopes0 = takeProduct<T>(slopes0, here2, r, lap2, false);
          const here3 = vectorAfter<T>(left, 3, 1);
          const lap3 = laplacianAt<T>(fused, due, here3, left, up, down, front, back, behind, 3, degree, d);
          const p3 = kickSite<T>(alike, pi, slope, 3, lap3, c1, f1, c2, f2);
          squares0 = addSquare<T>(squares0, p3, false);
          slopes0 = takeProduct<T>(slopes0, here3, r, lap3, false);
        }
        left += 8 * sizeof<T>();
        up += 8 * sizeof<T>();
        if (fused) {
          down += 8 * sizeof<T>();
          front += 8 * sizeof<T>();
          back += 8 * sizeof<T>();
        }
        if (due) behind += 8 * sizeof<T>();
        pi += 8 * sizeof<T>();
        slope += 8 * sizeof<T>();
      }
      sumSquares = f64x2.add(sumSquares, sizeof<T>() == 4 ? f64x2.add(squares0, squares1) : squares0);
      sumSlopes = f64x2.add(sumSlopes, sizeof<T>() == 4 ? f64x2.add(slopes0, slopes1) : slopes0);
      for (let x = whole; x < points; x++) {
        let lap: T = 0;
        if (fused) {
          // As a vector, so that a site is drifted to the same bits wherever it is.
          const beyond = due ? madd<T>(d, v128.load(behind), v128.load(back)) : v128.load(back);
          if (due) store<T>(back, v128.extract_lane<T>(beyond, 0));
          lap = v128.extract_lane<T>(laplacian3<T>(vectorAfter<T>(left, 0, 1), left, up, down, front, beyond, 0, degree), 0);
        } else {
          lap = load<T>(up);
        }
        const s = load<T>(slope);
        const p = load<T>(pi) + (<T>(laplacian1 * lap) - <T>(force1 * s));
        store<T>(pi, p + (<T>(laplacian2 * lap) - <T>(force2 * s)));
        restSquares += <f64>p * <f64>p;
        restSlopes -= (<f64>load<T>(left, sizeof<T>()) - reference) * <f64>lap;
        left += sizeof<T>();
        up += sizeof<T>();
        if (fused) {
          down += sizeof<T>();
          front += sizeof<T>();
          back += sizeof<T>();
        }
        if (due) behind += sizeof<T>();
        pi += sizeof<T>();
        slope += sizeof<T>();
      }
      if (fused && due) closeRow<T>(drifted);
    }
  }
  store<f64>(target, both(sumSquares) + restSquares);
  store<f64>(target, both(sumSlopes) + restSlopes, 8);
  store<f64>(target, potential, 16);
}

/** Both kicks of a plane: see `kick`. The plane `ahead` is drifted first, unless it is -1. */
export function kickPlane<T>(
  start: usize,
  plane: i32,
  laplacian1: f64,
  force1: f64,
  laplacian2: f64,
  force2: f64,
  ahead: i32,
  drift: T,
  target: usize,
): void {
  const c1 = <T>laplacian1;
  const f1 = <T>force1;
  const c2 = <T>laplacian2;
  const f2 = <T>force2;
  const alike = c1 == c2 && f1 == f2;
  if (dimensions == 3 && reach == 1) {
    if (ahead < 0) kick<T>(true, false, false, start, plane, c1, f1, c2, f2, ahead, drift, target);
    else if (alike) kick<T>(true, true, true, start, plane, c1, f1, c2, f2, ahead, drift, target);
    else kick<T>(true, false, true, start, plane, c1, f1, c2, f2, ahead, drift, target);
  } else {
    if (ahead < 0) kick<T>(false, false, false, start, plane, c1, f1, c2, f2, ahead, drift, target);
    else if (alike) kick<T>(false, true, true, start, plane, c1, f1, c2, f2, ahead, drift, target);
    else kick<T>(false, false, true, start, plane, c1, f1, c2, f2, ahead, drift, target);
  }
}
