/** The figure of the perturbations: the ensemble's variance on the power of its dual field, and how their difference falls. */
import type { DualityDocument } from "../document.ts";
import { linear, logarithmic } from "./axes.ts";
import { type Figure, HEIGHT, measured, PALETTE, say, thinned, WIDTH } from "./figure.ts";

/** Records that are drawn as points; lines go through all. */
const DOTS = 48;

type Perturbations = NonNullable<DualityDocument["perturbations"]>;

/** Where the difference is fitted, and whether it falls as it must. */
function verdict({ exponent, exponentError, expected, range, theory, network, efolds }: Perturbations): string {
  if (expected === null)
    return "The two do not come to move alike: the vacuum's power follows another solution of the field than descent does, and no exponent is expected.";
  const departure = Math.max(...efolds.map((N, t) => (N >= 1 ? Math.abs(network[t]! / theory.network[t]! - 1) : 0)));
  const width = `finite width moves the variance by up to ${say(100 * departure, 2)}% from N = 1 on`;
  if (exponent === null || range === null)
    return `The difference does not stand clear of finite width and chance for long enough to be fitted: ${width}.`;
  const sigmas = Math.abs(exponent - theory.exponent!) / exponentError!;
  return `Over ${say(range[0], 2)} to ${say(range[1], 3)} e-folds after horizon exit the difference falls as exp(s N) with s = ${measured(exponent, exponentError)}, ${say(sigmas, 2)} standard errors from the ${say(theory.exponent)} of infinite width over the same e-folds; ${say(expected)} is expected far outside the horizon. It ${sigmas <= 3 ? "agrees" : "does not agree"}; ${width}.`;
}

export function perturbationFigure({ perturbations, outputs, config }: DualityDocument): Figure[] {
  if (!perturbations) return [];
  const { mode, efolds, network, lattice, difference, errors, range, exponent, expected, theory } = perturbations;
  const rows = efolds.map((N, t) => ({
    N,
    network: network[t]!,
    lattice: lattice[t]!,
    difference: difference[t]! || null,
    low: Math.max(difference[t]! - errors[t]!, difference[t]! / 10) || null,
    high: difference[t]! + errors[t]! || null,
    theory: theory.difference[t]! || null,
  }));
  const dots = thinned(rows.length, DOTS).map((t) => rows[t]!);
  // Lines of these powers through the first that is fitted, or where none is through theory's.
  const start = efolds.findIndex((N) => N >= (range?.[0] ?? 1));
  const from = range ? difference[start]! : theory.difference[start]!;
  const line = (power: number | null, to: number): { N: number; value: number }[] =>
    power === null
      ? []
      : [efolds[start]!, to].map((N) => ({ N, value: from * Math.exp(power * (N - efolds[start]!)) }));
  const expectedLine = line(expected, efolds.at(-1)!);
  const fittedLine = range ? line(exponent, range[1]) : [];
  const scale = { ...linear(efolds), axis: { tickMinStep: 1 } };
  const x = { field: "N", type: "quantitative" as const, title: "e-folds N after horizon exit", ...scale };
  const untitled = { ...x, title: null };
  const exit = {
    data: { values: [{ N: 0 }] },
    mark: { type: "rule" as const, color: "#999", strokeDash: [4, 4] },
  };
  const power = {
    type: "quantitative" as const,
    title: "over its last",
    ...logarithmic(rows.flatMap((row) => [row.network, row.lattice])),
  };
  const size = {
    type: "quantitative" as const,
    title: "|lattice / network − 1|",
    ...logarithmic([
      ...rows.flatMap(({ low, high, theory: expected }) => [low, high, expected]),
      ...expectedLine.map(({ value }) => value),
    ]),
  };
  return [
    {
      id: "perturbations",
      title: "Perturbations: the ensemble's variance and its dual field's power",
      shows: `Above, the variance of mode ${mode} over ${config.ensemble.size} networks${outputs ? `, mean over ${outputs.length} outputs` : ""} (points) and the power of one wave of its dual field from the vacuum (line), each over its last, N e-folds after the wave's horizon exit (dashed). Below, their relative difference with bootstrap standard errors, ${fittedLine.length > 0 ? "the fitted power (solid), " : ""}${expectedLine.length > 0 ? `exp(${say(expected)} N) (dashed) ` : ""}and infinite width (grey).`,
      agrees: verdict(perturbations),
      spec: {
        vconcat: [
          {
            width: WIDTH,
            height: HEIGHT - 130,
            layer: [
              { ...exit, encoding: { x: untitled } },
              {
                data: { values: rows },
                mark: { type: "line", strokeWidth: 1.6, color: PALETTE[1] },
                encoding: { x: untitled, y: { ...power, field: "lattice" } },
              },
              {
                data: { values: dots },
                mark: { type: "point", tooltip: true, color: PALETTE[0] },
                encoding: { x: untitled, y: { ...power, field: "network" } },
              },
            ],
          },
          {
            width: WIDTH,
            height: HEIGHT - 60,
            layer: [
              { ...exit, encoding: { x } },
              {
                data: { values: rows },
                mark: { type: "line", strokeWidth: 1.6, color: "#999" },
                encoding: { x, y: { ...size, field: "theory" } },
              },
              {
                data: { values: expectedLine },
                mark: { type: "line", strokeWidth: 1.2, strokeDash: [5, 4], color: "#222" },
                encoding: { x, y: { ...size, field: "value" } },
              },
              {
                data: { values: dots },
                mark: { type: "rule", strokeWidth: 1.4, color: PALETTE[0] },
                encoding: { x, y: { ...size, field: "low" }, y2: { field: "high" } },
              },
              {
                data: { values: dots },
                mark: { type: "point", tooltip: true, color: PALETTE[0] },
                encoding: { x, y: { ...size, field: "difference" } },
              },
              {
                data: { values: fittedLine },
                mark: { type: "line", strokeWidth: 1.6, color: PALETTE[1] },
                encoding: { x, y: { ...size, field: "value" } },
              },
            ],
          },
        ],
      },
    },
  ];
}
