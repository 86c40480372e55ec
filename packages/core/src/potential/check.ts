/** Whether a potential can be trusted: symbolic derivatives against finite differences, and its WGSL against float64, on a grid of phi. */

import { evaluatePotential } from "../engine/webgpu/evaluate.ts";
import type { Gpu } from "../engine/webgpu/gpu.ts";
import type { Potential } from "./potential.ts";

export interface PotentialCheck {
  /** Largest differences, each relative to the largest value on the grid. */
  readonly derivatives: { readonly first: number; readonly second: number };
  readonly wgsl: { readonly points: number; readonly value: number; readonly gradient: number };
  /** Derivatives to 1e-6 and WGSL to 1e-5. */
  readonly passed: boolean;
}

/** The fourth-order central difference of f at x. */
function difference(f: (x: number) => number, x: number): number {
  const h = 1e-3 * Math.max(1, Math.abs(x));
  return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);
}

/** Largest |a - b| over the largest |b|, where both are finite; infinite where only one is. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  let scale = 0;
  for (let i = 0; i < b.length; i++) {
    if (!Number.isFinite(b[i]!) && !Number.isFinite(a[i]!)) continue;
    const distance = Math.abs(a[i]! - b[i]!);
    largest = Math.max(largest, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return scale > 0 ? largest / scale : largest;
}

/** Checks a potential of one field between -3 and 3. Throws what opening a device throws. */
export async function checkPotential(potential: Potential, gpu?: Gpu): Promise<PotentialCheck> {
  const points = 601;
  // Float32 values, so that both sides see the same phi; an odd offset keeps clear of kinks and poles at round numbers.
  const phi = Float32Array.from({ length: points }, (_, i) => -3 + (6 * i) / (points - 1) + 0.00131);
  const value = Float64Array.from(phi, (x) => potential.value(x));
  const gradient = Float64Array.from(phi, (x) => potential.gradient(0, x));
  const curvature = Float64Array.from(phi, (x) => potential.hessian(0, 0, x));
  const derivatives = {
    first: largestDifference(
      gradient,
      Float64Array.from(phi, (x) => difference((y) => potential.value(y), x)),
    ),
    second: largestDifference(
      curvature,
      Float64Array.from(phi, (x) => difference((y) => potential.gradient(0, y), x)),
    ),
  };
  const device = await evaluatePotential(potential, phi, gpu);
  const wgsl = {
    points,
    value: largestDifference(device.value, value),
    gradient: largestDifference(device.gradient, gradient),
  };
  const passed = derivatives.first < 1e-6 && derivatives.second < 1e-6 && wgsl.value < 1e-5 && wgsl.gradient < 1e-5;
  return { derivatives, wgsl, passed };
}
