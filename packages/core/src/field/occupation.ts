/**
 * Occupation numbers: the modes of chi = a phi in conformal time tau as oscillators,
 *   n_k = (omega_k |chi_k|^2 + |dchi_k/dtau|^2/omega_k)/2,   omega_k^2 = k_eff^2 + a^2 <d^2V/dphi^2>,
 * with |chi_k|^2 per volume, as in the spectra: the vacuum's is 1/2. LATTICEEASY's definition (G. Felder and I. Tkachev,
 * hep-ph/0011159, documentation eq. 5.24), and that of CosmoLattice's code (occupationnumber.h), which takes k for k_eff, both of the bin.
 * With pi = a^3 dphi/dt and a' = a^2 H, dchi/dtau = a^2 H phi + pi/a.
 */
import type { Oscillators } from "../engine/engine.ts";
import type { Moment } from "./result.ts";
import type { Setup } from "./setup.ts";
import type { Bins } from "./spectra.ts";
import type { LatticeSpec } from "./study.ts";
import { axisSquares } from "./waves.ts";

/** The oscillators of realisations [R] whose <d^2V/dphi_f^2> are [R][F]. */
export function oscillatorsOf(moments: readonly Moment[], curvature: Float64Array): Oscillators {
  const each = (of: (moment: Moment) => number): Float64Array => Float64Array.from(moments, of);
  const fields = curvature.length / moments.length;
  return {
    coordinate: each(({ scaleFactor }) => scaleFactor),
    turning: each(({ scaleFactor, hubble }) => scaleFactor ** 2 * hubble),
    velocity: each(({ scaleFactor }) => 1 / scaleFactor),
    massSquared: curvature.map((mean, rf) => moments[Math.floor(rf / fields)]!.scaleFactor ** 2 * mean),
  };
}

/** The least k_eff^2 among the modes of each of the bins. */
export function leastSquares(lattice: LatticeSpec, { index }: Bins): number[] {
  const squares = axisSquares(lattice);
  const least = new Map<number, number>();
  // k_eff^2 is the same for any order and signs of a mode's numbers.
  const visit = (left: number, from: number, square: number, sum: number): void => {
    if (left === 0) {
      const bin = Math.round(Math.sqrt(square));
      least.set(bin, Math.min(least.get(bin) ?? Number.POSITIVE_INFINITY, sum));
    } else for (let n = from; n < squares.length; n++) visit(left - 1, n, square + n * n, sum + squares[n]!);
  };
  visit(lattice.dimensions, 0, 0, 0);
  return index.map((bin) => least.get(bin)!);
}

/** A mass that mixes two fields, of the largest of their own, from which on it is told. */
const MIXING = 0.01;

/**
 * That the fields' own oscillators are not the mass eigenstates', where they are not: by d^2V/dphi dchi at the fields' means, the largest of all
 * [T] and [R] that were observed, since masses go through zero where fields oscillate.
 */
export function mixingWarnings(
  { study, potential }: Pick<Setup, "study" | "potential">,
  moments: readonly (readonly Pick<Moment, "mean">[])[],
): string[] {
  if (!study.observe?.occupationNumbers) return [];
  const { fields } = potential;
  const means = moments.flat().map(({ mean }) => mean);
  const largest = (f: number, g: number): number =>
    Math.max(0, ...means.map((mean) => Math.abs(potential.hessian(f, g, ...mean))).filter(Number.isFinite));
  return fields.flatMap((one, f) =>
    fields.slice(f + 1).flatMap((other, later) => {
      const g = f + 1 + later;
      const mixing = largest(f, g);
      const own = Math.max(largest(f, f), largest(g, g));
      if (mixing <= MIXING * own) return [];
      return [
        `observe.occupationNumbers: they are those of ${one} and ${other} each by itself, whose masses mix: d2V/d${one}d${other} is up to ${mixing.toPrecision(2)}, their own up to ${own.toPrecision(2)}; write V in the fields that diagonalise it`,
      ];
    }),
  );
}
