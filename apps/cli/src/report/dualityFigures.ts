/** The duality's figures: trajectories with their dual, errors of the duals, the cosmological constant, and the width's power laws. */
import type { ResultDocument } from "../document.ts";
import { withError } from "../summary.ts";
import { earlyThenThinned, type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";

type Duality = Extract<ResultDocument, { command: "duality" }>;
type Scaling = NonNullable<Duality["scaling"]>;
type Law = Exclude<Scaling[keyof Scaling], number[]>;

const ORDER_NAMES: Record<string, string> = { slowRoll: "slow roll", secondOrder: "second order", exact: "exact" };
const LAW_NAMES: Record<string, string> = {
  kernelFluctuation: "kernel fluctuation",
  kernelDrift: "kernel drift",
  dualDeviation: "distance from the dual",
  linearisationError: "distance from own linearisation",
  meanDeviation: "mean distance from the dual",
};

/** How far a value is from what was expected, as a sentence. */
function sigmas(value: number, error: number, expected: number): string {
  const distance = Math.abs(value - expected) / error;
  return `${distance.toFixed(1)} standard errors from ${say(expected, 4)}`;
}

function trajectories({ background, config }: Duality): Figure[] {
  if (!background) return [];
  const { times, theory, dual, network, deviation, errors } = background;
  const D = theory[0]?.length ?? 0;
  const data = thinned(D, 4);
  const steps = earlyThenThinned(times.length, 40, 60);
  const rows = steps.flatMap((t) =>
    data.flatMap((a) => [
      { step: times[t], datum: String(a), phi: network[t]![a], kind: "ensemble mean" },
      { step: times[t], datum: String(a), phi: dual.secondOrder?.[t]?.[a], kind: "dual field" },
    ]),
  );
  const residuals = steps.flatMap((t) =>
    data.map((a) => ({
      step: times[t],
      datum: String(a),
      difference: network[t]![a]! - (dual.secondOrder?.[t]?.[a] ?? Number.NaN),
    })),
  );
  // Relaxation is over long before the last step: a square-root axis shows its beginning and its end.
  const x = { field: "step", type: "quantitative" as const, title: "step t", scale: { type: "sqrt" as const } };
  const colour = { field: "datum", type: "nominal" as const, title: "datum" };
  return [
    {
      id: "trajectories",
      title: "Trajectories and their dual",
      shows: `Deviation φ = f − y of ${data.length} of ${D} data from their targets: ensemble mean of ${config.ensemble.size} networks (points) and the dual field of second order (lines); below, their difference, which starts as the sampling noise of f(0).`,
      agrees: `The dual differs from the infinite-width trajectory by at most ${say(errors.secondOrder)} of |φ(0)|; the ensemble mean from the average of its networks' own trajectories by ${say(deviation.value)}, at most ${deviation.standardErrors.toFixed(1)} standard errors${deviation.standardErrors > 5 ? ", which finite width explains" : ""}.`,
      spec: {
        vconcat: [
          {
            width: WIDTH,
            height: HEIGHT,
            data: { values: rows },
            layer: [
              {
                transform: [{ filter: "datum.kind === 'dual field'" }],
                mark: "line",
                encoding: {
                  x: { ...x, title: null },
                  y: { field: "phi", type: "quantitative", title: "φ" },
                  color: colour,
                },
              },
              {
                transform: [{ filter: "datum.kind === 'ensemble mean'" }],
                params: [{ name: "pick", select: { type: "point", fields: ["datum"] }, bind: "legend" }],
                mark: { type: "point", tooltip: true },
                encoding: {
                  x: { ...x, title: null },
                  y: { field: "phi", type: "quantitative" },
                  color: colour,
                  opacity: { condition: { param: "pick", value: 1 }, value: 0.1 },
                },
              },
            ],
          },
          {
            width: WIDTH,
            height: 110,
            data: { values: residuals },
            mark: "line",
            encoding: { x, y: { field: "difference", type: "quantitative", title: "difference" }, color: colour },
          },
        ],
      },
    },
  ];
}

function dualErrors({ background, config, eta }: Duality): Figure[] {
  if (!background) return [];
  const { learningRate } = config.training;
  const x = typeof learningRate === "number" ? undefined : learningRate.relative;
  const rows = Object.entries(background.errors).flatMap(([order, error]) =>
    error === null ? [] : [{ order: ORDER_NAMES[order], error: Math.max(error, 1e-17), x: x ?? eta }],
  );
  const reach = x ?? 1;
  const guides = [0.1, 1, 2].map((factor) => factor * reach);
  const guide = (order: string, power: number): { x: number; error: number; order: string }[] => {
    const at = rows.find((row) => row.order === order);
    return at ? guides.map((value) => ({ x: value, error: at.error * (value / reach) ** power, order })) : [];
  };
  return [
    {
      id: "errors",
      title: "Error of the three orders of the map",
      shows: `Largest difference between the infinite-width trajectory and each dual over |φ(0)|, at x = η λ_max${x === undefined ? "" : ` = ${say(x)}`}; lines show how it must fall with x: slow roll linearly, second order quadratically${config.training.momentum > 0 ? " (linearly with momentum)" : ""}.`,
      agrees: `Slow roll is off by ${say(background.errors.slowRoll)}, second order by ${say(background.errors.secondOrder)}${background.errors.exact === null ? "; an exact dual does not exist here" : `, the exact dual by ${say(background.errors.exact)}, which is rounding`}.`,
      spec: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: {
              values: [...guide("slow roll", 1), ...guide("second order", config.training.momentum > 0 ? 1 : 2)],
            },
            mark: { type: "line", strokeDash: [4, 4], strokeWidth: 1 },
            encoding: {
              x: { field: "x", type: "quantitative", scale: { type: "log", nice: false }, title: "x = η λ_max" },
              y: {
                field: "error",
                type: "quantitative",
                scale: { type: "log" },
                title: "largest |theory − dual| / |φ(0)|",
                axis: { format: ".0e" },
              },
              color: { field: "order", type: "nominal", title: null },
            },
          },
          {
            data: { values: rows },
            mark: { type: "point", tooltip: true, size: 90 },
            encoding: {
              x: { field: "x", type: "quantitative" },
              y: { field: "error", type: "quantitative" },
              color: { field: "order", type: "nominal" },
            },
          },
        ],
      },
    },
  ];
}

