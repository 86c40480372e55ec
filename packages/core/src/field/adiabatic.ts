/**
 * The adiabatic vacuum's mode functions at a = 1: of order 2 in chi = a phi and conformal time tau (Birrell and Davies, section 3.5), where
 * omega^2 = k^2 + Q, Q = a^2 V'' - a''/a, with V'' along the mean's motion: chi = exp(-i integral of W)/sqrt(2 W) with
 * W^2 = omega^2 - omega''/(2 omega) + 3 omega'^2/(4 omega^2) = omega^2 - Q''/(4 omega^2) + 5 Q'^2/(16 omega^4).
 * What is left out is of order 4 in the rate at which omega changes, for a field without mass (k/aH)^-6 of |u|^2. Of a table, whose
 * rows do not hold a's fourth derivative, W = omega, of order 0.
 */
import { InputError } from "../errors.ts";
import { createBackground, exponentOf } from "./background.ts";
import { isExactWithoutMass } from "./bunchDavies.ts";
import type { ModeFunction } from "./fluctuations.ts";
import { equations, initialHubble } from "./homogeneous.ts";
import { integrate } from "./integrate.ts";
import { along, type NormalMode } from "./normalModes.ts";
import type { Setup } from "./setup.ts";
import type { BackgroundSpec } from "./study.ts";
import { withoutLongWaves } from "./waves.ts";

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

/** Q and its derivatives for a normal mode, along the homogeneous fields' motion before and after a = 1. */
function variation(setup: Setup, { direction, massSquared }: NormalMode): Variation {
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
  const massAt = (y: ArrayLike<number>): number => {
    const phi = Array.from(y).slice(0, fields);
    return along(direction, (f, g) => potential.hessian(f, g, ...phi));
  };
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
  // a was 0 a time of p/((1 - p) H) ago: of a small exponent p, where slowing is 1/p, not long for differences to reach back.
  const bend = background.kind === "selfConsistent" ? 1 : Math.max(1, slowing(background) / 3);
  let rate = Math.max(Math.abs(hubble) * bend, ...frequencies);
  // V'' may change faster than the fields oscillate.
  const ahead = 1e-6 / (rate + 1);
  const moved = massAt(mean.map((phi, g) => phi + velocity[g]! * ahead));
  rate = Math.max(rate, Math.abs(moved - massSquared) / ahead / (Math.abs(massSquared) + rate ** 2 || 1));
  if (rate === 0) return [massSquared, 0, 0, 0];
  // Rounding and truncation are both near 1e-10.
  const h = 0.02 / rate;
  const towards = (sign: 1 | -1): number[] =>
    integrate(
      (s, y, out) => {
        slope(sign * s, y, out);
        for (let i = 0; i < out.length; i++) out[i]! *= sign;
      },
      initial,
      [0, h, 2 * h, 3 * h, 4 * h],
    ).map((y, i) => q(sign * i * h, y));
  const [after, before] = [towards(1), towards(-1)];
  const [first, second, third] = DIFFERENCES.map(({ centre, sides }, n) => {
    const parity = n === 1 ? 1 : -1;
    const sum = sides.reduce((total, c, i) => total + c * (after[i + 1]! + parity * before[i + 1]!), 0);
    return (sum + centre * after[0]!) / h ** (n + 1);
  }) as [number, number, number];
  return [after[0]!, first, second, third];
}

/** What to do about a wave that has no adiabatic vacuum, in words. */
function mends({ study }: Setup, { massSquared }: NormalMode, k: number, q: number, hubble: number): string {
  const { background, lattice } = study;
  const ways: string[] = [];
  // Waves beyond sqrt(-Q) have a frequency, and those well inside the horizon one that changes slowly.
  const least = Math.sqrt(Math.max(-q, 0));
  if (k > least) ways.push(lattice ? "use a smaller lattice.length" : "use larger wave numbers");
  else ways.push(withoutLongWaves(least, lattice));
  if (k ** 2 + massSquared > 0) {
    // Waves enter the horizon where aH falls. At a = 1, Q = V'' - 2 H^2 - dH/dt.
    const before = massSquared - q - hubble ** 2 > 0;
    if (k < 2 * hubble) ways.push(`start ${before ? "earlier" : "later"}, when it is inside the horizon`);
    if (massSquared === 0 && isExactWithoutMass(exponentOf(background)))
      ways.push("use initial: bunchDavies, exact here");
  }
  ways.push("use initial: minkowski");
  return ways.join(", or ");
}

/**
 * The adiabatic vacuum of a normal mode: u_k and its derivative by k_eff (above 0), up to a phase.
 * @param path config path of the state asked for, for errors.
 * @returns what throws InputError where a wave has no such vacuum: its frequency is not real, or changes too fast.
 */
export function adiabaticVacuum(setup: Setup, normal: NormalMode, path: string): (k: number) => ModeFunction {
  const hubble = initialHubble(setup);
  const [q, q1, q2, q3] = variation(setup, normal);
  const refuse = (k: number, reason: string): never => {
    throw new InputError(
      `the mode k = ${k} of ${normal.name} has no adiabatic vacuum: ${reason}; ${mends(setup, normal, k, q, hubble)}`,
      { path },
    );
  };
  return (k) => {
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
  };
}
