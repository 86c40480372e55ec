/**
 * The vacuum's mode functions at a = 1, of each normal mode (normalModes.ts) by itself. Bunch and Davies': exact in static and de Sitter
 * space, and without mass in power laws, for a field at rest, V'' being that of the mean. Adiabatic: of order 2 (adiabatic.ts).
 * Minkowski's: omega^2 = k^2 + V'' as if space did not expand, chi = a phi at rest in its amplitude, and omega = k where V'' is negative; what
 * CosmoLattice draws (arXiv:2006.15122, section 7.2; its fluctuationsgenerator.h), for modes whose adiabatic frequency is not real. Fitting:
 * the first where it is exact for as long as the mean stays as it is, else the second.
 */
import { DivergenceError, InputError } from "../errors.ts";
import { adiabaticVacuum } from "./adiabatic.ts";
import { exponentOf } from "./background.ts";
import { deSitterVacuum, isExactWithoutMass, powerLawVacuum } from "./bunchDavies.ts";
import type { ModeFunction } from "./fluctuations.ts";
import { initialHubble } from "./homogeneous.ts";
import type { NormalMode } from "./normalModes.ts";
import type { Setup } from "./setup.ts";
import type { VacuumKind } from "./study.ts";
import { withoutLongWaves } from "./waves.ts";

/** Whether the homogeneous fields leave V'' as it is. */
function keepsMasses({ potential, mean, velocity }: Setup): boolean {
  const rests = velocity.every((v) => v === 0) && mean.every((_, f) => potential.gradient(f, ...mean) === 0);
  return rests || potential.tree.hessian.flat().every(({ kind }) => kind === "number");
}

function fitting(setup: Setup, { massSquared }: NormalMode): "bunchDavies" | "adiabatic" {
  const { background } = setup.study;
  const { kind } = background;
  if (kind === "static" || kind === "deSitter" || (kind === "fluid" && background.omega === -1)) return "bunchDavies";
  const isExact = isExactWithoutMass(exponentOf(background)) && massSquared === 0;
  return isExact && keepsMasses(setup) ? "bunchDavies" : "adiabatic";
}

/** u_k and its derivative at a = 1 by k_eff (above 0), up to a phase. */
export type VacuumState = (k: number) => ModeFunction;

/** Throws InputError where the background has none; what it gives throws it where a mode exceeds all numbers. */
function exactVacuum(setup: Setup, { massSquared, name }: NormalMode, hubble: number, path: string): VacuumState {
  const { background } = setup.study;
  const exponent = exponentOf(background);
  const isPowerLaw = exponent !== undefined;
  if (
    background.kind === "table" ||
    background.kind === "selfConsistent" ||
    (isPowerLaw && !(isExactWithoutMass(exponent) && massSquared === 0))
  ) {
    const here = isPowerLaw ? ` of exponent ${exponent} where V'' is ${massSquared} for ${name}` : "";
    throw new InputError(
      `the Bunch-Davies state is known in static and de Sitter space, and without mass in power laws of exponents not near 1; not in ${background.kind}${here}: use adiabatic`,
      { path },
    );
  }
  const modeOf = isPowerLaw ? powerLawVacuum(exponent, hubble) : deSitterVacuum(massSquared, hubble);
  return (k) => {
    try {
      return modeOf(k);
    } catch (error) {
      if (!(error instanceof DivergenceError)) throw error;
      const cause = isPowerLaw
        ? `the exponent ${exponent} is too near 1`
        : `V'' = ${massSquared} of ${name} is too negative`;
      throw new InputError(`${cause} for H = ${hubble}: modes outside the horizon exceed all numbers`, {
        path,
        cause: error,
      });
    }
  };
}

/**
 * The vacuum of a normal mode.
 * @param path config path of the state asked for, for errors.
 * @throws InputError where Bunch and Davies' is not known in the background; what it gives throws it where a wave has no such vacuum: its
 * frequency is not real, or changes too fast for the adiabatic one; it outgrows all numbers for Bunch and Davies'.
 */
export function vacuumState(setup: Setup, normal: NormalMode, kind: VacuumKind, path: string): VacuumState {
  const state = kind === "fitting" ? fitting(setup, normal) : kind;
  if (state === "adiabatic") return adiabaticVacuum(setup, normal, path);
  const hubble = initialHubble(setup);
  if (state === "bunchDavies" && setup.study.background.kind !== "static") {
    return exactVacuum(setup, normal, hubble, path);
  }
  const massSquared = state === "minkowski" ? Math.max(normal.massSquared, 0) : normal.massSquared;
  return (k) => {
    const square = k ** 2 + massSquared;
    if (!(square > 0)) {
      const mend = withoutLongWaves(Math.sqrt(-massSquared), setup.study.lattice);
      throw new InputError(
        `the mode k = ${k} of ${normal.name} has no vacuum: its frequency squared, k^2 + V'', is ${square}; use initial: minkowski, of omega = k where V'' is negative, or ${mend}`,
        { path },
      );
    }
    const omega = Math.sqrt(square);
    const u = 1 / Math.sqrt(2 * omega);
    return { u: [u, 0], velocity: [-hubble * u, -omega * u] };
  };
}
