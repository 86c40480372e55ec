/** The figures of the width: departures from the free field with their power laws, and the powers beside what is expected of them. */
import { LARGE_WIDTH, type PowerLaw, type Quantity } from "@slowroll/core/duality/scaling";
import type { DualityDocument } from "../document.ts";
import { linear, logarithmic } from "./axes.ts";
import { falls, finiteRange, fitsOf, judgeExponent, NAMES, QUANTITIES, type Scaling } from "./exponents.ts";
import { count, counted, type Figure, HEIGHT, list, WIDTH } from "./figure.ts";

type Drawn = readonly (readonly [Quantity, PowerLaw])[];

const ALL = "all widths";
const LARGE = `n ≥ ${LARGE_WIDTH}`;

/** Ends of the power law through the mean of the logarithms that it was fitted to. */
function line(law: PowerLaw, widths: readonly number[], exponent: number, from: number) {
  const logs = widths.flatMap((width, w) => {
    const value = law.values[w];
    return width >= from && value ? [[Math.log(width), Math.log(value)] as const] : [];
  });
  const mean = (pick: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[pick], 0) / logs.length;
  return [logs[0]![0], logs.at(-1)![0]].map((log) => ({
    width: Math.exp(log),
    value: Math.exp(mean(1) + exponent * (log - mean(0))),
  }));
}

/** What falls and what does not, and what could not be seen. */
function departure(drawn: Drawn, { widths, meanDeviation }: Scaling): string {
  const fitted = drawn.filter(([, law]) => law.exponent !== null);
  if (fitted.length > 0 && fitted.every(([, law]) => law.exponentError === null))
    return "Of one network a width the fitted powers have no errors: nothing tells a fall from noise.";
  const rest = fitted.filter(([, law]) => !falls(law)).map(([key]) => NAMES[key]);
  const all = fitted.length === 1 ? "It falls" : `All ${count(fitted.length)} fall`;
  const text =
    fitted.length === 0
      ? "No power can be fitted to these widths."
      : rest.length === 0
        ? `${all} with width, by more than three standard errors of the fitted power: the field becomes free.`
        : `Not seen to fall with width by more than three standard errors of the fitted power: ${list(rest)}.`;
  const missing = meanDeviation.values.filter((value) => value === null).length;
  return missing === 0
    ? text
    : `${text} The mean's distance from the dual is below three standard errors of its sampling noise at ${missing === widths.length ? "every width" : `${count(missing)} of ${count(widths.length)} widths`}, and left out there.`;
}

