/** Axes of a printed figure: domains a little wider than their data, so that no mark sits on the frame, and ticks that read well. */
import { superscript } from "./figure.ts";

/** Share of the range left empty at each end. */
const PADDING = 0.04;

function ends(values: readonly (number | null | undefined)[]): [number, number] | undefined {
  const finite = values.filter((value): value is number => Number.isFinite(value));
  if (finite.length === 0) return undefined;
  return finite.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** Below it decimals would be mostly zeros, and from this on whole numbers too. */
const SMALL = 1e-3;
const LARGE = 1e7;

/** Labels of a linear axis or legend. */
export function labels(values: readonly (number | null | undefined)[]): { labelExpr?: string } {
  const most = Math.max(...(ends(values) ?? [0, 0]).map(Math.abs));
  return most > 0 && (most < SMALL || most >= LARGE)
    ? { labelExpr: "datum.value == 0 ? '0' : format(datum.value, '~e')" }
    : {};
}

/** A linear scale around `values`, with labels of their size. */
export function linear(values: readonly (number | null | undefined)[]) {
  const [low, high] = ends(values) ?? [0, 1];
  const margin = PADDING * (high - low) || Math.abs(high) * PADDING || 1;
  return { scale: { domain: [low - margin, high + margin], nice: false, zero: false }, axis: labels(values) };
}

/** How many times as far from zero as networks' outputs what they are held against may lie and stay in the picture. */
const OUTGROWN = 1000;

/**
 * How far from zero `expected` is drawn: Infinity, unless it leaves `measured` far behind, as theory of infinite width does at learning rates
 * that it does not bear. Lines beyond would cross the picture at every step.
 */
export function reachOf(
  expected: readonly (number | null | undefined)[],
  measured: readonly (number | null | undefined)[],
): number {
  const most = (values: readonly (number | null | undefined)[]) => Math.max(...(ends(values) ?? [0, 0]).map(Math.abs));
  return most(expected) > OUTGROWN * most(measured) ? 2 * most(measured) : Number.POSITIVE_INFINITY;
}

/** A transform that breaks the line of `field` where it is beyond `reach`. */
export const within = (field: string, reach: number) =>
  Number.isFinite(reach) ? [{ calculate: `abs(datum.${field}) <= ${reach} ? datum.${field} : null`, as: field }] : [];

/** How many times the range of some values may be that of others on the same scale. */
const ALIKE = 4;

/** Whether all these can be read on one scale: outputs of different units seldom can. */
export function fitOneScale(parts: readonly (readonly (number | null | undefined)[])[]): boolean {
  const ranges = parts.map((values) => {
    const [low, high] = ends(values) ?? [0, 0];
    return high - low;
  });
  return Math.max(...ranges) <= ALIKE * Math.min(...ranges);
}

/** 10 to the power `n` as a Vega expression writes it: replaces each character of the exponent by its superscript. */
const SUPERSCRIPT = [..."-0123456789"].reduce(
  (text, character) => `replace(${text}, /${character}/g, '${superscript(character)}')`,
  "'' + round(floor(log(datum.value) / LN10 + 1e-9))",
);
const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const POWER = "pow(10, floor(log(datum.value) / LN10 + 1e-9))";

/**
 * A logarithmic scale around the positive ones of `values`, labelled at 1, 2, 5 or at whole powers, as its length asks; unlabelled ticks
 * have no grid line. A scale on which few such lie has evenly spaced ticks, as 1.8 and 2.2, each labelled as what it is. The labels are
 * expressions of the value, so they stay right where a reader zooms.
 */
export function logarithmic(values: readonly (number | null | undefined)[]) {
  const [low, high] = ends(values.map((value) => (value && value > 0 ? value : null))) ?? [0.1, 1];
  const decades = Math.log10(high / low);
  const margin = 10 ** Math.max(PADDING * decades, 0.02);
  const digits = decades > 3 ? [1] : decades > 1 ? [1, 2, 5] : decades > 0.8 ? [1, 2, 3, 4, 5, 7] : DIGITS;
  const mantissa = `(datum.value / ${POWER})`;
  const isBetween = `abs(${mantissa} - round(${mantissa})) > 1e-6`;
  const isLabelled = `(${isBetween} || indexof([${digits.join(", ")}], round(${mantissa})) >= 0)`;
  const isPlain = low >= 1e-3 && high < 1e4;
  const lead = `(abs(${mantissa} - 1) < 1e-6 ? '' : format(${mantissa}, '.4~r') + '·')`;
  const label = isPlain ? "format(datum.value, '~g')" : `${lead} + '10' + ${SUPERSCRIPT}`;
  return {
    scale: { type: "log" as const, domain: [low / margin, high * margin], nice: false },
    axis: {
      labelExpr: `${isLabelled} ? ${label} : ''`,
      labelOverlap: "greedy" as const,
      gridOpacity: { condition: { test: isLabelled, value: 1 }, value: 0 },
      tickOpacity: { condition: { test: isLabelled, value: 1 }, value: 0.35 },
    },
  };
}

/** Steps on a square-root scale, which shows both the beginning, where everything moves, and the end. */
export function steps(last: number) {
  const reach = Math.sqrt(Math.max(last, 1));
  const candidates = [0, ...Array.from({ length: 10 }, (_, n) => [1, 2, 5].map((digit) => digit * 10 ** n)).flat()];
  const values: number[] = [];
  for (const step of candidates) {
    const previous = values.at(-1);
    const clear = previous === undefined || Math.sqrt(step) - Math.sqrt(previous) > 0.055 * reach;
    if (step <= last && clear) values.push(step);
  }
  return {
    field: "step",
    type: "quantitative" as const,
    title: "step t",
    scale: { type: "sqrt" as const, domain: [-((0.02 * reach) ** 2), Math.max(last, 1) * 1.04], nice: false },
    axis: { values, format: "~d" },
  };
}
