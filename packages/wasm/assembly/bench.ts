// Ceilings of this machine and the kernels on their own, for the benchmark and for tests of a kernel alone: bench/ of the shaders on the CPU.
import { descend } from "./linalg/descend";
import { dots } from "./linalg/dots";
import { gram } from "./linalg/gram";
import { product } from "./linalg/product";
import { lanes, madd } from "./simd";

export { joinWorkers } from "./control";
export { philox4x32, word0, word1, word2, word3 } from "./random/philox";

/** Copies `bytes` bytes, a multiple of 64, `repeats` times. */
export function copy(from: usize, to: usize, bytes: usize, repeats: i32): void {
  for (let r = 0; r < repeats; r++) copyOnce(from, to, bytes);
}

function copyOnce(from: usize, to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 64) {
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at, v128.load(from + at, 16), 16);
    v128.store(to + at, v128.load(from + at, 32), 32);
    v128.store(to + at, v128.load(from + at, 48), 48);
  }
}

/**
 * Multiply-adds on 12 independent sums: more than the pipes have in flight, so that none waits for another, and as many as stay in registers.
 * 24 lanes<T>() operations a round.
 */
function multiplyAdd<T>(rounds: i32, target: usize): void {
  let s0 = v128.splat<T>(1);
  let s1 = v128.splat<T>(2);
  let s2 = v128.splat<T>(3);
  let s3 = v128.splat<T>(4);
  let s4 = v128.splat<T>(5);
  let s5 = v128.splat<T>(6);
  let s6 = v128.splat<T>(7);
  let s7 = v128.splat<T>(8);
  let s8 = v128.splat<T>(9);
  let s9 = v128.splat<T>(10);
  let sa = v128.splat<T>(11);
  let sb = v128.splat<T>(12);
  const a = v128.splat<T>(<T>0.999);
  const b = v128.splat<T>(<T>0.001);
  for (let r = 0; r < rounds; r++) {
    s0 = madd<T>(a, b, s0);
    s1 = madd<T>(a, b, s1);
    s2 = madd<T>(a, b, s2);
    s3 = madd<T>(a, b, s3);
    s4 = madd<T>(a, b, s4);
    s5 = madd<T>(a, b, s5);
    s6 = madd<T>(a, b, s6);
    s7 = madd<T>(a, b, s7);
    s8 = madd<T>(a, b, s8);
    s9 = madd<T>(a, b, s9);
    sa = madd<T>(a, b, sa);
    sb = madd<T>(a, b, sb);
  }
  s0 = v128.add<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)), v128.add<T>(v128.add<T>(s4, s5), v128.add<T>(s6, s7)));
  v128.store(target, v128.add<T>(s0, v128.add<T>(v128.add<T>(s8, s9), v128.add<T>(sa, sb))));
}

/** In pieces, so that V8 puts its optimised code in place between them. */
function multiplyAdds<T>(rounds: i32, repeats: i32, target: usize): f64 {
  for (let r = 0; r < repeats; r++) multiplyAdd<T>(rounds, target);
  return 24.0 * <f64>lanes<T>() * <f64>rounds * <f64>repeats;
}

export function multiplyAdd32(rounds: i32, repeats: i32, target: usize): f64 {
  return multiplyAdds<f32>(rounds, repeats, target);
}
export function multiplyAdd64(rounds: i32, repeats: i32, target: usize): f64 {
  return multiplyAdds<f64>(rounds, repeats, target);
}

/** C = A B with rows `stride` elements apart; `scratch` is for what is laid out anew. */
export function product32(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  product<f32>(a, 4 * stride, b, 4 * stride, c, 4 * stride, rows, columns, inner, scratch);
}
export function product64(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  product<f64>(a, 8 * stride, b, 8 * stride, c, 8 * stride, rows, columns, inner, scratch);
}

/** C = A B^T. */
export function dots32(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  dots<f32>(a, 4 * stride, rows, b, 4 * stride, columns, c, 4 * stride, inner, scratch);
}
export function dots64(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  dots<f64>(a, 8 * stride, rows, b, 8 * stride, columns, c, 8 * stride, inner, scratch);
}

/** C = A A^T: linalg/gram.ts. */
export function gram32(a: usize, aRow: usize, rows: i32, c: usize, turns: i32, step: usize): void {
  gram<f32>(a, aRow, rows, c, turns, step);
}
export function gram64(a: usize, aRow: usize, rows: i32, c: usize, turns: i32, step: usize): void {
  gram<f64>(a, aRow, rows, c, turns, step);
}

/** C += A^T B, or with momentum V = momentum V + A^T B, C += V, V standing `velocity` bytes behind C. */
export function descend32(
  a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize, velocity: usize, momentum: f64,
): void {
  descend<f32>(a, 4 * stride, b, 4 * stride, c, 4 * stride, rows, columns, inner, velocity, momentum, scratch);
}
export function descend64(
  a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize, velocity: usize, momentum: f64,
): void {
  descend<f64>(a, 8 * stride, b, 8 * stride, c, 8 * stride, rows, columns, inner, velocity, momentum, scratch);
}
