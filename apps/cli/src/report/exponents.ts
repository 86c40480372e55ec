/** What a fitted power of the width says: whether it is the leading one of 1/n, or shallower because higher orders are still in it. */
import { LARGE_WIDTH, type PowerLaw, type Quantity } from "@slowroll/core/duality/scaling";
import type { DualityDocument } from "../document.ts";
import { measured, say } from "./figure.ts";

export type Scaling = NonNullable<DualityDocument["scaling"]>;

export const NAMES: Readonly<Record<Quantity, string>> = {
  kernelFluctuation: "kernel fluctuation",
  kernelDrift: "kernel drift",
  dualDeviation: "distance from the dual",
  linearisationError: "distance from own linearisation",
  meanDeviation: "mean distance from the dual",
};
export const QUANTITIES = Object.keys(NAMES) as readonly Quantity[];

/** Powers over widths 256 to 4096, measured in float64 for the erf network of the example (physics.md section 4.3). */
const FINITE_RANGE: Partial<Record<Quantity, number>> = {
  kernelFluctuation: -0.49,
  kernelDrift: -0.95,
  dualDeviation: -0.47,
  linearisationError: -0.87,
};

/** The powers that a finite range of widths is known to give for this network of one output; none for others. */
export function finiteRange({ config, outputs }: DualityDocument): Partial<Record<Quantity, number>> {
  if (outputs) return {};
  const { network, training } = config;
  const { potential, momentum } = training;
  const quadratic =
    potential === "quadratic" ||
    (typeof potential === "object" && "name" in potential && potential.name === "quadratic");
  const { depth, activation, weightStd, biasStd } = network;
  const known = depth === 1 && activation === "erf" && weightStd === 1.5 && biasStd === 0.1;
  return known && quadratic && momentum === 0 ? FINITE_RANGE : {};
}

export interface Fit {
  readonly exponent: number;
  readonly error: number;
}

/** The fit over all widths, and the one over large widths alone where smaller ones are there to leave out. */
export function fitsOf(
  law: PowerLaw,
  widths: readonly number[],
): { readonly all: Fit | null; readonly large: Fit | null } {
  const fit = (exponent: number | null | undefined, error: number | null | undefined): Fit | null =>
    typeof exponent === "number" && typeof error === "number" ? { exponent, error } : null;
  const leavesOut = widths.some((width, w) => width < LARGE_WIDTH && law.values[w]);
  return {
    all: fit(law.exponent, law.exponentError),
    large: leavesOut ? fit(law.exponentLarge, law.exponentLargeError) : null,
  };
}

/** Standard errors that count as agreement. */
const SIGMAS = 3;
const sigmas = ({ exponent, error }: Fit, expected: number): number => Math.abs(exponent - expected) / error;
const agrees = (fit: Fit, expected: number): boolean => sigmas(fit, expected) <= SIGMAS;

/** One quantity's fits and what they say, as a clause; `known` is what a finite range of large widths gives. */
export function judgeExponent(name: string, law: PowerLaw, widths: readonly number[], known?: number): string {
  const { all, large } = fitsOf(law, widths);
  if (!all) return `${name} cannot be fitted`;
  const { expected } = law;
  const values = `${name} ${measured(all.exponent, all.error)}${large ? ` (n ≥ ${LARGE_WIDTH}: ${measured(large.exponent, large.error)})` : ""}`;
  const power = say(expected, 1);
  if (agrees(all, expected)) {
    return large && !agrees(large, expected)
      ? `${values}: agrees with ${power} over all widths, but not over the large ones (${say(sigmas(large, expected), 2)} standard errors)`
      : `${values}: agrees with ${power}`;
  }
  const off = `${say(sigmas(all, expected), 2)} standard errors`;
  if (all.exponent < expected) return `${values}: does not agree, steeper than ${power} by ${off}`;
  if (!large) {
    return widths.every((width) => width >= LARGE_WIDTH)
      ? known !== undefined && agrees(all, known)
        ? `${values}: agrees with the ${say(known, 2)} that widths of 256 to 4096 give on the way to ${power}`
        : `${values}: does not agree, shallower than ${power} by ${off}`
      : `${values}: shallower than ${power} by ${off}, with small widths in the fit; two widths from ${LARGE_WIDTH} on would tell`;
  }
  if (agrees(large, expected))
    return `${values}: agrees with ${power} at large widths; shallower over all, since small widths are in the fit`;
  if (known !== undefined && agrees(large, known)) {
    return `${values}: agrees at large widths with the ${say(known, 2)} that 256 to 4096 give on the way to ${power}; shallower over all, since small widths are in the fit`;
  }
  const remains = `${say(sigmas(large, expected), 2)} standard errors off ${power} at large widths`;
  return large.exponent < all.exponent && large.exponent > expected
    ? `${values}: not yet ${power}, which it approaches as small widths leave the fit (${remains})`
    : `${values}: does not agree (${remains})`;
}

/** Whether a quantity falls with width: its power is negative by more than its error, where that is known, allows for. */
export const falls = (law: PowerLaw): boolean =>
  law.exponent !== null && law.exponentError !== null && law.exponent + SIGMAS * law.exponentError < 0;
