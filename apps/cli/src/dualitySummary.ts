/** The main figures of a duality result: a table for each of its sections. */
import { LARGE_WIDTH } from "@slowroll/core/duality/scaling";
import type { DualityDocument } from "./document.ts";
import { number, table, withError } from "./table.ts";

/** A value as an axis or the table has it; a relative learning rate by its x. */
export function settingOf({ settings }: { readonly settings: Readonly<Record<string, unknown>> }): {
  name: string;
  value: number | string;
} {
  const [name, value] = Object.entries(settings)[0]!;
  if (typeof value === "number" || typeof value === "string") return { name, value };
  return { name, value: `x = ${(value as { relative: number }).relative}` };
}

type Section<Key extends keyof DualityDocument> = NonNullable<DualityDocument[Key]>;

const NOT_IDENTIFIABLE = "not identifiable";

function backgroundTable({ errors, deviation }: Section<"background">): string {
  const { value, standardErrors } = deviation;
  const distance = standardErrors === null ? "of one network" : `${standardErrors.toFixed(1)} standard errors`;
  const orders = table(
    ["background", "largest |theory - dual| / |phi(0)|"],
    Object.entries(errors).map(([order, error]) => [order, number(error, 3)]),
  );
  return `${orders}ensemble mean against its networks' own duals: largest difference ${number(value, 3)}, ${distance}\n`;
}

function regressionTable({ identifiable, a, b, friction, lambda, lambdaEta }: Section<"regression">): string {
  return table(
    ["regression", "measured", "expected"],
    Object.entries({ A: a, B: b, "3H": friction, Lambda: lambda, "Lambda eta": lambdaEta }).map(
      ([name, { value, error, expected }]) => [
        name,
        identifiable ? withError(value, error) : NOT_IDENTIFIABLE,
        number(expected, 5),
      ],
    ),
  );
}

/** A column for each law, a row for each width; below them what the laws' powers are. */
function scalingTable({ widths, ...all }: Section<"scaling">): string {
  const laws = Object.entries(all);
  // Without a width to leave out, the fit over large widths is the fit over all.
  const largeToo =
    widths.some((width) => width < LARGE_WIDTH) && laws.some(([, law]) => typeof law.exponentLarge === "number");
  return table(
    ["width", ...laws.map(([name]) => name)],
    [
      ...widths.map((width, w) => [String(width), ...laws.map(([, law]) => withError(law.values[w], law.errors[w]))]),
      ["exponent", ...laws.map(([, law]) => withError(law.exponent, law.exponentError))],
      ...(largeToo
        ? [[`n >= ${LARGE_WIDTH}`, ...laws.map(([, law]) => withError(law.exponentLarge, law.exponentLargeError))]]
        : []),
      ["expected", ...laws.map(([, law]) => String(law.expected))],
    ],
  );
}

function perturbationTable(section: Section<"perturbations">): string {
  const { mode, exponent, exponentError, expected, range, theory } = section;
  const none = expected === null ? "none" : "cannot be told";
  const exponents = table(
    ["perturbations", "measured", "infinite width", "expected"],
    [
      [
        "exponent of the difference",
        exponent === null ? none : withError(exponent, exponentError),
        number(theory.exponent),
        number(expected),
      ],
    ],
  );
  const where = range ? `, ${range.map((N) => N.toFixed(2)).join(" to ")} e-folds after horizon exit` : "";
  return `${exponents}variance of mode ${mode} against the power of its dual field${where}\n`;
}

function hyperparameterTable(points: Section<"hyperparameters">): string {
  const told = ({ value, error }: { value: number | null; error: number | null }): string =>
    value === null ? NOT_IDENTIFIABLE : withError(value, error);
  return table(
    ["hyperparameter", "3H", "expected", "Lambda eta", "expected", "largest mass^2", "expected", "kernel fluctuation"],
    points.map((point) => {
      const { measured, predicted } = point;
      const { name, value } = settingOf(point);
      const { values, errors } = measured.massSquared;
      return [
        `${name} ${value}`,
        told(measured.friction),
        number(predicted.friction, 5),
        told(measured.lambdaEta),
        number(predicted.lambdaEta, 5),
        withError(values[0], errors[0]),
        number(predicted.massSquared[0], 5),
        withError(measured.kernelFluctuation.value, measured.kernelFluctuation.error),
      ];
    }),
  );
}

function checkTable(checks: Section<"checks">): string {
  return table(
    ["check", "value", "expected", "tolerance", ""],
    checks.map(({ path, value, expected, tolerance, passed }) => [
      path,
      number(value, 5),
      String(expected),
      String(tolerance),
      passed ? "holds" : "does not hold",
    ]),
  );
}

/** The tables of those sections that there are, one after another. */
export function dualitySummary(document: DualityDocument): string {
  const { background, regression, scaling, perturbations, hyperparameters, checks } = document;
  return [
    background && backgroundTable(background),
    regression && regressionTable(regression),
    scaling && scalingTable(scaling),
    perturbations && perturbationTable(perturbations),
    hyperparameters && hyperparameterTable(hyperparameters),
    checks && checkTable(checks),
  ]
    .filter((section) => section)
    .join("");
}