function cosmologicalConstant({ regression, config }: Duality): Figure[] {
  if (!regression) return [];
  if (!regression.identifiable) {
    return [
      {
        id: "lambda",
        title: "The cosmological constant from the training curves",
        shows:
          "Coefficients of A φ″ + B φ′ + Θ V′(φ) = 0, regressed on all networks' trajectories with their own kernels.",
        agrees: `Not identifiable: the data cannot tell A from B (condition number ${say(regression.conditionNumber)}); use a larger learning rate.`,
        spec: {
          width: WIDTH,
          height: 40,
          data: { values: [{ text: "not identifiable" }] },
          mark: { type: "text", fontSize: 16 },
          encoding: { text: { field: "text" } },
        },
      },
    ];
  }
  const names = { a: "A", b: "B", friction: "3H", lambda: "Λ", lambdaEta: "Λη" } as const;
  const rows = (Object.keys(names) as (keyof typeof names)[]).map((key) => {
    const { value, error, expected } = regression[key];
    return {
      name: names[key],
      ratio: value! / expected,
      low: (value! - error!) / expected,
      high: (value! + error!) / expected,
    };
  });
  const { value, error, expected } = regression.lambdaEta;
  const bias = 2 / config.network.width;
  const holds = Math.abs(value! / expected - 1) <= (3 * error!) / expected + bias;
  return [
    {
      id: "lambda",
      title: "The cosmological constant from the training curves",
      shows:
        "Coefficients of A φ″ + B φ′ + Θ V′(φ) = 0 regressed on all networks' trajectories with their own kernels, over what the learning rate and momentum say they are; error bars are bootstrap standard errors over networks.",
      agrees: `Λη = ${withError(value, error)}, ${sigmas(value!, error!, expected)}; finite width shifts it by up to 2/n = ${say(bias, 2)} of itself, so it ${holds ? "agrees" : "does not agree"}.`,
      spec: {
        width: WIDTH,
        height: 180,
        data: { values: rows },
        layer: [
          { mark: { type: "rule", color: "#777", strokeDash: [4, 4] }, encoding: { x: { datum: 1 } } },
          {
            mark: { type: "rule", strokeWidth: 2 },
            encoding: {
              y: { field: "name", type: "nominal", sort: null, title: null },
              x: { field: "low", type: "quantitative", scale: { zero: false }, title: "measured / expected" },
              x2: { field: "high" },
            },
          },
          {
            mark: { type: "point", tooltip: true, size: 80 },
            encoding: {
              y: { field: "name", type: "nominal", sort: null },
              x: { field: "ratio", type: "quantitative" },
            },
          },
        ],
      },
    },
  ];
}

