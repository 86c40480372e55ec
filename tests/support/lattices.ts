/** What tests of lattices on more than one engine or device share. */

import type { CoupledSchedule, LatticeState, Picture } from "@slowroll/core/engine/latticeJob";
import { expect } from "vitest";

/** An expansion in alpha-time with alpha = 1/2, strongly coupled, whose steps are those of a scheme of higher order: one goes back. */
export const coupledSchedule = (operations: number, realisations: number): CoupledSchedule => ({
  kind: "coupled",
  durations: Float64Array.from({ length: operations }, (_, o) => [0.02, -0.011, 0.02][o % 3]!),
  initial: Float64Array.from({ length: 3 * realisations }, (_, i) => [1 + i / 50, 0.4, i][i % 3]!),
  acceleration: {
    momentumSquare: { factor: -0.2, power: -4 },
    gradient: { factor: 0.04, power: 0 },
    potential: { factor: 0.25, power: 2 },
  },
  laplacian: { factor: 1, power: 1.5 },
  force: { factor: 1, power: 3.5 },
  drift: { factor: 1, power: -2.5 },
  clock: { factor: 1, power: 0.5 },
});

/** A checkpoint as it stands: its arrays are the job's own again once it is saved. */
export const copied = <C extends { readonly state: LatticeState }>(at: C): C => ({
  ...at,
  state: { field: at.state.field.slice(), momentum: at.state.momentum.slice() },
});

/**
 * Pictures of momenta whose numbers differ from realisation to realisation and follow from what is observed; all modes oscillate. On odd
 * numbers of points the first of several fields is mixed with the last.
 */
export function momentumPictures({ points }: { readonly points: number }): Picture[] {
  const each = (potential: Float64Array | undefined, scale: number): Float64Array =>
    potential!.map((value) => scale * (1 + Math.tanh(value) / 3));
  return [
    { kind: "momentumSpectrum", factor: ({ potential }) => each(potential, 0.5) },
    {
      kind: "oscillators",
      waveSquares: Float64Array.from({ length: Math.floor(points / 2) + 1 }, (_, n) => 0.3 * n ** 2),
      of({ potential }, curvature) {
        const realisations = potential!.length;
        const fields = Math.sqrt(curvature.length / realisations);
        const own = (i: number): boolean => Math.floor(i / fields) % fields === i % fields;
        const rotation = curvature.map((_, i) => {
          const angle = 1 + Math.tanh(potential![Math.floor(i / fields ** 2)]!);
          const [row, column] = [Math.floor(i / fields) % fields, i % fields];
          const ends = [0, fields - 1];
          if (!ends.includes(row) || !ends.includes(column)) return Number(own(i));
          return own(i) ? Math.cos(angle) : Math.sin(angle) * Math.sign(column - row);
        });
        return {
          coordinate: each(potential, 1.3),
          turning: each(potential, -0.4),
          velocity: each(potential, 0.8),
          massSquared: curvature.filter((_, i) => own(i)).map((mean) => 0.5 + Math.abs(mean)),
          ...(points % 2 === 1 && fields > 1 ? { rotation } : {}),
        };
      },
    },
  ];
}

/** The most sites that one of so many histograms has in other bins than wanted, counted in both. */
export function mostMoved(got: Float64Array, wanted: Float64Array, histograms: number): number {
  expect(got.length).toBe(wanted.length);
  const bins = wanted.length / histograms;
  const moved = new Float64Array(histograms);
  for (const [i, count] of wanted.entries()) moved[Math.floor(i / bins)]! += Math.abs(count - got[i]!);
  return Math.max(...moved);
}
