/** A result's main figures as a table for people. */
import type { ResultDocument } from "./document.ts";
import { dualitySummary } from "./dualitySummary.ts";
import { fieldSummary } from "./fieldSummary.ts";
import { component, outputsOf } from "./outputs.ts";
import { thinned } from "./report/figure.ts";
import { sweepSummary } from "./sweepSummary.ts";
import { number, table } from "./table.ts";

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
