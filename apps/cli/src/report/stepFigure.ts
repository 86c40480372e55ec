/** Lines over the steps of training, in one panel or several below each other. */
import { linear, logarithmic, steps as stepAxis } from "./axes.ts";
import { earlyThenThinned, type Figure, HEIGHT, legendOf, WIDTH } from "./figure.ts";

/** Steps that are drawn: the first, where everything moves, and so many of the others. */
const EARLY = 40;
const LATER = 160;

interface StepLine {
  readonly name: string;
  /** One a step; null where there is none. */
  readonly values: readonly (number | null)[];
}

interface StepPanel {
  readonly y: string;
  readonly lines: readonly StepLine[];
  readonly log?: boolean;
  /** Values that theory gives, drawn across. */
  readonly references?: readonly number[];
}

/** Lines are told apart by colour: few by the palette, a family in order from dark to light. */
export function stepFigure(
  steps: readonly number[],
  panels: readonly StepPanel[],
  { family, ...about }: Omit<Figure, "spec"> & { readonly family?: string },
): Figure {
  const drawn = earlyThenThinned(steps.length, EARLY, LATER);
  const height = panels.length === 1 ? HEIGHT - 60 : HEIGHT - 150;
  const x = stepAxis(steps.at(-1)!);
  return {
    ...about,
    spec: {
      vconcat: panels.map(({ y, lines, log, references = [] }, p) => {
        const values = lines.flatMap(({ name, values: of }) =>
          drawn.map((k) => ({ step: steps[k]!, name, value: log && !(of[k]! > 0) ? null : of[k]! })),
        );
        const shown = [...values.map(({ value }) => value), ...references];
        const axis = { type: "quantitative" as const, title: y, ...(log ? logarithmic(shown) : linear(shown)) };
        const names = lines.map(({ name }) => name);
        return {
          width: WIDTH,
          height,
          layer: [
            {
              data: { values: references.map((value) => ({ value })) },
              mark: { type: "rule" as const, color: "#999", strokeDash: [4, 4] },
              encoding: { y: { ...axis, field: "value" } },
            },
            {
              data: { values },
              mark: { type: "line" as const, tooltip: true, strokeWidth: 1.6, point: { size: 18 } },
              encoding: {
                x: { ...x, title: p === panels.length - 1 ? x.title : null },
                y: { ...axis, field: "value" },
                ...(names.length > 1
                  ? {
                      color: {
                        field: "name",
                        type: (family ? "ordinal" : "nominal") as "nominal",
                        title: family ?? null,
                        sort: names,
                        legend: { titleOrient: "left" as const, ...legendOf(names) },
                        ...(family ? { scale: { scheme: "viridis" as const, reverse: true } } : {}),
                      },
                    }
                  : {}),
              },
            },
          ],
        };
      }),
      resolve: { scale: { color: "independent" } },
    },
  };
}
