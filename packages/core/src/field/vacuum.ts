/**
 * The vacuum's mode functions at a = 1. Bunch and Davies': exact in static and de Sitter space for a field at rest, V'' being that of the
 * mean. Adiabatic: of order 2 in chi = a phi and conformal time tau (Birrell and Davies, section 3.5), where
 * omega^2 = k^2 + Q, Q = a^2 V'' - a''/a, with V'' along the mean's motion: chi = exp(-i integral of W)/sqrt(2 W) with
 * W^2 = omega^2 - omega''/(2 omega) + 3 omega'^2/(4 omega^2) = omega^2 - Q''/(4 omega^2) + 5 Q'^2/(16 omega^4).
 * Minkowski's: omega^2 = k^2 + V'' as if space did not expand, chi at rest in its amplitude; what CosmoLattice draws (arXiv:2006.15122,
 * section 7.2), for modes whose adiabatic frequency is not real.
 * What is left out of the adiabatic one is of order 4 in the rate at which omega changes, for a field without mass (k/aH)^-6 of |u|^2. Of a table, whose
 * rows do not hold a's fourth derivative, W = omega, of order 0.
 */
import { DivergenceError, InputError } from "../errors.ts";
import { createBackground } from "./background.ts";
import { bunchDavies } from "./bunchDavies.ts";
import type { ModeFunction } from "./fluctuations.ts";
import { equations, initialHubble } from "./homogeneous.ts";
import { integrate, TooStiffError } from "./integrate.ts";
import type { Setup } from "./setup.ts";
import type { BackgroundSpec } from "./study.ts";

export type VacuumKind = "bunchDavies" | "adiabatic" | "minkowski";

/** The vacuum that fits a background: the exact one where it is known. */
export function fittingVacuum(background: BackgroundSpec): VacuumKind {
  const { kind } = background;
  const exact = kind === "static" || kind === "deSitter" || (kind === "fluid" && background.omega === -1);
  return exact ? "bunchDavies" : "adiabatic";
}

/** -(dH/dt)/H^2 of a background in closed form. */
function slowing(background: Exclude<BackgroundSpec, { kind: "table" | "selfConsistent" }>): number {
  if (background.kind === "powerLaw") return 1 / background.exponent;
  return background.kind === "fluid" ? 1.5 * (1 + background.omega) : 0;
}

/** Central differences over four points on each side: of f', f'' and f''', of order 8, 8 and 6 (Fornberg, 1988). */
const DIFFERENCES = [
  { centre: 0, sides: [4 / 5, -1 / 5, 4 / 105, -1 / 280] },
  { centre: -205 / 72, sides: [8 / 5, -1 / 5, 8 / 315, -1 / 560] },
  { centre: 0, sides: [-61 / 30, 169 / 120, -3 / 10, 7 / 240] },
] as const;

/** Q and its first three derivatives by conformal time at a = 1. */
type Variation = readonly [number, number, number, number];

/** Q of a table, its dH/dt a difference of order 4; where a = 1, alpha-time and cosmic time run alike. */
function variationOfTable({ expansion, study }: Setup, massSquared: number): Variation {
  if (expansion.kind !== "prescribed") throw new RangeError("a table is prescribed");
  const hubble = expansion.background.hubble(0);
  const h = 1e-3 / Math.max(Math.abs(hubble), 1 / study.time.end);
  const across = (step: number): number => expansion.background.hubble(step) - expansion.background.hubble(-step);
  const change = (8 * across(h) - across(2 * h)) / (12 * h);
  return [massSquared - 2 * hubble ** 2 - change, 0, 0, 0];
}

/** Q and its derivatives for field `f`, along the homogeneous fields' motion before and after a = 1. */
function variation(setup: Setup, f: number, massSquared: number): Variation {
  const { study, potential, fields, mean, velocity } = setup;
  const { background } = study;
  if (background.kind === "table") return variationOfTable(setup, massSquared);
  const conformal: Setup = {
    ...setup,
    study: { ...study, time: { ...study.time, alpha: 1 } },
    expansion:
      background.kind === "selfConsistent"
        ? background
        : { kind: "prescribed", background: createBackground(background, 1) },
  };
  const { initial, slope, surroundings } = equations(conformal);
  const massAt = (y: ArrayLike<number>): number => potential.hessian(f, f, ...Array.from(y).slice(0, fields));
  const q = (tau: number, y: ArrayLike<number>): number => {
    const [a, hubble] = surroundings(tau, y);
    let squares = 0;
    for (let g = fields; g < 2 * fields; g++) squares += y[g]! ** 2;
    const change =
      background.kind === "selfConsistent"
        ? -squares / (2 * background.planckMass ** 2)
        : -slowing(background) * hubble ** 2;
    return a ** 2 * (massAt(y) - 2 * hubble ** 2 - change);
  };

  const hubble = initialHubble(setup);
  const frequencies = mean.map((_, g) => Math.sqrt(Math.abs(potential.hessian(g, g, ...mean))));
  let rate = Math.max(Math.abs(hubble), ...frequencies);
  // V'' may change faster than the fields oscillate.
  const ahead = 1e-6 / (rate + 1);
  const moved = massAt(mean.map((phi, g) => phi + velocity[g]! * ahead));
  rate = Math.max(rate, Math.abs(moved - massSquared) / ahead / (Math.abs(massSquared) + rate ** 2 || 1));
  if (rate === 0) return [massSquared, 0, 0, 0];
  // Rounding and truncation are both near 1e-10.
  const h = 0.02 / rate;
  const along = (direction: 1 | -1): number[] =>
    integrate(
      (s, y, out) => {
        slope(direction * s, y, out);
        for (let i = 0; i < out.length; i++) out[i]! *= direction;
      },
      initial,
      [0, h, 2 * h, 3 * h, 4 * h],
    ).map((y, i) => q(direction * i * h, y));
  const [after, before] = [along(1), along(-1)];
  const [first, second, third] = DIFFERENCES.map(({ centre, sides }, n) => {
    const parity = n === 1 ? 1 : -1;
    const sum = sides.reduce((total, c, i) => total + c * (after[i + 1]! + parity * before[i + 1]!), 0);
    return (sum + centre * after[0]!) / h ** (n + 1);
  }) as [number, number, number];
  return [after[0]!, first, second, third];
}

