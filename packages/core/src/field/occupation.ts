/**
 * Occupation numbers: the modes of chi = a phi in conformal time tau as oscillators,
 *   n_k = (omega_k |chi_k|^2 + |dchi_k/dtau|^2/omega_k)/2,   omega_k^2 = k_eff^2 + a^2 m^2,
 * with |chi_k|^2 per volume, as in the spectra: the vacuum's is 1/2. m^2 is <d^2V/dphi^2>, or where masses mix fields an eigenvalue of
 * <d^2V/dphi_f dphi_g>, with chi and dchi/dtau the combinations along its eigenvector (massStates.ts): omega_k n_k are then all of the
 * quadratic energy. LATTICEEASY's definition (G. Felder and I. Tkachev, hep-ph/0011159, documentation eq. 5.24), and that of CosmoLattice's
 * code (occupationnumber.h), which takes k for k_eff, both of the bin; of several fields that of H. P. Nilles, M. Peloso and L. Sorbo,
 * hep-th/0103202, where as here the eigenstates are those of the moment: dchi/dtau is rotated as chi is, not the rotation differentiated.
 * With pi = a^3 dphi/dt and a' = a^2 H, dchi/dtau = a^2 H phi + pi/a.
 */
import type { Oscillators } from "../engine/latticeJob.ts";
import { arranged, type MassStates, massStates, namedBy } from "./massStates.ts";
import type { Moment } from "./result.ts";
import type { Bins } from "./spectra.ts";
import type { LatticeSpec } from "./study.ts";
import { axisSquares } from "./waves.ts";

/** The mass eigenstates of realisations whose <d^2V/dphi_f dphi_g> are [R][F][F]. */
export function statesOf(curvature: Float64Array, realisations: number): MassStates[] {
  const size = curvature.length / realisations;
  return Array.from({ length: realisations }, (_, r) =>
    massStates(curvature.subarray(r * size, (r + 1) * size), Math.sqrt(size)),
  );
}

/** The oscillators of realisations [R] whose <d^2V/dphi_f dphi_g> are [R][F][F]. */
export function oscillatorsOf(moments: readonly Moment[], curvature: Float64Array): Oscillators {
  const each = (of: (moment: Moment) => number): Float64Array => Float64Array.from(moments, of);
  const states = statesOf(curvature, moments.length);
  const all = (of: (state: MassStates, moment: Moment) => Float64Array): Float64Array =>
    Float64Array.from(states.flatMap((state, r) => [...of(state, moments[r]!)]));
  return {
    coordinate: each(({ scaleFactor }) => scaleFactor),
    turning: each(({ scaleFactor, hubble }) => scaleFactor ** 2 * hubble),
    velocity: each(({ scaleFactor }) => 1 / scaleFactor),
    massSquared: all(({ massSquared }, { scaleFactor }) => massSquared.map((mean) => scaleFactor ** 2 * mean)),
    ...(states.some(({ mixed }) => mixed) ? { rotation: all(({ rotation }) => rotation) } : {}),
  };
}

/** The states of one snapshot, by name. */
export interface NamedStates {
  /** [R][F]: which of a realisation's states, as `statesOf` has them, has the name. */
  readonly index: readonly (readonly number[])[];
  /** [R][F] m^2. */
  readonly massSquared: readonly (readonly number[])[];
  /** [F][F]: each state's parts of the fields, by the average of the realisations' matrices. */
  readonly mixing: readonly (readonly number[])[];
}

/**
 * What names the states of one snapshot after another, given <d^2V/dphi_f dphi_g> as [R][F][F]: those of the realisations' average by the
 * fields at first, then by those of the snapshot before; each realisation's by the average's.
 */
export function followStates(fields: number): (curvature: Float64Array, realisations: number) => NamedStates {
  let before: Float64Array | undefined;
  return (curvature, realisations) => {
    const average = new Float64Array(fields ** 2);
    for (const [i, value] of curvature.entries()) average[i % average.length]! += value / realisations;
    const found = massStates(average, fields);
    const { rotation } = before ? arranged(found, namedBy(found.rotation, before, fields)) : found;
    before = rotation;
    const states = statesOf(curvature, realisations);
    const index = states.map((state) => namedBy(state.rotation, rotation, fields).map((name) => name.index));
    return {
      index,
      massSquared: states.map(({ massSquared }, r) => index[r]!.map((i) => massSquared[i]!)),
      mixing: Array.from({ length: fields }, (_, i) => Array.from(rotation.subarray(i * fields, (i + 1) * fields))),
    };
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
