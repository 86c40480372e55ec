/** Checks that a config asks for: numbers of the result against what was expected. */
import type { CheckSpec } from "./study.ts";

export interface CheckOutcome extends CheckSpec {
  readonly value: number | null;
  readonly passed: boolean;
}

/** The number at `path` of `result` (`regression.lambdaEta.value`, `scaling.kernelDrift.values.0`); null where there is none. */
export function numberAt(result: unknown, path: string): number | null {
  let place: unknown = result;
  for (const key of path.split(".")) {
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) return null;
    place = (place as Record<string, unknown>)[key];
  }
  return typeof place === "number" && Number.isFinite(place) ? place : null;
}

/** A value that is not there, or that the data could not tell, does not pass. */
export function evaluateChecks(result: unknown, checks: readonly CheckSpec[]): CheckOutcome[] {
  return checks.map((check) => {
    const value = numberAt(result, check.path);
    return { ...check, value, passed: value !== null && Math.abs(value - check.expected) <= check.tolerance };
  });
}
