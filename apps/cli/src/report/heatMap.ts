/** Kernels as pictures. */
import { evenTicks, type Figure, WIDTH } from "./figure.ts";

type Matrices = Readonly<Record<string, readonly (readonly number[])[]>>;

/** Matrices side by side, each with its own colours, which are white at zero and equally strong at equal distance from it. */
function row(matrices: Matrices, largest: number) {
  const side = Math.min(largest, (WIDTH - 160) / Object.keys(matrices).length);
  return {
    hconcat: Object.entries(matrices).map(([name, matrix]) => {
      const most = Math.max(...matrix.flat().map(Math.abs)) || 1;
      // Indices of many data would run into each other.
      const ticks = evenTicks(matrix.length, Math.floor(side / 17));
      const axis = { labelAngle: 0, values: ticks, ticks: false, domain: false };
      return {
        title: { text: name, anchor: "middle" as const },
        width: side,
        height: side,
        data: { values: matrix.flatMap((line, a) => line.map((value, b) => ({ a, b, value }))) },
        mark: { type: "rect" as const, tooltip: true },
        encoding: {
          x: { field: "b", type: "ordinal" as const, title: "datum", axis },
          y: { field: "a", type: "ordinal" as const, title: "datum", axis },
          color: {
            field: "value",
            type: "quantitative" as const,
            title: null,
            scale: { scheme: "blueorange" as const, domain: [-most, most], nice: false },
            legend: { orient: "right" as const, gradientLength: side - 20, tickCount: 5, format: ".3~g" },
          },
        },
      };
    }),
    resolve: { scale: { color: "independent" as const } },
  };
}

/** Rows of matrices below each other. */
export function heatMap(about: Omit<Figure, "spec">, ...rows: readonly Matrices[]): Figure {
  return {
    ...about,
    spec:
      rows.length === 1
        ? row(rows[0]!, 220)
        : { vconcat: rows.map((of) => row(of, 140)), resolve: { scale: { color: "independent" } } },
  };
}