function departures(drawn: Drawn, scaling: Scaling, networks: string): Figure {
  const { widths } = scaling;
  const points = drawn.flatMap(([key, law]) =>
    widths.flatMap((width, w) => {
      const value = law.values[w];
      if (!value) return [];
      const error = law.errors[w] ?? 0;
      return [{ quantity: NAMES[key], width, value, low: Math.max(value - error, value / 10), high: value + error }];
    }),
  );
  const lines = drawn.flatMap(([key, law]) => {
    const { all, large } = fitsOf(law, widths);
    return [
      ...(all ? line(law, widths, all.exponent, 0).map((end) => ({ ...end, fit: ALL })) : []),
      ...(large ? line(law, widths, large.exponent, LARGE_WIDTH).map((end) => ({ ...end, fit: LARGE })) : []),
    ].map((end) => ({ ...end, quantity: NAMES[key] }));
  });
  const { scale, axis } = logarithmic(widths);
  const x = {
    field: "width",
    type: "quantitative" as const,
    title: "width n",
    scale,
    axis: { tickOpacity: 1, gridOpacity: 1, labelOverlap: axis.labelOverlap, values: [...widths], format: "d" },
  };
  const y = {
    field: "value",
    type: "quantitative" as const,
    title: "size",
    ...logarithmic([...points.flatMap(({ low, high }) => [low, high]), ...lines.map(({ value }) => value)]),
  };
  const color = {
    field: "quantity",
    type: "nominal" as const,
    title: null,
    scale: { domain: drawn.map(([key]) => NAMES[key]) },
    legend: { columns: 2, symbolType: "circle", symbolStrokeWidth: 0 },
  };
  const both = lines.some(({ fit }) => fit === LARGE);
  return {
    id: "scaling",
    title: "Departures from the free field against width",
    shows: `${drawn.length === 1 ? "One measure" : `${count(drawn.length).replace(/^./, (first) => first.toUpperCase())} measures`} of finite width (points), each over ${networks} a width, with bootstrap standard errors and power laws fitted to all widths (solid)${both ? ` and to n ≥ ${LARGE_WIDTH} (dashed)` : ""}.`,
    agrees: departure(drawn, scaling),
    spec: {
      width: WIDTH,
      height: HEIGHT + 40,
      layer: [
        {
          data: { values: lines },
          mark: { type: "line", strokeWidth: 1.2 },
          encoding: {
            x,
            y,
            color,
            strokeDash: {
              field: "fit",
              type: "nominal",
              scale: { domain: [ALL, LARGE], range: [[], [5, 4]] },
              legend: null,
            },
          },
        },
        {
          data: { values: points },
          mark: { type: "errorbar", ticks: { size: 7 }, thickness: 1.4 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        },
        {
          data: { values: points },
          mark: { type: "point", tooltip: true, size: 30 },
          encoding: { x, y, color },
        },
      ],
    },
  };
}

function exponents(drawn: Drawn, { widths }: Scaling, document: DualityDocument): Figure[] {
  const known = finiteRange(document);
  const rows = drawn.flatMap(([key, law]) => {
    const { all, large } = fitsOf(law, widths);
    return [[ALL, all] as const, [LARGE, large] as const].flatMap(([fit, power]) =>
      power
        ? [
            {
              quantity: NAMES[key],
              fit,
              exponent: power.exponent,
              low: power.exponent - power.error,
              high: power.exponent + power.error,
            },
          ]
        : [],
    );
  });
  if (rows.length === 0) return [];
  const fits = [ALL, LARGE].filter((fit) => rows.some((row) => row.fit === fit));
  const leading = drawn.map(([key, law]) => ({ quantity: NAMES[key], expected: law.expected }));
  const reference = drawn.flatMap(([key]) => {
    const expected = known[key];
    return expected === undefined ? [] : [{ quantity: NAMES[key], expected }];
  });
  const x = linear(
    [...leading, ...reference].map(({ expected }) => expected).concat(rows.flatMap(({ low, high }) => [low, high])),
  );
  const y = { field: "quantity", type: "nominal" as const, sort: null, title: null };
  // Fits lie side by side in a row, so many pixels off its middle.
  const offsetOf = (fit: string): number => (fits.length === 1 ? 0 : fit === ALL ? -8 : 8);
  const color = {
    field: "fit",
    type: "nominal" as const,
    title: null,
    scale: { domain: fits },
    ...(fits.length === 1 ? { legend: null } : {}),
  };
  return [
    {
      id: "exponents",
      title: "Exponents",
      shows: `Fitted powers of the width with bootstrap standard errors${fits.length > 1 ? `, over all widths and over n ≥ ${LARGE_WIDTH}` : ""}. Black ticks: the leading order of 1/n${reference.length > 0 ? "; grey ticks: what widths of 256 to 4096 give, measured in float64" : ""}.`,
      agrees: `${drawn.map(([key, law]) => judgeExponent(NAMES[key], law, widths, known[key])).join(". ")}.`.replace(
        /(^|\. )(\w)/g,
        (_, before: string, first: string) => before + first.toUpperCase(),
      ),
      spec: {
        width: WIDTH - 150,
        height: { step: 52 },
        layer: [
          {
            data: { values: reference },
            mark: { type: "tick", thickness: 3, size: 34, color: "#bbb", opacity: 1 },
            encoding: { x: { field: "expected", type: "quantitative" }, y },
          },
          {
            data: { values: leading },
            mark: { type: "tick", thickness: 2, size: 34, color: "#222", opacity: 1 },
            encoding: {
              x: { field: "expected", type: "quantitative", title: "exponent", ...x, axis: { tickCount: 7 } },
              y,
            },
          },
          ...fits.flatMap((fit) => {
            const data = { values: rows.filter((row) => row.fit === fit) };
            const yOffset = offsetOf(fit);
            return [
              {
                data,
                mark: { type: "rule" as const, strokeWidth: 2, yOffset },
                encoding: { x: { field: "low", type: "quantitative" as const }, x2: { field: "high" }, y, color },
              },
              {
                data,
                mark: { type: "point" as const, tooltip: true, size: 70, yOffset },
                encoding: { x: { field: "exponent", type: "quantitative" as const }, y, color },
              },
            ];
          }),
        ],
      },
    },
  ];
}

export function scalingFigures(document: DualityDocument): Figure[] {
  const { scaling, outputs, config } = document;
  if (!scaling) return [];
  const networks = `${counted(config.ensemble.size, "network")}${outputs ? ` of ${outputs.length} outputs` : ""}`;
  const drawn = QUANTITIES.map((key) => [key, scaling[key]] as const).filter(([, law]) =>
    law.values.some((value) => value),
  );
  return [departures(drawn, scaling, networks), ...exponents(drawn, scaling, document)];
}
