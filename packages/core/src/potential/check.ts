/** Whether a potential can be trusted: symbolic derivatives against finite differences, and its WGSL against float64, at points of field space. */
import { evaluatePotential } from "../engine/webgpu/evaluate.ts";
import type { Gpu } from "../engine/webgpu/gpu.ts";
import type { Potential } from "./potential.ts";

export interface PotentialCheck {
  /** Largest differences, each relative to the largest value on the grid. */
  readonly derivatives: { readonly first: number; readonly second: number };
  readonly wgsl: { readonly points: number; readonly value: number; readonly gradient: number };
  /** At how many of the points V is finite. */
  readonly finite: number;
  /** Derivatives to 1e-6 and WGSL to 1e-5, and V finite somewhere on the grid. */
  readonly passed: boolean;
}

/** Values that a field takes, from the first to the second. */
export type Range = readonly [number, number];

/** The fourth-order central difference of f at x. */
function difference(f: (x: number) => number, x: number, h: number): number {
  return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);
}

/** A function of field space, and what is said to be its slope along a field. */
interface Slope {
  readonly of: (...phi: number[]) => number;
  readonly slope: (...phi: number[]) => number;
  readonly along: number;
}

/**
 * How far slopes are from difference quotients, beyond their own error (their change when the step is halved, which is large next to poles
 * and across kinks); relative to the largest quotient of all, since some may be zero everywhere. Points whose neighbours, `step` away, lie outside
 * the function's domain are left out.
 */
function slopeError(slopes: readonly Slope[], points: readonly number[][], step: number): number {
  let largest = 0;
  let scale = 0;
  for (const { of, slope, along } of slopes) {
    for (const phi of points) {
      const onLine = (x: number): number => of(...phi.with(along, x));
      const coarse = difference(onLine, phi[along]!, step);
      const fine = difference(onLine, phi[along]!, step / 2);
      if (!Number.isFinite(coarse) || !Number.isFinite(fine)) continue;
      const excess = Math.abs(slope(...phi) - fine) - Math.abs(coarse - fine);
      largest = Math.max(largest, Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess);
      scale = Math.max(scale, Math.abs(fine));
    }
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

/** Points of field space, a prime number. */
const POINTS = 601;
/** Steps through the same values by which the fields after the first go: so all meet all others' values. */
const STRIDE = 37;

/** Checks a potential with all its fields in `range`, -3 to 3 unless given. Throws what opening a device throws. */
export async function checkPotential(
  potential: Potential,
  { range: [low, high] = [-3, 3], gpu }: { readonly range?: Range; readonly gpu?: Gpu } = {},
): Promise<PotentialCheck> {
  const fields = potential.fields.map((_, f) => f);
  // Float32 values, so that both sides see the same phi; the offset keeps clear of kinks and poles at round numbers.
  const spacing = (high - low) / (POINTS - 1);
  const line = Float32Array.from({ length: POINTS }, (_, i) => low + (i + 0.469) * spacing);
  const points = Array.from(line, (_, i) => fields.map((f) => line[(i * STRIDE ** f) % POINTS]!));
  const phi = Float32Array.from(points.flat());
  const value = Float64Array.from(points, (at) => potential.value(...at));
  const gradient = Float64Array.from(points.flatMap((at) => fields.map((f) => potential.gradient(f, ...at))));
  const slopes = fields.map((f): Slope => {
    return { of: potential.value, slope: (...at) => potential.gradient(f, ...at), along: f };
  });
  const curvatures = fields.flatMap((f) =>
    fields.map((g): Slope => {
      const of = (...at: number[]): number => potential.gradient(f, ...at);
      return { of, slope: (...at) => potential.hessian(f, g, ...at), along: g };
    }),
  );
  const step = spacing / 10;
  const derivatives = { first: slopeError(slopes, points, step), second: slopeError(curvatures, points, step) };
  const device = await evaluatePotential(potential, phi, gpu);
  const wgsl = {
    points: POINTS,
    value: largestDifference(device.value, value),
    gradient: largestDifference(device.gradient, gradient),
  };
  const finite = value.filter(Number.isFinite).length;
  const passed =
    finite > 0 && derivatives.first < 1e-6 && derivatives.second < 1e-6 && wgsl.value < 1e-5 && wgsl.gradient < 1e-5;
  return { derivatives, wgsl, finite, passed };
}
