/**
 * The vacuum's mode functions at a = 1: exact in static and de Sitter space; elsewhere of adiabatic order 0 in the rescaled field chi = a phi
 * in conformal time, whose frequency is omega^2 = k^2 + a^2 V'' - a''/a: u = exp(-i omega tau)/sqrt(2 omega).
 */
import { InputError } from "../errors.ts";
import { bunchDavies } from "./bunchDavies.ts";
import type { ModeFunction } from "./fluctuations.ts";
import { initialHubble } from "./homogeneous.ts";
import type { Setup } from "./setup.ts";

export type VacuumKind = "bunchDavies" | "adiabatic";

/** Whether the vacuum of a study's background is known exactly. */
export function exactVacuum({ study: { background } }: Setup): boolean {
  const { kind } = background;
  return kind === "static" || kind === "deSitter" || (kind === "fluid" && background.omega === -1);
}

/** H and dH/dt at the start. */
function expansionRate(setup: Setup): [number, number] {
  const { expansion, velocity, study } = setup;
  const hubble = initialHubble(setup);
  if (expansion.kind === "selfConsistent") {
    return [hubble, -velocity.reduce((sum, v) => sum + v ** 2, 0) / (2 * expansion.planckMass ** 2)];
  }
  if (exactVacuum(setup)) return [hubble, 0];
  // Where a = 1, alpha-time and cosmic time run alike; a difference of order 4.
  const h = 1e-3 / Math.max(hubble, 1 / study.time.end);
  const across = (step: number): number => expansion.background.hubble(step) - expansion.background.hubble(-step);
  return [hubble, (8 * across(h) - across(2 * h)) / (12 * h)];
}

/**
 * The mode functions of field `f` with V'' at the mean, for the wave numbers given (all above 0).
 * @throws InputError where the adiabatic frequency of a mode is not real, so that it has no such vacuum.
 */
export function vacuumModes(setup: Setup, f: number, wavenumbers: readonly number[]): ModeFunction[] {
  const massSquared = setup.potential.hessian(f, f, ...setup.mean);
  const [hubble, change] = expansionRate(setup);
  if (exactVacuum(setup) && hubble > 0) return bunchDavies(wavenumbers, massSquared, hubble);
  return wavenumbers.map((k) => {
    const square = k ** 2 + massSquared - (2 * hubble ** 2 + change);
    if (!(square > 0)) {
      throw new InputError(
        `the mode k = ${k} of ${setup.potential.fields[f]} has no adiabatic vacuum: its frequency squared is ${square}; start later, use a smaller box or another kind`,
        { path: "fluctuations.kind" },
      );
    }
    const omega = Math.sqrt(square);
    const u = 1 / Math.sqrt(2 * omega);
    // phi = chi/a: dphi/dt = (-i omega - H) chi at a = 1.
    return { u: [u, 0], velocity: [-hubble * u, -omega * u] };
  });
}
