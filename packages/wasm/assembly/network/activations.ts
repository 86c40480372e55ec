// The activations with their derivatives, a row at a time: z is replaced by scale act(z), and slope receives scale act'(z). The names are
// those of packages/core/src/network/activations.ts. `count` is a positive multiple of the lanes, both addresses are multiples of 16.
// Within 1.5e-7 absolute plus 2e-7 relative in float32, 1e-15 plus 1e-15 in float64.
import { constant } from "../simd";
import { exponentialComplements, gaussianComplements } from "../special/decay";
import { erfs, gelus } from "../special/erf";
import { held, unknownZero } from "../special/held";
import { sinCosines } from "../special/sinCosines";

/**
 * Bytes of a row that are worked on at a time by the functions that go over it twice. Two short loops, the first leaving in `slope` what
 * the second needs, take a fifth less time than one long loop, whose constants do not fit the registers and of which fewer turns run at
 * once; a block stays in the first cache.
 */
const BLOCK: usize = 2048;

function erfRow<T>(z: usize, slope: usize, count: i32, scale: f64): void {
  const end = z + (<usize>count * sizeof<T>());
  do {
    const stop = min(z + BLOCK, end);
    gaussianComplements<T>(z, stop, slope, 1);
    erfs<T>(z, stop, slope, scale);
    z = stop;
    slope += BLOCK;
  } while (z < end);
}

function geluRow<T>(z: usize, slope: usize, count: i32, scale: f64): void {
  const end = z + (<usize>count * sizeof<T>());
  do {
    const stop = min(z + BLOCK, end);
    gaussianComplements<T>(z, stop, slope, 0.5);
    gelus<T>(z, stop, slope, scale);
    z = stop;
    slope += BLOCK;
  } while (z < end);
}

function reluRow<T>(z: usize, slope: usize, count: i32, scale: f64): void {
  const factor = constant<T>(scale);
  const zero = constant<T>(0);
  const end = z + (<usize>count * sizeof<T>());
  do {
    const x = v128.load(z);
    v128.store(slope, v128.and(v128.gt<T>(x, zero), factor));
    v128.store(z, v128.mul<T>(v128.pmax<T>(x, zero), factor));
    z += 16;
    slope += 16;
  } while (z < end);
}

/** tanh |z| = (1 - e)/(1 + e) and sech^2 z = 4 e/(1 + e)^2, e = exp(-2 |z|). */
@inline
function tanhs<T>(z: usize, end: usize, slope: usize, scale: f64): void {
  const one = held<T>(1, unknownZero(z));
  const valueScale = v128.splat<T>(<T>scale);
  const slopeScale = v128.splat<T>(<T>(4 * scale));
  do {
    const e = v128.load(slope);
    const q = v128.div<T>(one, v128.add<T>(e, one));
    v128.store(slope, v128.mul<T>(v128.mul<T>(e, q), v128.mul<T>(q, slopeScale)));
    v128.store(z, v128.mul<T>(v128.mul<T>(v128.load(z), valueScale), q));
    z += 16;
    slope += 16;
  } while (z < end);
}

function tanhRow<T>(z: usize, slope: usize, count: i32, scale: f64): void {
  const end = z + (<usize>count * sizeof<T>());
  do {
    const stop = min(z + BLOCK, end);
    exponentialComplements<T>(z, stop, slope, 2);
    tanhs<T>(z, stop, slope, scale);
    z = stop;
    slope += BLOCK;
  } while (z < end);
}

function sinRow<T>(z: usize, slope: usize, count: i32, scale: f64): void {
  sinCosines<T>(z, z + (<usize>count * sizeof<T>()), slope, scale);
}

function linearRow<T>(z: usize, slope: usize, count: i32, scale: f64): void {
  const factor = constant<T>(scale);
  const end = z + (<usize>count * sizeof<T>());
  do {
    v128.store(slope, factor);
    v128.store(z, v128.mul<T>(v128.load(z), factor));
    z += 16;
    slope += 16;
  } while (z < end);
}

export function erfRow32(z: usize, slope: usize, count: i32, scale: f64): void {
  erfRow<f32>(z, slope, count, scale);
}
export function erfRow64(z: usize, slope: usize, count: i32, scale: f64): void {
  erfRow<f64>(z, slope, count, scale);
}

export function reluRow32(z: usize, slope: usize, count: i32, scale: f64): void {
  reluRow<f32>(z, slope, count, scale);
}
export function reluRow64(z: usize, slope: usize, count: i32, scale: f64): void {
  reluRow<f64>(z, slope, count, scale);
}

export function tanhRow32(z: usize, slope: usize, count: i32, scale: f64): void {
  tanhRow<f32>(z, slope, count, scale);
}
export function tanhRow64(z: usize, slope: usize, count: i32, scale: f64): void {
  tanhRow<f64>(z, slope, count, scale);
}

export function geluRow32(z: usize, slope: usize, count: i32, scale: f64): void {
  geluRow<f32>(z, slope, count, scale);
}
export function geluRow64(z: usize, slope: usize, count: i32, scale: f64): void {
  geluRow<f64>(z, slope, count, scale);
}

export function sinRow32(z: usize, slope: usize, count: i32, scale: f64): void {
  sinRow<f32>(z, slope, count, scale);
}
export function sinRow64(z: usize, slope: usize, count: i32, scale: f64): void {
  sinRow<f64>(z, slope, count, scale);
}

export function linearRow32(z: usize, slope: usize, count: i32, scale: f64): void {
  linearRow<f32>(z, slope, count, scale);
}
export function linearRow64(z: usize, slope: usize, count: i32, scale: f64): void {
  linearRow<f64>(z, slope, count, scale);
}
