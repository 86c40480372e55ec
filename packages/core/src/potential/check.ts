/** Whether a potential can be trusted: symbolic derivatives against finite differences, and its WGSL against float64, on a grid of phi. */

import { evaluatePotential } from "../engine/webgpu/evaluate.ts";
import type { Gpu } from "../engine/webgpu/gpu.ts";
import type { Potential } from "./potential.ts";

export interface PotentialCheck {
  /** Largest differences, each relative to the largest value on the grid. */
  readonly derivatives: { readonly first: number; readonly second: number };
  readonly wgsl: { readonly points: number; readonly value: number; readonly gradient: number };
  /** Derivatives to 1e-6 and WGSL to 1e-5, and V finite somewhere on the grid. */
  readonly passed: boolean;
}

const STEP = 1e-3;

/** The fourth-order central difference of f at x. */
function difference(f: (x: number) => number, x: number, h: number): number {
  return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);
}

/**
 * How far `slope` is from the difference quotients of f, beyond their own error (their change when the step is halved, which is large
 * next to poles and across kinks); relative to the largest quotient. Points whose neighbours lie outside f's domain are left out.
 */
function slopeError(f: (x: number) => number, slope: (x: number) => number, grid: ArrayLike<number>): number {
  let largest = 0;
  let scale = 0;
  for (let i = 0; i < grid.length; i++) {
    const x = grid[i]!;
    const coarse = difference(f, x, STEP);
    const fine = difference(f, x, STEP / 2);
    if (!Number.isFinite(coarse) || !Number.isFinite(fine)) continue;
    const excess = Math.abs(slope(x) - fine) - Math.abs(coarse - fine);
    largest = Math.max(largest, Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess);
    scale = Math.max(scale, Math.abs(fine));
  }
  return scale > 0 ? largest / scale : largest;
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
  // Float32 values, so that both sides see the same phi; the offset keeps clear of kinks and poles at round numbers.
  const phi = Float32Array.from({ length: points }, (_, i) => -3 + (6 * i) / (points - 1) + 0.00469);
  const value = Float64Array.from(phi, (x) => potential.value(x));
  const gradient = Float64Array.from(phi, (x) => potential.gradient(0, x));
  const derivatives = {
    first: slopeError(
      (x) => potential.value(x),
      (x) => potential.gradient(0, x),
      phi,
    ),
    second: slopeError(
      (x) => potential.gradient(0, x),
      (x) => potential.hessian(0, 0, x),
      phi,
    ),
  };
  const device = await evaluatePotential(potential, phi, gpu);
  const wgsl = {
    points,
    value: largestDifference(device.value, value),
    gradient: largestDifference(device.gradient, gradient),
  };
  const passed =
    value.some(Number.isFinite) &&
    derivatives.first < 1e-6 &&
    derivatives.second < 1e-6 &&
    wgsl.value < 1e-5 &&
    wgsl.gradient < 1e-5;
  return { derivatives, wgsl, passed };
}
