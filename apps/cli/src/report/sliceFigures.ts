/** Planes of a lattice as images, at the start, half way and at the end. */
import type { FieldDocument } from "../document.ts";
import { labels } from "./axes.ts";
import { clockOf } from "./clock.ts";
import { type Figure, say, thinned } from "./figure.ts";
import { inGev } from "./gev.ts";
import { blockMeans, colourScale, pngAddress, zoomTo } from "./raster.ts";

export type Plane = readonly (readonly number[])[];

const IMAGES = 3;
/** Side of an image on the page, and its pixels at least, so that sites stay squares with sharp edges, and at most: a page carries them all. */
const SIDE = 175;
const PIXELS = 2 * SIDE;
const MOST_PIXELS = 4 * SIDE;

/** Sites along a side of one of an image's squares. */
const coarseness = (points: number): number => Math.ceil(points / MOST_PIXELS);

/** One field's planes over the slices, where there are any. */
export function planesOf({ slices = [], config }: FieldDocument, f: number): { time: number; plane: Plane }[] {
  const named = config.field.fields !== undefined;
  return slices.map(({ time, values }) => ({ time, plane: (named ? values[f] : values) as Plane }));
}

/** Names of a slice's two axes, across and up. */
const axesOf = (dimensions: number): [string, string] => (dimensions === 3 ? ["x₃", "x₂"] : ["x₂", "x₁"]);

async function imageSpec(when: string, plane: Plane, name: string, length: number, dimensions: number) {
  const scale = colourScale(plane);
  const squares = blockMeans(plane, coarseness(plane.length));
  const [across, up] = axesOf(dimensions);
  const side = { type: "quantitative" as const, scale: { domain: [0, length], nice: false } };
  const axis = { tickCount: 4, grid: false };
  return {
    title: when,
    width: SIDE,
    height: SIDE,
    layer: [
      {
        data: {
          values: [{ address: await pngAddress(squares, scale, zoomTo(squares.length, PIXELS)), from: 0, to: length }],
        },
        mark: { type: "image" as const, aspect: false, aria: false },
        encoding: {
          url: { field: "address" },
          x: { field: "from", title: across, ...side, axis },
          x2: { field: "to" },
          y: { field: "from", title: up, ...side, axis },
          y2: { field: "to" },
        },
      },
      {
        // Only for the legend.
        data: { values: [{ value: scale.low }, { value: scale.high }] },
        mark: { type: "point" as const, opacity: 0 },
        encoding: {
          color: {
            field: "value",
            type: "quantitative" as const,
            title: name,
            scale: { scheme: scale.scheme, domain: [scale.low, scale.high] },
            legend: {
              gradientLength: SIDE - 20,
              tickCount: 3,
              orient: "bottom" as const,
              ...labels([scale.low, scale.high]),
            },
          },
        },
      },
    ],
  };
}

/** Of which realisation histograms and slices are, where there are several. */
export const ofFirst = ({ realisations = 1 }: FieldDocument): string =>
  realisations > 1 ? " of the first realisation" : "";

export async function sliceFigures(document: FieldDocument, names: readonly string[]): Promise<Figure[]> {
  const { lattice } = document.config;
  if (!lattice || !document.slices?.length) return [];
  const { dimensions, length, points } = lattice;
  const sites = coarseness(points);
  const clock = clockOf(document);
  return Promise.all(
    names.map(async (name, f) => {
      const planes = planesOf(document, f);
      const shown = thinned(planes.length, IMAGES).map((s) => planes[s]!);
      const last = planes.at(-1)!.plane.flat();
      const [low, high] = last.reduce(
        ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
        [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      );
      const images = await Promise.all(
        shown.map(({ time, plane }) =>
          imageSpec(`${clock.symbol} = ${say(clock.of(time))}`, plane, name, length, dimensions),
        ),
      );
      return {
        id: `slice${f > 0 ? f : ""}`,
        title: dimensions === 3 ? `${name} in a plane` : `${name} on the lattice`,
        shows: `${name}${ofFirst(document)} by comoving position${dimensions === 3 ? " in the plane x₁ = 0" : ""}, ${sites > 1 ? `each square the mean of ${sites} × ${sites} sites` : "every site a square"}; each image has its own colour scale.`,
        agrees: `At the end values are from ${say(low)} to ${say(high)}.`,
        ...inGev(document.units, { x: "length", [clock.symbol]: "time", [name]: "field" }),
        spec: { hconcat: images, resolve: { scale: { color: "independent" as const } } },
      };
    }),
  );
}
