// Ceilings of this machine and the kernels on their own, for the benchmark and for tests of a kernel alone: bench/ of the shaders on the CPU.
import { descend } from "./linalg/descend";
import { dots, gram } from "./linalg/dots";
import { packPanels, panelBytes, quadBytes } from "./linalg/pack";
import { product } from "./linalg/product";
import { PANEL } from "./linalg/tile";
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

/** Multiply-adds on 8 independent sums, as many as the widest kernel keeps: 16 lanes<T>() operations a round. */
function multiplyAdd<T>(rounds: i32, target: usize): void {
  let s0 = v128.splat<T>(1);
  let s1 = v128.splat<T>(2);
  let s2 = v128.splat<T>(3);
  let s3 = v128.splat<T>(4);
  let s4 = v128.splat<T>(5);
  let s5 = v128.splat<T>(6);
  let s6 = v128.splat<T>(7);
  let s7 = v128.splat<T>(8);
  const a = v128.splat<T>(<T>0.999);
  const b = v128.splat<T>(<T>0.001);
  for (let r = 0; r < rounds; r++) {
    s0 = madd<T>(s0, a, b);
    s1 = madd<T>(s1, a, b);
    s2 = madd<T>(s2, a, b);
    s3 = madd<T>(s3, a, b);
    s4 = madd<T>(s4, a, b);
    s5 = madd<T>(s5, a, b);
    s6 = madd<T>(s6, a, b);
    s7 = madd<T>(s7, a, b);
  }
  v128.store(target, v128.add<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)), v128.add<T>(v128.add<T>(s4, s5), v128.add<T>(s6, s7))));
}

/** In pieces, so that V8 puts its optimised code in place between them. */
function multiplyAdds<T>(rounds: i32, repeats: i32, target: usize): f64 {
  for (let r = 0; r < repeats; r++) multiplyAdd<T>(rounds, target);
  return 16.0 * <f64>lanes<T>() * <f64>rounds * <f64>repeats;
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
  dots<f32>(a, 4 * stride, rows, b, 4 * stride, columns, c, 4 * stride, inner);
}
export function dots64(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  dots<f64>(a, 8 * stride, rows, b, 8 * stride, columns, c, 8 * stride, inner);
}

/** C = A A^T: linalg/dots.ts. */
export function gram32(a: usize, aRow: usize, rows: i32, c: usize, turns: i32, step: usize): void {
  gram<f32>(a, aRow, rows, c, turns, step);
}
export function gram64(a: usize, aRow: usize, rows: i32, c: usize, turns: i32, step: usize): void {
  gram<f64>(a, aRow, rows, c, turns, step);
}

/** C += A^T B, B's packing included. */
function packedDescend<T>(a: usize, b: usize, c: usize, row: usize, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  const panels = columns / (2 * lanes<T>());
  const packed = scratch + quadBytes<T>(inner);
  packPanels(b, row, inner, panels, packed);
  descend<T>(a, row, packed, PANEL, panelBytes(inner), c, row, rows, columns, inner, 0, 0, scratch);
}
export function descend32(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  packedDescend<f32>(a, b, c, 4 * stride, rows, columns, inner, scratch);
}
export function descend64(a: usize, b: usize, c: usize, stride: i32, rows: i32, columns: i32, inner: i32, scratch: usize): void {
  packedDescend<f64>(a, b, c, 8 * stride, rows, columns, inner, scratch);
}
