/** A result's main figures as a table for people. */
import { LARGE_WIDTH } from "@slowroll/core/duality/scaling";
import type { DualityDocument, ResultDocument } from "./document.ts";
import { fieldSummary } from "./fieldSummary.ts";
import { component, outputsOf } from "./outputs.ts";
import { thinned } from "./report/figure.ts";
import { sweepSummary } from "./sweepSummary.ts";
import { number, table, withError } from "./table.ts";

/** A value as an axis or the summary's table has it; a relative learning rate by its x. */
export function settingOf({ settings }: { readonly settings: Readonly<Record<string, unknown>> }): {
  name: string;
  value: number | string;
} {
  const [name, value] = Object.entries(settings)[0]!;
  if (typeof value === "number" || typeof value === "string") return { name, value };
  return { name, value: `x = ${(value as { relative: number }).relative}` };
}

function dualitySummary(document: DualityDocument): string {
  let text = "";
  const { background, regression, scaling, perturbations, hyperparameters, checks } = document;
  if (background) {
    text += table(
      ["background", "largest |theory - dual| / |phi(0)|"],
      Object.entries(background.errors).map(([order, error]) => [order, number(error, 3)]),
    );
    const { value, standardErrors } = background.deviation;
    const errors = standardErrors === null ? "of one network" : `${standardErrors.toFixed(1)} standard errors`;
    text += `ensemble mean against its networks' own duals: largest difference ${number(value, 3)}, ${errors}\n`;
  }
  if (regression) {
    const { a, b, friction, lambda, lambdaEta } = regression;
    text += table(
      ["regression", "measured", "expected"],
      Object.entries({ A: a, B: b, "3H": friction, Lambda: lambda, "Lambda eta": lambdaEta }).map(
        ([name, { value, error, expected }]) => [
          name,
          regression.identifiable ? withError(value, error) : "not identifiable",
          number(expected, 5),
        ],
      ),
    );
  }
  if (scaling) {
    const laws = Object.entries(scaling).filter(
      (entry): entry is [string, Exclude<(typeof entry)[1], number[]>] => entry[0] !== "widths",
    );
    // Without a width to leave out, the fit over large widths is the fit over all.
    const largeToo =
      scaling.widths.some((width) => width < LARGE_WIDTH) &&
      laws.some(([, law]) => typeof law.exponentLarge === "number");
    text += table(
      ["width", ...laws.map(([name]) => name)],
      [
        ...scaling.widths.map((width, w) => [
          String(width),
          ...laws.map(([, law]) => withError(law.values[w], law.errors[w])),
        ]),
        ["exponent", ...laws.map(([, law]) => withError(law.exponent, law.exponentError))],
        ...(largeToo
          ? [[`n >= ${LARGE_WIDTH}`, ...laws.map(([, law]) => withError(law.exponentLarge, law.exponentLargeError))]]
          : []),
        ["expected", ...laws.map(([, law]) => String(law.expected))],
      ],
    );
  }
  if (perturbations) {
    const { mode, exponent, exponentError, expected, range, theory } = perturbations;
    text += table(
      ["perturbations", "measured", "infinite width", "expected"],
      [
        [
          "exponent of the difference",
          exponent === null ? (expected === null ? "none" : "cannot be told") : withError(exponent, exponentError),
          number(theory.exponent),
          number(expected),
        ],
      ],
    );
    const where = range ? `, ${range.map((N) => N.toFixed(2)).join(" to ")} e-folds after horizon exit` : "";
    text += `variance of mode ${mode} against the power of its dual field${where}\n`;
  }
  if (hyperparameters) {
    text += table(
      [
        "hyperparameter",
        "3H",
        "expected",
        "Lambda eta",
        "expected",
        "largest mass^2",
        "expected",
        "kernel fluctuation",
      ],
      hyperparameters.map((point) => {
        const { measured, predicted } = point;
        const { name, value } = settingOf(point);
        const told = (of: { value: number | null; error: number | null }): string =>
          of.value === null ? "not identifiable" : withError(of.value, of.error);
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
  if (checks) {
    text += table(
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
  return text;
}

/** Numbers in one cell that a terminal can hold. */
const MOST = 12;
const listed = (values: readonly number[]): string =>
  values
    .slice(0, MOST)
    .map((value) => number(value))
    .join(" ") + (values.length > MOST ? ` ... (${values.length} in all)` : "");

/** Data of a network's table at most. */
const MOST_DATA = 32;

/** The table of a document, ending with a line break. */
export function summary(document: ResultDocument): string {
  switch (document.command) {
    case "kernel": {
      const { ntk, eigenvalues, eta, dictionary } = document;
      return table(
        ["kernel", ""],
        [
          ...(ntk ? [["data", String(ntk.length)]] : []),
          ...Object.entries({ "NTK eigenvalues": eigenvalues, eta, ...dictionary }).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, typeof value === "number" ? number(value) : listed(value)]],
          ),
        ],
      );
    }
    case "network": {
      const { mean = [], std = [], loss = [], times = [], theory, kernelFluctuation, kernelDrift, eta } = document;
      const outputs = outputsOf(document);
      const last = times.length - 1;
      const final = mean[last] ?? [];
      const shown = thinned(final.length, MOST_DATA);
      return (
        table(
          ["datum", ...(outputs.length > 1 ? ["output"] : []), `mean f at step ${times[last]}`, "std", "theory"],
          shown.flatMap((a) =>
            outputs.map(({ c, name }) => {
              const at = (values: typeof mean): string => number(component((values[last] ?? []).slice(a, a + 1), c)[0]);
              return [String(a), ...(name === "" ? [] : [name]), at(mean), at(std), at(theory?.mean ?? [])];
            }),
          ),
        ) +
        (shown.length < final.length ? `${shown.length} of ${final.length} data: all are in result.json\n` : "") +
        table(
          ["network", ""],
          [
            ["eta", number(eta)],
            ["loss, first and last", `${number(loss[0])}, ${number(loss[last])}`],
            [
              "kernel fluctuation",
              number(kernelFluctuation) +
                (theory?.kernelFluctuation === undefined ? "" : `, theory ${number(theory.kernelFluctuation)}`),
            ],
            ["kernel drift", number(kernelDrift)],
          ],
        )
      );
    }
    case "field": {
      return document.sweep ? sweepSummary(document, document.sweep) : fieldSummary(document);
    }
    case "duality":
      return dualitySummary(document);
  }
}
