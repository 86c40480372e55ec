/** Checks that a config asks for: numbers of the result against what was expected. */
import { InputError } from "../errors.ts";
import { mend } from "../nearest.ts";
import { ORDERS } from "./dual.ts";
import { timetable } from "./efolds.ts";
import { settingsIn } from "./hyperparameters.ts";
import { QUANTITIES } from "./scaling.ts";
import type { CheckSpec, DualityStudy } from "./study.ts";

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

/** Where a study's result can hold numbers, as paths with an upper bound for each index. */
function numberPaths({ duality, training }: DualityStudy, points: number, outputs: number): (string | number)[][] {
  const { background, regression, widths, perturbations, hyperparameters } = duality;
  const T = training.steps + 1;
  const paths: (string | number)[][] = [["eta"]];
  const trajectory = outputs > 1 ? [T, points, outputs] : [T, points];
  if (background) {
    paths.push(
      ["background", "times", T],
      ["background", "theory", ...trajectory],
      ["background", "network", ...trajectory],
      ...ORDERS.flatMap((order) => [
        ["background", "dual", order, ...trajectory],
        ["background", "errors", order],
      ]),
      ...["value", "standardErrors"].map((key) => ["background", "deviation", key]),
    );
  }
  if (regression) {
    paths.push(["regression", "conditionNumber"]);
    for (const estimate of ["a", "b", "friction", "lambda", "lambdaEta"])
      for (const key of ["value", "error", "expected"]) paths.push(["regression", estimate, key]);
  }
  if (widths) {
    paths.push(["scaling", "widths", widths.length]);
    for (const quantity of Object.keys(QUANTITIES)) {
      for (const key of ["values", "errors"]) paths.push(["scaling", quantity, key, widths.length]);
      for (const key of ["exponent", "exponentError", "exponentLarge", "exponentLargeError", "expected"])
        paths.push(["scaling", quantity, key]);
    }
  }
  if (perturbations) {
    const records = timetable(training).steps.length;
    for (const key of ["times", "efolds", "network", "lattice", "difference", "errors"])
      paths.push(["perturbations", key, records]);
    for (const key of ["network", "lattice", "difference"]) paths.push(["perturbations", "theory", key, records]);
    for (const key of ["mode", "exponent", "exponentError", "expected"]) paths.push(["perturbations", key]);
    for (const key of ["friction", "massSquared", "wavenumber"]) paths.push(["perturbations", "dual", key]);
    paths.push(["perturbations", "theory", "exponent"], ["perturbations", "range", 2]);
  }
  if (hyperparameters) {
    const count = settingsIn(hyperparameters);
    const modes = Math.max(points, ...(hyperparameters.points ?? []));
    for (const quantity of ["friction", "lambda", "lambdaEta", "kernelFluctuation"])
      for (const key of ["value", "error"]) paths.push(["hyperparameters", count, "measured", quantity, key]);
    for (const key of ["values", "errors"])
      paths.push(["hyperparameters", count, "measured", "massSquared", key, modes]);
    for (const quantity of ["friction", "lambda", "lambdaEta"])
      paths.push(["hyperparameters", count, "predicted", quantity]);
    paths.push(["hyperparameters", count, "predicted", "massSquared", modes]);
  }
  return paths;
}

/** The config's key behind each section of the result. */
const SECTIONS: Readonly<Record<string, string>> = {
  background: "duality.background",
  regression: "duality.regression",
  scaling: "duality.widths",
  perturbations: "duality.perturbations",
  hyperparameters: "duality.hyperparameters",
};

/** Throws InputError for a check of a number that the study's result cannot hold. */
export function assertCheckable(study: DualityStudy, points: number, outputs: number): void {
  const paths = numberPaths(study, points, outputs);
  for (const [c, { path }] of (study.duality.checks ?? []).entries()) {
    const keys = path.split(".");
    const known = paths.some(
      (places) =>
        places.length === keys.length &&
        places.every((place, i) =>
          typeof place === "number" ? /^\d+$/.test(keys[i]!) && Number(keys[i]) < place : keys[i] === place,
        ),
    );
    if (known) continue;
    const names = paths.map((places) =>
      places.map((place) => (typeof place === "number" ? `0..${place - 1}` : place)).join("."),
    );
    const missing = Object.hasOwn(SECTIONS, keys[0]!) && !paths.some(([section]) => section === keys[0]);
    const hint = missing ? `the config asks for no ${keys[0]}: add ${SECTIONS[keys[0]!]}` : mend(path, names);
    throw new InputError(`no number of the result stands at ${JSON.stringify(path)}; ${hint}`, {
      path: `duality.checks[${c}].path`,
    });
  }
}

/** A value that is not there, or that the data could not tell, does not pass. */
export function evaluateChecks(result: unknown, checks: readonly CheckSpec[]): CheckOutcome[] {
  return checks.map((check) => {
    const value = numberAt(result, check.path);
    return { ...check, value, passed: value !== null && Math.abs(value - check.expected) <= check.tolerance };
  });
}