function adiabatic(setup: Setup, f: number, wavenumbers: readonly number[], massSquared: number, path: string) {
  const hubble = initialHubble(setup);
  const [q, q1, q2, q3] = variation(setup, f, massSquared);
  const refuse = (k: number, reason: string): never => {
    throw new InputError(
      `the mode k = ${k} of ${setup.potential.fields[f]} has no adiabatic vacuum: ${reason}; start later, leave out small wave numbers or use the state minkowski`,
      { path },
    );
  };
  return wavenumbers.map((k): ModeFunction => {
    const square = k ** 2 + q;
    if (!(square > 0)) refuse(k, `its frequency squared, k^2 + V'' - a''/a, is ${square}`);
    const correction = -q2 / (4 * square) + (5 * q1 ** 2) / (16 * square ** 2);
    if (!(Math.abs(correction) < square)) {
      refuse(k, `its frequency squared, ${square}, changes too fast (the correction of order 2 is ${correction})`);
    }
    const w = Math.sqrt(square + correction);
    // (W^2)'.
    const slope = q1 - q3 / (4 * square) + (7 * q1 * q2) / (8 * square ** 2) - (5 * q1 ** 3) / (8 * square ** 3);
    const u = 1 / Math.sqrt(2 * w);
    // phi = chi/a: dphi/dt = (-i W - W'/(2W) - H) chi at a = 1.
    return { u: [u, 0], velocity: [-(slope / (4 * w ** 2) + hubble) * u, -w * u] };
  });
}

/**
 * The mode functions of field `f` for the wave numbers given (all above 0), each up to a phase.
 * @param path config path of the state asked for, for errors.
 * @throws InputError where Bunch and Davies' is not the background's, where V'' at the mean is not finite, and where a mode has no such vacuum: its frequency is not real, or changes too fast
 * for the adiabatic one; it outgrows all numbers for Bunch and Davies'.
 */
export function vacuumModes(
  setup: Setup,
  f: number,
  wavenumbers: readonly number[],
  kind: VacuumKind,
  path: string,
): ModeFunction[] {
  const massSquared = setup.potential.hessian(f, f, ...setup.mean);
  if (!Number.isFinite(massSquared)) {
    throw new InputError(`V'' is ${massSquared} where the field starts; start elsewhere or change the potential`, {
      path: "field.mean",
    });
  }
  const { background } = setup.study;
  if (kind === "bunchDavies" && fittingVacuum(background) !== kind) {
    throw new InputError(
      `the Bunch-Davies state is exact in static and de Sitter space only, not in ${background.kind}; use adiabatic`,
      { path },
    );
  }
  if (kind === "adiabatic") return adiabatic(setup, f, wavenumbers, massSquared, path);
  const hubble = initialHubble(setup);
  if (kind === "bunchDavies" && hubble > 0) {
    try {
      return bunchDavies(wavenumbers, massSquared, hubble);
    } catch (error) {
      if (!(error instanceof DivergenceError || error instanceof TooStiffError)) throw error;
      throw new InputError(
        `V'' = ${massSquared} at the mean is too negative for H = ${hubble}: modes outside the horizon exceed all numbers`,
        { path, cause: error },
      );
    }
  }
  return wavenumbers.map((k): ModeFunction => {
    const square = k ** 2 + massSquared;
    if (!(square > 0)) {
      throw new InputError(
        `the mode k = ${k} of ${setup.potential.fields[f]} has no vacuum: its frequency squared, k^2 + V'', is ${square}; leave out small wave numbers or use another state`,
        { path },
      );
    }
    const omega = Math.sqrt(square);
    const u = 1 / Math.sqrt(2 * omega);
    return { u: [u, 0], velocity: [-hubble * u, -omega * u] };
  });
}
