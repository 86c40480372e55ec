/** Figures of more sites, bins, records and data than a page has pixels and a function takes arguments. */
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import type { FieldDocument, NetworkDocument } from "../../src/document.ts";
import { movies } from "../../src/movie.ts";
import { logThinned } from "../../src/report/figure.ts";
import { observedFigures } from "../../src/report/observedFigures.ts";
import { spectrumFigures } from "../../src/report/pictureFigures.ts";
import { blockMeans } from "../../src/report/raster.ts";
import { sliceFigures } from "../../src/report/sliceFigures.ts";

const POINTS = 1500;
const BINS = 20_000;
/** Site (a, b) is a - b. */
const plane = Array.from({ length: POINTS }, (_, a) => Array.from({ length: POINTS }, (_, b) => a - b));
const document = {
  command: "field",
  config: {
    field: {},
    lattice: { dimensions: 2, points: POINTS, length: 10 },
    time: { alpha: 0 },
    background: { kind: "static" },
    fluctuations: { kind: "none" },
  },
  realisations: 2,
  slices: [{ time: 1, values: plane }],
  spectra: [1, 2].map((time) => ({
    time,
    k: Array.from({ length: BINS }, (_, b) => b + 1),
    power: Array.from({ length: BINS }, (_, b) => time / (b + 1)),
    error: Array.from({ length: BINS }, (_, b) => (0.1 * time) / (b + 1)),
  })),
} as unknown as FieldDocument;

describe("of a large lattice", () => {
  it("blocks have the mean of their sites, the last of fewer", () => {
    const rows = Array.from({ length: 5 }, (_, a) => Array.from({ length: 5 }, (_, b) => 10 * a + b));
    expect(blockMeans(rows, 1)).toBe(rows);
    expect(blockMeans(rows, 2)).toEqual([
      [5.5, 7.5, 9],
      [25.5, 27.5, 29],
      [40.5, 42.5, 44],
    ]);
  });

  it("a slice has squares of several sites, and says so", async () => {
    const [figure] = await sliceFigures(document, ["phi"]);
    expect(figure!.shows).toContain("each square the mean of 3 × 3 sites");
    expect(figure!.agrees).toBe("At the end values are from −1500 to 1500.");
    const { layer } = (
      figure!.spec as unknown as { hconcat: { layer: { data: { values: { address: string }[] } }[] }[] }
    ).hconcat[0]!;
    const { address } = layer[0]!.data.values[0]!;
    const { width, height } = decode(Buffer.from(address.slice(address.indexOf(",") + 1), "base64"));
    expect([width, height]).toEqual([500, 500]);
  });

  it("a movie's frames have pixels of several sites", () => {
    const [movie] = movies(document);
    const { value } = movie!.pieces().next();
    // The logical screen's width.
    expect(value![6]! + 256 * value![7]!).toBe(750);
  });

  it("a spectrum has its first bins, and so many later ones, and says so", () => {
    const bins = logThinned(BINS, 512);
    expect(bins.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(bins.at(-1)).toBe(BINS - 1);
    expect(logThinned(4, 512)).toEqual([0, 1, 2, 3]);
    const [figure] = spectrumFigures(document, ["phi"]);
    const { layer } = figure!.spec as unknown as { layer: { data: { values: unknown[] } }[] };
    expect(layer[0]!.data.values).toHaveLength(2 * bins.length);
    expect(layer[1]!.data.values).toHaveLength(2 * bins.length);
    expect(figure!.shows).toContain(`, at ${bins.length} of 20000 bins.`);
  });
});

describe("of what many steps and data observe", () => {
  const STEPS = 100_001;
  const times = Array.from({ length: STEPS }, (_, t) => t);
  const D = 400;
  const matrix = Array.from({ length: D }, () => new Array<number>(D).fill(1));
  const studied = {
    command: "network",
    config: { network: { width: 8 } },
    kernelSeries: { times, drift: times, alignment: times, eigenvalues: times.map(() => [2, 1]) },
    parameterNorms: {
      times,
      meanSquare: times.map(() => [1, 1.5]),
      distance: times,
      layerDistance: times.map((t) => [t, t]),
    },
    kernelLayers: { initial: [matrix, matrix], final: [matrix, matrix], theory: [matrix, matrix] },
  } as unknown as NetworkDocument;

  it("lines have the first steps and some of the others, to the last", () => {
    for (const figure of observedFigures(studied).filter(({ id }) => id !== "kernelLayers")) {
      const { vconcat } = figure.spec as unknown as {
        vconcat: { layer: { data: { values: { step: number; name: string }[] } }[] }[];
      };
      const { values } = vconcat[0]!.layer[1]!.data;
      const own = values.filter(({ name }) => name === values[0]!.name).map(({ step }) => step);
      expect(own).toHaveLength(200);
      expect([own[0], own[39], own.at(-1)]).toEqual([0, 39, STEPS - 1]);
    }
  });

  it("what the figures say is of all", () => {
    const says = (id: string): string => observedFigures(studied).find((figure) => figure.id === id)!.agrees;
    expect(says("parameterNorms")).toContain("within 0.50 of 1");
    expect(says("kernelLayers")).toContain("each part starts within 0.0 of its infinite-width norm");
  });
});
