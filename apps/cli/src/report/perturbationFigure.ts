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

/** What is drawn of each record. Null has no place on a logarithmic axis. */
function rowsOf({ efolds, network, lattice, difference, errors, theory }: Perturbations) {
  return efolds.map((N, t) => ({
    N,
    network: network[t]!,
    lattice: lattice[t]!,
    difference: difference[t]! || null,
    low: Math.max(difference[t]! - errors[t]!, difference[t]! / 10) || null,
    high: difference[t]! + errors[t]! || null,
    theory: theory.difference[t]! || null,
  }));
}
type Rows = ReturnType<typeof rowsOf>;

const dotsOf = (rows: Rows): Rows => thinned(rows.length, DOTS).map((t) => rows[t]!);

/** Lines of the expected power, to the end, and of the fitted one through the first that is fitted, or where none is through theory's. */
function powersOf({ efolds, difference, range, exponent, expected, theory }: Perturbations) {
  const start = efolds.findIndex((N) => N >= (range?.[0] ?? 1));
  const from = range ? difference[start]! : theory.difference[start]!;
  const line = (power: number | null, to: number): { N: number; value: number }[] =>
    power === null
      ? []
      : [efolds[start]!, to].map((N) => ({ N, value: from * Math.exp(power * (N - efolds[start]!)) }));
  return { expected: line(expected, efolds.at(-1)!), fitted: range ? line(exponent, range[1]) : [] };
}

/** The e-folds, as an axis with or without its title. */
const across = (rows: Rows, title: string | null) => ({
  field: "N",
  type: "quantitative" as const,
  title,
  ...linear(rows.map(({ N }) => N)),
  axis: { tickMinStep: 1 },
});

/** Marks the wave's horizon exit. */
const exitLayer = (x: ReturnType<typeof across>) => ({
  data: { values: [{ N: 0 }] },
  mark: { type: "rule" as const, color: "#999", strokeDash: [4, 4] },
  encoding: { x },
});

/** The ensemble's variance on the power of its dual field. */
function powerPanel(rows: Rows) {
  const x = across(rows, null);
  const y = {
    type: "quantitative" as const,
    title: "over its last",
    ...logarithmic(rows.flatMap((row) => [row.network, row.lattice])),
  };
  return {
    width: WIDTH,
    height: HEIGHT - 130,
    layer: [
      exitLayer(x),
      {
        data: { values: rows },
        mark: { type: "line" as const, strokeWidth: 1.6, color: PALETTE[1] },
        encoding: { x, y: { ...y, field: "lattice" } },
      },
      {
        data: { values: dotsOf(rows) },
        mark: { type: "point" as const, tooltip: true, color: PALETTE[0] },
        encoding: { x, y: { ...y, field: "network" } },
      },
    ],
  };
}

/** Their difference with its errors, infinite width's and the powers. */
function differencePanel(rows: Rows, { expected, fitted }: ReturnType<typeof powersOf>) {
  const x = across(rows, "e-folds N after horizon exit");
  const dots = dotsOf(rows);
  const y = {
    type: "quantitative" as const,
    title: "|lattice / network − 1|",
    ...logarithmic([
      ...rows.flatMap(({ low, high, theory }) => [low, high, theory]),
      ...expected.map(({ value }) => value),
    ]),
  };
  return {
    width: WIDTH,
    height: HEIGHT - 60,
    layer: [
      exitLayer(x),
      {
        data: { values: rows },
        mark: { type: "line" as const, strokeWidth: 1.6, color: "#999" },
        encoding: { x, y: { ...y, field: "theory" } },
      },
      {
        data: { values: expected },
        mark: { type: "line" as const, strokeWidth: 1.2, strokeDash: [5, 4], color: "#222" },
        encoding: { x, y: { ...y, field: "value" } },
      },
      {
        data: { values: dots },
        mark: { type: "rule" as const, strokeWidth: 1.4, color: PALETTE[0] },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        data: { values: dots },
        mark: { type: "point" as const, tooltip: true, color: PALETTE[0] },
        encoding: { x, y: { ...y, field: "difference" } },
      },
      {
        data: { values: fitted },
        mark: { type: "line" as const, strokeWidth: 1.6, color: PALETTE[1] },
        encoding: { x, y: { ...y, field: "value" } },
      },
    ],
  };
}

export function perturbationFigure({ perturbations, outputs, config }: DualityDocument): Figure[] {
  if (!perturbations) return [];
  const { mode, expected } = perturbations;
  const rows = rowsOf(perturbations);
  const powers = powersOf(perturbations);
  const ofOutputs = outputs ? `, mean over ${outputs.length} outputs` : "";
  const fitted = powers.fitted.length > 0 ? "the fitted power (solid), " : "";
  const awaited = powers.expected.length > 0 ? `exp(${say(expected)} N) (dashed) ` : "";
  return [
    {
      id: "perturbations",
      title: "Perturbations: the ensemble's variance and its dual field's power",
      shows: `Above, the variance of mode ${mode} over ${config.ensemble.size} networks${ofOutputs} (points) and the power of one wave of its dual field from the vacuum (line), each over its last, N e-folds after the wave's horizon exit (dashed). Below, their relative difference with bootstrap standard errors, ${fitted}${awaited}and infinite width (grey).`,
      agrees: verdict(perturbations),
      spec: { vconcat: [powerPanel(rows), differencePanel(rows, powers)] },
    },
  ];
}
