// One field's transform and its inverse in float64 on the calling thread, plane by plane: see packages/core/src/fourier/transform.ts.
import { rows } from "./field/grid";
import { forwardPlane, inversePlane, transformFirst } from "./fourier/transform";

export { joinWorkers } from "./control";
export { setGrid } from "./field/grid";
export { setScratch, setTransform } from "./fourier/plan";

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
