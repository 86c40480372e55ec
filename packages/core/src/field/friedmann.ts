/**
 * Self-consistent expansion (physics.md section 2): the scale factor driven by the fields' volume-averaged energy densities K, G and V,
 *   a'' = a^(2 alpha + 1)/(3 mp^2) [(alpha - 2) K + alpha G + (alpha + 1) V],
 * as data for a lattice's coupled schedule, with a as its number q, a' = da/d eta and cosmic time as its clock.
 */

import type { CoupledSchedule } from "../engine/latticeJob.ts";
import { InputError } from "../errors.ts";

/** Energy densities in cosmic time, of all fields together. */
export interface Densities {
  readonly kinetic: number;
  readonly gradient: number;
  readonly potential: number;
}

/**
 * H = sqrt(rho/(3 mp^2)), the first Friedmann equation.
 * @throws InputError where rho is negative: no flat universe has it.
 */
export function hubbleOf({ kinetic, gradient, potential }: Densities, planckMass: number): number {
  const density = kinetic + gradient + potential;
  if (!(density >= 0)) {
    throw new InputError(
      `the energy density at the start is ${density}: a flat universe needs one that is not negative; add a constant to V or start elsewhere`,
      { path: "background.kind" },
    );
  }
  return Math.sqrt(density / 3) / planckMass;
}

/** |H^2 - rho/(3 mp^2)| over their sum: 0 where the first Friedmann equation holds. */
export function constraint(hubble: number, { kinetic, gradient, potential }: Densities, planckMass: number): number {
  const density = (kinetic + gradient + potential) / (3 * planckMass ** 2);
  return density === 0 && hubble === 0 ? 0 : Math.abs(hubble ** 2 - density) / (hubble ** 2 + Math.abs(density));
}

/** The monomials of the schedule: with pi = a^3 dphi/dt, K = <pi^2>/(2 a^6); G = <-phi Laplacian phi>/(2 a^2). */
export function coupling(alpha: number, planckMass: number): Omit<CoupledSchedule, "kind" | "durations" | "initial"> {
  const scale = 1 / (3 * planckMass ** 2);
  return {
    acceleration: {
      momentumSquare: { factor: (scale * (alpha - 2)) / 2, power: 2 * alpha - 5 },
      gradient: { factor: (scale * alpha) / 2, power: 2 * alpha - 1 },
      potential: { factor: scale * (alpha + 1), power: 2 * alpha + 1 },
    },
    laplacian: { factor: 1, power: 1 + alpha },
    force: { factor: 1, power: 3 + alpha },
    drift: { factor: 1, power: alpha - 3 },
    clock: { factor: 1, power: alpha },
  };
}