function scalingFigures({ scaling, config }: Duality): Figure[] {
  if (!scaling) return [];
  const { widths } = scaling;
  const laws = Object.entries(scaling).filter((entry): entry is [string, Law] => entry[0] !== "widths");
  const points = laws.flatMap(([key, law]) =>
    widths.flatMap((width, w) => {
      const value = law.values[w];
      if (value === null || value === undefined) return [];
      const error = law.errors[w]!;
      return [
        { quantity: LAW_NAMES[key], width, value, low: Math.max(value - error, value / 10), high: value + error },
      ];
    }),
  );
  const fits = laws.flatMap(([key, law]) => {
    if (law.exponent === null) return [];
    const logs = widths.flatMap((width, w) =>
      law.values[w] ? [[Math.log(width), Math.log(law.values[w]!)] as const] : [],
    );
    const mean = (pick: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[pick], 0) / logs.length;
    return [widths[0]!, widths[widths.length - 1]!].map((width) => ({
      quantity: LAW_NAMES[key],
      width,
      value: Math.exp(mean(1) + law.exponent! * (Math.log(width) - mean(0))),
    }));
  });
  const exponents = laws.flatMap(([key, { exponent, exponentError, expected }]) =>
    exponent === null
      ? []
      : [
          {
            quantity: LAW_NAMES[key],
            exponent,
            low: exponent - (exponentError ?? 0),
            high: exponent + (exponentError ?? 0),
            expected,
          },
        ],
  );
  const judged = exponents.map(({ quantity, exponent, low, expected }) => {
    const error = exponent - low;
    return `${quantity} ${withError(exponent, error)} (expected ${expected})`;
  });
  const colour = { field: "quantity", type: "nominal" as const, title: null };
  const x = {
    field: "width",
    type: "quantitative" as const,
    scale: { type: "log" as const, nice: false },
    title: "width n",
    axis: { values: [...widths], format: "d" },
  };
  return [
    {
      id: "scaling",
      title: "Departures from the free field against width",
      shows: `Five measures of finite width, each over ${config.ensemble.size} networks a width, with bootstrap errors and fitted power laws.`,
      agrees: `All fall with width, towards the free field. Where a mean distance is missing it is below three standard errors of its sampling noise.`,
      spec: {
        width: WIDTH,
        height: HEIGHT + 40,
        layer: [
          {
            data: { values: fits },
            mark: { type: "line", strokeWidth: 1 },
            encoding: {
              x,
              y: {
                field: "value",
                type: "quantitative",
                scale: { type: "log" },
                title: "size",
                axis: { format: ".0e" },
              },
              color: colour,
            },
          },
          {
            data: { values: points },
            mark: { type: "rule" },
            encoding: { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color: colour },
          },
          {
            data: { values: points },
            mark: { type: "point", tooltip: true },
            encoding: { x, y: { field: "value", type: "quantitative" }, color: colour },
          },
        ],
      },
    },
    {
      id: "exponents",
      title: "Exponents",
      shows: "Fitted powers of the width (points, bootstrap errors) and what the leading order of 1/n gives (ticks).",
      agrees: `${judged.join("; ")}. Higher orders make the fitted powers shallower at small widths.`,
      spec: {
        width: WIDTH,
        height: 180,
        data: { values: exponents },
        encoding: { y: { field: "quantity", type: "nominal", sort: null, title: null } },
        layer: [
          {
            mark: { type: "tick", thickness: 3, size: 22, color: "#999" },
            encoding: { x: { field: "expected", type: "quantitative", scale: { zero: false }, title: "exponent" } },
          },
          {
            mark: { type: "rule", strokeWidth: 2 },
            encoding: {
              x: { field: "low", type: "quantitative" },
              x2: { field: "high" },
              color: { ...colour, legend: null },
            },
          },
          {
            mark: { type: "point", tooltip: true, size: 80 },
            encoding: { x: { field: "exponent", type: "quantitative" }, color: { ...colour, legend: null } },
          },
        ],
      },
    },
  ];
}

export function dualityFigures(document: Duality): Figure[] {
  return [
    ...trajectories(document),
    ...dualErrors(document),
    ...cosmologicalConstant(document),
    ...scalingFigures(document),
  ];
}
