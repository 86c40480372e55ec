/** The figure of the regression: the field equation's coefficients from the training curves, over what the dictionary says they are. */
import type { DualityDocument } from "../document.ts";
import { linear } from "./axes.ts";
import { type Figure, measured, notice, PALETTE, say, WIDTH } from "./figure.ts";

const NAMES = { a: "A", b: "B", friction: "3H", lambda: "Λ", lambdaEta: "Λη" } as const;

export function lambdaFigure({ regression, outputs, config }: DualityDocument): Figure[] {
  if (!regression) return [];
  const frame = { id: "lambda", title: "The cosmological constant from the training curves" };
  const equation = `Coefficients of A φ″ + B φ′ + Θ V′(φ) = 0, regressed on all networks' trajectories${outputs ? ` of all ${outputs.length} outputs` : ""} with their own kernels`;
  if (!regression.identifiable) {
    return [
      {
        ...frame,
        shows: `${equation}.`,
        agrees: `Not identifiable: the data cannot tell A from B (condition number ${say(regression.conditionNumber)}); use a larger learning rate.`,
        spec: notice("not identifiable"),
      },
    ];
  }
  const rows = (Object.keys(NAMES) as (keyof typeof NAMES)[]).map((key) => {
    const { value, error, expected } = regression[key];
    return {
      name: NAMES[key],
      ratio: value! / expected,
      low: (value! - error!) / expected,
      high: (value! + error!) / expected,
    };
  });
  const { value, error, expected } = regression.lambdaEta;
  const bias = 2 / config.network.width;
  const holds = Math.abs(value! / expected - 1) <= (3 * error!) / expected + bias;
  const sigmas = Math.abs(value! - expected) / error!;
  const friction = regression.b.value! > regression.b.expected;
  const why =
    !holds && config.training.momentum > 0 && friction
      ? "; with momentum finite width adds friction, which falls as 1/n"
      : "";
  const x = {
    field: "low",
    type: "quantitative" as const,
    title: "measured / expected",
    ...linear([1 - bias, 1 + bias, ...rows.flatMap(({ low, high }) => [low, high])]),
    axis: { tickCount: 6, format: ".6~g" },
  };
  const y = { field: "name", type: "nominal" as const, sort: null, title: null };
  return [
    {
      ...frame,
      shows: `${equation}, over what learning rate and momentum say they are. Error bars are bootstrap standard errors over networks; the band is 1 ± 2/n, the reach of finite width in Λη.`,
      agrees: `Λη = ${measured(value, error)}, ${say(sigmas, 2)} standard errors from ${say(expected, 4)}; finite width shifts it by up to 2/n = ${say(bias, 2)} of itself, so it ${holds ? "agrees" : "does not agree"}${why}.`,
      spec: {
        width: WIDTH,
        height: 180,
        layer: [
          {
            data: { values: [{ low: 1 - bias, high: 1 + bias }] },
            mark: { type: "rect", color: "#999", opacity: 0.18 },
            encoding: { x, x2: { field: "high" } },
          },
          {
            data: { values: [{ low: 1 }] },
            mark: { type: "rule", color: "#777", strokeDash: [4, 4] },
            encoding: { x },
          },
          {
            data: { values: rows },
            mark: { type: "rule", strokeWidth: 2, color: PALETTE[0] },
            encoding: { x, x2: { field: "high" }, y },
          },
          {
            data: { values: rows },
            mark: { type: "point", tooltip: true, size: 80 },
            encoding: { x: { field: "ratio", type: "quantitative" }, y },
          },
        ],
      },
    },
  ];
}
