/** The band plot of Gaussian processes: what a trained ensemble predicts off its data, beside theory. */
import type { NetworkDocument } from "../document.ts";
import { component, type Output } from "../outputs.ts";
import { linear, reachOf } from "./axes.ts";
import { type Along, curveFigure, REACH } from "./curveFigure.ts";
import { counted, type Figure, HEIGHT, largest, PALETTE, say, thinned, WIDTH } from "./figure.ts";

export type Test = NonNullable<NetworkDocument["test"]>;

/** Outputs that are drawn at most, below each other. */
const ROWS = 4;

/** The one coordinate that the figure runs along: that of one dimension, by its column's name, the angle of points on a circle; else none. */
function coordinate(
  { inputs, data }: Test,
  given: NetworkDocument["config"]["data"]["inputs"],
): (Along & { readonly of: (x: readonly number[]) => number }) | undefined {
  const dimension = inputs[0]?.length ?? 0;
  const column = "file" in given ? given.columns?.[0] : undefined;
  if (dimension === 1) return { title: column ?? "x", isClosed: false, of: ([x]) => x! };
  const all = [...inputs, ...data.inputs];
  const onCircle = dimension === 2 && all.every(([x, y]) => Math.abs(Math.hypot(x!, y!) - Math.SQRT2) < 1e-9);
  if (!onCircle) return undefined;
  // Rounding would send the first point to the far end.
  return {
    title: "angle θ",
    isClosed: true,
    of: ([x, y]) => (Math.atan2(y!, x!) + 2 * Math.PI + 1e-9) % (2 * Math.PI),
  };
}

/** One output's mean, band, theory and targets along the coordinate `at`, `known` of the data. */
function bandPanel(
  test: Test,
  { c, name }: Output,
  {
    at,
    known,
    title,
  }: { readonly at: readonly number[]; readonly known: readonly number[]; readonly title: string | null },
) {
  const of = (values: Test["mean"]): number[] => component(values, c);
  const [mean, std, targets] = [of(test.mean), of(test.std), of(test.data.targets)];
  const theory = test.theory && { mean: of(test.theory.mean), std: of(test.theory.std) };
  const rows = at
    .map((x, p) => ({
      at: x,
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
  const points = known.map((x, a) => ({ at: x, target: targets[a]! }));
  const measured = [...rows.flatMap(({ low, high }) => [low, high]), ...targets];
  const expected = rows.flatMap(({ theoryLow, theoryHigh }) => [theoryLow, theoryHigh]);
  const y = {
    type: "quantitative" as const,
    ...linear(Number.isFinite(reachOf(expected, measured)) ? measured : [...measured, ...expected]),
  };
  const line = (field: string, color: string, dash: number[]) => ({
    mark: { type: "line" as const, clip: true, color, strokeDash: dash, strokeWidth: 1.5 },
    encoding: { y: { ...y, field } },
  });
  return {
    width: WIDTH,
    height: name === "" ? HEIGHT : HEIGHT / 2,
    data: { values: rows },
    encoding: { x: { field: "at", type: "quantitative" as const, title, ...linear([...at, ...known]) } },
    layer: [
      {
        mark: { type: "area" as const, opacity: 0.18 },
        encoding: { y: { ...y, field: "low", title: name === "" ? "f" : name }, y2: { field: "high" } },
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
        mark: { type: "point" as const, filled: true, color: "black", tooltip: true, size: 40 },
        encoding: { y: { ...y, field: "target" } },
      },
    ],
  };
}

/** None where the test inputs have no one coordinate to be drawn along. */
export function testFigures(
  test: Test,
  outputs: readonly Output[],
  { data, ensemble: { size } }: NetworkDocument["config"],
): Figure[] {
  const along = coordinate(test, data.inputs);
  if (!along) return [];
  const { mean, std, theory } = test;
  const [at, known] = [test.inputs.map(along.of), test.data.inputs.map(along.of)];
  const drawn = thinned(outputs.length, ROWS).map((i) => outputs[i]!);
  const panels = drawn.map((output, i) =>
    bandPanel(test, output, { at, known, title: i === drawn.length - 1 ? along.title : null }),
  );
  const apart = (left: Test["mean"], right: Test["mean"]): number => {
    const others = right.flat();
    return largest(left.flat().map((value, i) => value - others[i]!));
  };
  const several = drawn.length < outputs.length ? ` of ${drawn.length} of ${outputs.length} outputs` : "";
  return [
    {
      id: "test",
      title: "Predictions off the data",
      shows: `Mean of f over ${counted(size, "trained network")} (line) with ${REACH} standard deviations (band)${theory ? ", the infinite-width mean and band (dashed)" : ""}, and the data (dots)${several}.`,
      agrees: theory
        ? `The mean is at most ${say(apart(mean, theory.mean))} and the standard deviation ${say(apart(std, theory.std))} from theory.`
        : "Samples of the infinitely wide ensemble diverge, so that it has no band.",
      spec: panels.length === 1 ? panels[0]! : { vconcat: panels },
    },
    ...(outputs.length === 2 ? [curveFigure(test, outputs, at, along)] : []),
  ];
}
