// For the host, in float64: one field's transform and its inverse on the calling thread, plane by plane, see packages/core/src/fourier/transform.ts,
// and Gaussian fields.
import { rows } from "./field/grid";
import { forwardPlane, inversePlane, transformFirst } from "./fourier/transform";

export { joinWorkers } from "./control";
export { setGrid } from "./field/grid";
export { drawModes, invertModes, mixFields, setDraw } from "./fourier/draw";
export { setScratch, setTransform } from "./fourier/plan";
export { setSeed } from "./random/normal";

export function forwardPlane64(real: usize, plane: i32): void {
  forwardPlane<f64>(real, plane);
}
export function inversePlane64(real: usize, plane: i32, scale: f64): void {
  inversePlane<f64>(real, plane, scale);
}
/** The work area along its first axis. */
export function transformFirst64(): void {
  for (let row = 0; row < rows; row++) transformFirst<f64>(0, row);
}
