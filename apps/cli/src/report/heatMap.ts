/** Kernels as pictures. */
import { evenTicks, type Figure, WIDTH } from "./figure.ts";
import { blockMeans } from "./raster.ts";

type Matrix = readonly (readonly number[])[];
type Matrices = Readonly<Record<string, Matrix>>;

/** Cells along a side at most: of many data a cell each would be less than a pixel, and a million of them more than a browser draws. */
const CELLS = 110;

/** Data along a side of a cell. */
const coarseness = (matrix: Matrix): number => Math.ceil(matrix.length / CELLS);

/** A matrix as cells of so many data along a side, each the mean of its elements and named by its first. */
const cells = (matrix: Matrix, size: number): { readonly a: number; readonly b: number; readonly value: number }[] =>
  blockMeans(matrix, size).flatMap((line, a) => line.map((value, b) => ({ a: size * a, b: size * b, value })));

/** Matrices side by side, each with its own colours, which are white at zero and equally strong at equal distance from it. */
function row(matrices: Matrices, largest: number) {
  const side = Math.min(largest, (WIDTH - 160) / Object.keys(matrices).length);
  return {
    hconcat: Object.entries(matrices).map(([name, matrix]) => {
      const size = coarseness(matrix);
      const values = cells(matrix, size);
      const most = values.reduce((largest, { value }) => Math.max(largest, Math.abs(value)), 0) || 1;
      // Indices of many data would run into each other.
      const room = Math.max(17, 7 * String(matrix.length - 1).length + 6);
      const ticks = evenTicks(Math.ceil(matrix.length / size), Math.floor(side / room)).map((cell) => size * cell);
      const axis = { labelAngle: 0, values: ticks, ticks: false, domain: false };
      return {
        title: { text: name, anchor: "middle" as const },
        width: side,
        height: side,
        data: { values },
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
  const size = Math.max(1, ...rows.flatMap((of) => Object.values(of).map(coarseness)));
  return {
    ...about,
    ...(size > 1 ? { shows: `${about.shows} Each cell is the mean of up to ${size} × ${size} elements.` } : {}),
    spec:
      rows.length === 1
        ? row(rows[0]!, 220)
        : { vconcat: rows.map((of) => row(of, 140)), resolve: { scale: { color: "independent" } } },
  };
}
