/** Pictures of a lattice: its spectra over time as a coloured family, and two-dimensional slices as images. */
import type { ResultDocument } from "../document.ts";
import { logarithmic } from "./axes.ts";
import { type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";

type FieldDocument = Extract<ResultDocument, { command: "field" }>;

/** Spectra drawn at most: more colours cannot be told apart. */
const SPECTRA = 16;
/** Pixels drawn along a side of a slice at most: a report stays small enough to open. */
const PIXELS = 64;

/** One field's part of a value that has an axis of fields only where fields are named. */
function part<T>(value: T[] | T[][], f: number, named: boolean): T[] {
  return (named ? value[f] : value) as T[];
}

export function spectrumFigures({ spectra, config }: FieldDocument, names: readonly string[]): Figure[] {
  if (!spectra || spectra.length === 0) return [];
  const named = config.field.fields !== undefined;
  return names.map((name, f) => {
    const values = thinned(spectra.length, SPECTRA).flatMap((s) => {
      const { time, k, power } = spectra[s]!;
      return k.map((wave, b) => ({ k: wave, power: part(power as number[] | number[][], f, named)[b]!, time }));
    });
    const drawn = values.filter(({ power }) => power > 0);
    const last = spectra[spectra.length - 1]!;
    const powers = part(last.power as number[] | number[][], f, named);
    const peak = powers.indexOf(Math.max(...powers));
    return {
      id: `spectra${f > 0 ? f : ""}`,
      title: `Power spectra of ${name}`,
      shows: `k³|δ${name}ₖ|²/2π² (in two dimensions k²/2π, in one k/π) by comoving wave number, coloured by cosmic time.`,
      agrees: `At the end the power peaks at k = ${say(last.k[peak])} with ${say(powers[peak])}.`,
      spec: {
        width: WIDTH,
        height: HEIGHT - 60,
        data: { values: drawn },
        params: [{ name: "zoom", select: "interval", bind: "scales" }],
        mark: { type: "line", tooltip: true, clip: true },
        encoding: {
          x: { field: "k", type: "quantitative", title: "comoving k", ...logarithmic(drawn.map(({ k }) => k)) },
          y: { field: "power", type: "quantitative", title: "power", ...logarithmic(drawn.map(({ power }) => power)) },
          color: { field: "time", type: "quantitative", title: "time", scale: { scheme: "viridis" } },
          detail: { field: "time", type: "quantitative" },
        },
      },
    };
  });
}

export function sliceFigures({ slices, config }: FieldDocument, names: readonly string[]): Figure[] {
  const last = slices?.[slices.length - 1];
  if (!last) return [];
  const named = config.field.fields !== undefined;
  return names.map((name, f) => {
    const rows = (named ? last.values[f] : last.values) as number[][];
    const points = rows.length;
    const shown = thinned(points, PIXELS);
    const values = shown.flatMap((y) => shown.map((x) => ({ x, y, value: rows[y]![x]! })));
    const all = rows.flat();
    const low = all.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    const high = all.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const side = Math.min(WIDTH, HEIGHT + 40);
    return {
      id: `slice${f > 0 ? f : ""}`,
      title: `${name} in a plane`,
      shows: `${name} at cosmic time ${say(last.time)} ${config.lattice?.dimensions === 3 ? "where the first grid index is 0" : "on the whole lattice"}${shown.length < points ? `, every ${Math.ceil(points / shown.length)}th site` : ""}.`,
      agrees: `Values from ${say(low)} to ${say(high)}.`,
      spec: {
        width: side,
        height: side,
        data: { values },
        mark: { type: "rect", tooltip: true },
        encoding: {
          x: { field: "x", type: "ordinal", title: "last index", axis: { labels: false, ticks: false } },
          y: { field: "y", type: "ordinal", title: "next index", axis: { labels: false, ticks: false } },
          color: {
            field: "value",
            type: "quantitative",
            title: name,
            scale: low < 0 && high > 0 ? { scheme: "blueorange", domainMid: 0 } : { scheme: "viridis" },
          },
        },
      },
    };
  });
}
