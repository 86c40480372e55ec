/** Wave numbers of a periodic lattice and what its stencil makes of them. */
import { STENCILS } from "../engine/latticeJob.ts";
import type { LatticeSpec } from "./study.ts";

/**
 * dx^2 k_eff^2 of one axis at phase k dx: minus the stencil's Laplacian of a wave over the wave, sum_j 2 w_j (1 - cos(j k dx)); for the second
 * order 4 sin^2(k dx/2).
 */
export function squareOfPhase(stencil: LatticeSpec["stencil"], phase: number): number {
  return STENCILS[stencil].reduce((sum, weight, j) => sum + weight * 4 * Math.sin(((j + 1) * phase) / 2) ** 2, 0);
}

/** Parts by which rounding may put a wave number beyond the cutoff that is meant to hold it: 3 * 1.1 is above 3.3. */
const LEEWAY = 1e-9;

/** Whether a wave number is not above a cutoff. */
export const isWithin = (k: number, cutoff: number): boolean => k <= cutoff * (1 + LEEWAY);

/** |k| = 2 pi |n|/L of a mode n, and its k_eff. */
export function waveNumbers(
  mode: readonly number[],
  { points, length, stencil }: LatticeSpec,
): { k: number; kEff: number } {
  const square = mode.reduce((sum, n) => sum + squareOfPhase(stencil, (2 * Math.PI * n) / points), 0);
  return {
    k: Math.hypot(...mode.map((n) => (2 * Math.PI * n) / length)),
    kEff: (Math.sqrt(square) * points) / length,
  };
}

/** (2/dx)^2 and so on: k_eff^2 of the numbers 0 .. points/2 along an axis. */
export function axisSquares({ points, length, stencil }: LatticeSpec): Float64Array {
  return Float64Array.from(
    { length: Math.floor(points / 2) + 1 },
    (_, n) => squareOfPhase(stencil, (2 * Math.PI * n) / points) * (points / length) ** 2,
  );
}

/** What to do where waves of a k_eff up to `least`, above 0, are without a frequency, in words. */
export function withoutLongWaves(least: number, lattice: LatticeSpec | undefined): string {
  if (!lattice) return `use wave numbers above ${least}`;
  const { points, stencil } = lattice;
  return `use a lattice.length below ${(points * Math.sqrt(squareOfPhase(stencil, (2 * Math.PI) / points))) / least}`;
}
