/** The band plot of Gaussian processes: what a trained ensemble predicts off its data, beside theory. */
import type { ResultDocument } from "../document.ts";
import { linear } from "./axes.ts";
import { type Figure, HEIGHT, PALETTE, say, WIDTH } from "./figure.ts";

type Test = NonNullable<Extract<ResultDocument, { command: "network" }>["test"]>;

/** Standard deviations that the band reaches. */
const REACH = 2;

/** The one coordinate that the figure runs along: x of one dimension, the angle of points on a circle; else none. */
function coordinate({ inputs, data }: Test): { title: string; of: (x: readonly number[]) => number } | undefined {
  const dimension = inputs[0]?.length ?? 0;
  if (dimension === 1) return { title: "x", of: ([x]) => x! };
  const all = [...inputs, ...data.inputs];
  const onCircle = dimension === 2 && all.every(([x, y]) => Math.abs(Math.hypot(x!, y!) - Math.SQRT2) < 1e-9);
  if (!onCircle) return undefined;
  // Rounding would send the first point to the far end.
  return { title: "angle θ", of: ([x, y]) => (Math.atan2(y!, x!) + 2 * Math.PI + 1e-9) % (2 * Math.PI) };
}

/** None where the test inputs have no one coordinate to be drawn along. */
export function testFigures(test: Test, size: number): Figure[] {
  const along = coordinate(test);
  if (!along) return [];
  const { inputs, mean, std, theory, data } = test;
  const rows = inputs
    .map((x, p) => ({
      at: along.of(x),
      mean: mean[p]!,
      low: mean[p]! - REACH * std[p]!,
      high: mean[p]! + REACH * std[p]!,
      ...(theory
        ? {
            theory: theory.mean[p]!,
            theoryLow: theory.mean[p]! - REACH * theory.std[p]!,
            theoryHigh: theory.mean[p]! + REACH * theory.std[p]!,
          }
        : {}),
    }))
    .sort((left, right) => left.at - right.at);
  const points = data.inputs.map((x, a) => ({ at: along.of(x), target: data.targets[a]! }));
  const y = {
    type: "quantitative" as const,
    ...linear([
      ...rows.flatMap(({ low, high, theoryLow, theoryHigh }) => [low, high, theoryLow, theoryHigh]),
      ...data.targets,
    ]),
  };
  const line = (field: string, color: string, dash: number[]) => ({
    mark: { type: "line" as const, color, strokeDash: dash, strokeWidth: 1.5 },
    encoding: { y: { ...y, field } },
  });
  const furthest = theory ? Math.max(...mean.map((f, p) => Math.abs(f - theory.mean[p]!))) : 0;
  const widest = theory ? Math.max(...std.map((s, p) => Math.abs(s - theory.std[p]!))) : 0;
  return [
    {
      id: "test",
      title: "Predictions off the data",
      shows: `Mean of f over ${size} trained networks (line) with ${REACH} standard deviations (band)${theory ? ", the infinite-width mean and band (dashed)" : ""}, and the data (dots).`,
      agrees: theory
        ? `The mean is at most ${say(furthest)} and the standard deviation ${say(widest)} from theory.`
        : "Samples of the infinitely wide ensemble diverge, so that it has no band.",
      spec: {
        width: WIDTH,
        height: HEIGHT,
        data: { values: rows },
        encoding: { x: { field: "at", type: "quantitative", title: along.title, ...linear(rows.map(({ at }) => at)) } },
        layer: [
          {
            mark: { type: "area", opacity: 0.18 },
            encoding: { y: { ...y, field: "low", title: "f" }, y2: { field: "high" } },
          },
          line("mean", PALETTE[0]!, []),
          ...(theory
            ? [
                line("theory", PALETTE[1]!, [5, 4]),
                line("theoryLow", PALETTE[1]!, [2, 3]),
                line("theoryHigh", PALETTE[1]!, [2, 3]),
              ]
            : []),
          {
            data: { values: points },
            mark: { type: "point", filled: true, color: "black", tooltip: true, size: 40 },
            encoding: { y: { ...y, field: "target" } },
          },
        ],
      },
    },
  ];
}
