/** Figures of a sweep: its points as a family of lines coloured by what was swept, and their ends against it. */
import type { SweepEntry } from "@slowroll/core/field/sweep";
import { describePoint, shortNames } from "@slowroll/core/field/sweepPoint";
import type { FieldDocument } from "../document.ts";
import { component } from "../outputs.ts";
import { linear, logarithmic } from "./axes.ts";
import { clockOf } from "./clock.ts";
import { type Figure, HEIGHT, legendOf, list, logThinned, say, thinned, WIDTH, zoom } from "./figure.ts";
import { inGev } from "./gev.ts";
import { BINS, POWER } from "./pictureFigures.ts";
import { coloursFor, familyColours } from "./raster.ts";
import { type Line, timeFigure } from "./timeFigure.ts";

/** Points drawn at most: more colours cannot be told apart. */
const FAMILY = 12;
/** Of the largest: what is smaller is rounding. */
const FLOOR = 1e-17;

/** A point that is drawn. */
interface Drawn {
  readonly entry: SweepEntry;
  readonly name: string;
  readonly colour: string;
}

function drawnOf(entries: readonly SweepEntry[]): Drawn[] {
  const usable = entries.filter(({ times = [] }) => times.length > 1);
  const shown = thinned(usable.length, FAMILY).map((p) => usable[p]!);
  const family = familyColours(shown.length);
  return shown.map((entry, i) => ({ entry, name: describePoint(entry.values), colour: family[i]! }));
}

const how = (drawn: readonly Drawn[], entries: readonly SweepEntry[]): string =>
  `one line a point, coloured from the first to the last${drawn.length < entries.length ? `, ${drawn.length} of ${entries.length}` : ""}`;

/** Whether all points have the same value there, swept or not. */
const isAlike = (entries: readonly SweepEntry[], path: string): boolean =>
  new Set(entries.map(({ values }) => values[path])).size < 2;

/** The last spectrum of each point. */
function spectrumFigures(
  { config }: FieldDocument,
  entries: readonly SweepEntry[],
  drawn: readonly Drawn[],
  names: readonly string[],
): Figure[] {
  return names.flatMap((name, f) => {
    const values = drawn.flatMap(({ entry, name: point }) => {
      const last = entry.spectra?.at(-1);
      if (!last) return [];
      const power = config.field.fields ? (last.power as number[][])[f]! : (last.power as number[]);
      const picked = new Set(logThinned(power.length, BINS));
      return power.map((value, b) => ({ k: last.k[b]!, power: value, point, isDrawn: picked.has(b) }));
    });
    const most = values.reduce((high, { power }) => Math.max(high, power), 0);
    const peak = values.find(({ power }) => power === most)!;
    const shown = values.filter(({ power, isDrawn }) => isDrawn && power > FLOOR * most);
    if (shown.length === 0) return [];
    const y = isAlike(entries, "lattice.dimensions") ? POWER(name, config.lattice!.dimensions) : `power of ${name}`;
    return [
      {
        id: `sweepSpectra${f > 0 ? f : ""}`,
        title: `Last power spectra of ${name}`,
        shows: `${y} by comoving wave number k at the end of each point, ${how(drawn, entries)}.`,
        agrees: `The largest power is ${say(peak.power)} at k = ${say(peak.k)}, of ${peak.point}.`,
        ...inGev(unitsOf(entries), { k: "wavenumber", power: "power" }),
        spec: {
          width: WIDTH,
          height: HEIGHT,
          data: { values: shown.map(({ isDrawn: _, ...value }) => value) },
          params: [zoom()],
          mark: { type: "line", tooltip: true, clip: true, strokeWidth: 1.6 },
          encoding: {
            x: { field: "k", type: "quantitative", title: "comoving k", ...logarithmic(shown.map(({ k }) => k)) },
            y: { field: "power", type: "quantitative", title: y, ...logarithmic(shown.map(({ power }) => power)) },
            color: {
              field: "point",
              type: "nominal",
              title: null,
              sort: null,
              scale: { domain: drawn.map((one) => one.name), range: drawn.map(({ colour }) => colour) },
              legend: legendOf(drawn.map((one) => one.name)),
            },
          },
        },
      },
    ];
  });
}

/** The units of all points, where they share them. */
function unitsOf(entries: readonly SweepEntry[]): SweepEntry["units"] {
  const [first] = entries;
  return entries.every(({ units }) => JSON.stringify(units) === JSON.stringify(first!.units))
    ? first!.units
    : undefined;
}

/** Values at the ends of points that came to it, against the one number that is swept, or the first of several. */
function endFigure(
  { config }: FieldDocument,
  entries: readonly SweepEntry[],
  names: readonly string[],
  quantity: "mean" | "variance",
): Figure[] {
  const ended = entries.filter(({ error, [quantity]: series = [] }) => !error && series.length > 0);
  const paths = Object.keys(entries[0]!.values);
  const numeric = paths.find((path) => {
    const all = ended.map(({ values }) => values[path]);
    return all.every((value) => typeof value === "number") && new Set(all).size > 2;
  });
  if (numeric === undefined) return [];
  const name = shortNames(paths)[paths.indexOf(numeric)]!;
  const others = ({ [numeric]: _, ...rest }: SweepEntry["values"]): string => describePoint(rest);
  const values = ended.flatMap((entry) =>
    names.map((field, f) => ({
      swept: entry.values[numeric] as number,
      value: component(entry[quantity]!, f).at(-1)!,
      field,
      others: others(entry.values),
    })),
  );
  const along = values.map(({ swept }) => swept);
  const [least, most] = [Math.min(...along), Math.max(...along)];
  const log = quantity === "variance" && values.every(({ value }) => value > 0);
  const y = values.map(({ value }) => value);
  const families = new Set(values.map((one) => one.others));
  const peak = values.reduce((high, one) => (one.value > high.value ? one : high));
  return [
    {
      id: "sweepEnd",
      title: `${quantity === "mean" ? "Mean" : "Variance"} at the end against ${name}`,
      shows: `${quantity === "mean" ? "Mean" : "Variance"} of ${list(names)} at the last record of each point${families.size > 1 ? ", a dash for each value of what else is swept" : ""}${ended.length < entries.length ? `; ${entries.length - ended.length} of ${entries.length} points diverged and are left out` : ""}.`,
      agrees: `The largest is ${say(peak.value)}${names.length > 1 ? `, of ${peak.field}` : ""}, at ${name} = ${say(peak.swept)}.`,
      ...inGev(unitsOf(entries), { [quantity]: quantity === "mean" ? "field" : "variance" }),
      spec: {
        width: WIDTH,
        height: HEIGHT - 60,
        data: { values },
        mark: { type: "line", point: true, tooltip: true },
        encoding: {
          x: {
            field: "swept",
            type: "quantitative",
            title: name,
            ...(least > 0 && most / least >= 10 ? logarithmic(along) : linear(along)),
          },
          y: {
            field: "value",
            type: "quantitative",
            title: config.field.fields || quantity === "variance" ? quantity : "⟨φ⟩",
            ...(log ? logarithmic(y) : linear(y)),
          },
          color: {
            field: "field",
            type: "nominal",
            title: null,
            scale: { domain: [...names], range: coloursFor(names.length) },
            ...(names.length > 1 ? {} : { legend: null }),
          },
          ...(families.size > 1
            ? {
                strokeDash: {
                  field: "others",
                  type: "nominal",
                  title: null,
                  sort: null,
                  legend: legendOf([...families]),
                },
              }
            : {}),
        },
      },
    },
  ];
}

export function sweepFigures(document: FieldDocument, entries: readonly SweepEntry[]): Figure[] {
  const drawn = drawnOf(entries);
  if (drawn.length === 0) return [];
  const { config } = document;
  const names = config.field.fields ?? ["φ"];
  // Points that step in times of their own share cosmic time alone.
  const timed = isAlike(entries, "time.alpha") ? config : { ...config, time: { ...config.time, alpha: 0 } };
  const clockFor = (entry: SweepEntry) => clockOf({ ...document, ...entry, config: timed });
  const clock = clockFor(drawn[0]!.entry);
  const units = unitsOf(entries);
  const lines = (values: (entry: SweepEntry) => number[] | undefined, from = 0): Line[] =>
    drawn.flatMap(({ entry, name, colour }) => {
      const all = values(entry);
      return all ? [{ name, colour, values: all.slice(from), times: clockFor(entry).times.slice(from) }] : [];
    });
  const fluctuates = entries.some(({ variance = [] }) => variance.flat().some((value) => value > 0));
  const constraint = lines((entry) => entry.constraint, 1);
  const largest = (of: readonly Line[]): number =>
    of.flatMap(({ values }) => values).reduce((most, value) => Math.max(most, value), 0);
  return [
    timeFigure(
      clock,
      names.map((name, f) => ({ y: `⟨${name}⟩`, lines: lines((entry) => component(entry.mean!, f)) })),
      {
        id: "sweepMean",
        title: names.length > 1 ? "The mean fields" : "The mean field",
        shows: `Mean of ${list(names)}, ${how(drawn, entries)}.`,
        agrees: `At the end of the last: ${names.map((name, f) => `${name} = ${say(component(drawn.at(-1)!.entry.mean!, f).at(-1))}`).join(", ")}.`,
        ...inGev(units, { [clock.symbol]: "time", mean: "field" }),
      },
    ),
    ...(fluctuates
      ? [
          timeFigure(
            clock,
            names.map((name, f) => ({
              y: names.length > 1 ? `variance of ${name}` : "variance",
              lines: lines((entry) => component(entry.variance!, f)),
              log: true,
            })),
            {
              id: "sweepVariance",
              title: "Fluctuations",
              shows: `Variance of ${list(names)} over the lattice, ${how(drawn, entries)}.`,
              agrees: `The largest variance is ${names.map((name, f) => `${say(largest(lines((entry) => component(entry.variance!, f))))} of ${name}`).join(", ")}.`,
              ...inGev(units, { [clock.symbol]: "time", variance: "variance" }),
            },
          ),
        ]
      : []),
    ...spectrumFigures(document, entries, drawn, names),
    ...endFigure(document, entries, names, fluctuates ? "variance" : "mean"),
    ...(constraint.length > 0 && largest(constraint) > 0
      ? [
          timeFigure(clock, [{ y: "|H² − ρ/3m²|/(H² + ρ/3m²)", lines: constraint, log: true }], {
            id: "sweepConstraint",
            title: "The first Friedmann equation",
            shows: `How far the expansion is from what the energy density asks for, ${how(drawn, entries)}.`,
            agrees: `At most ${say(largest(constraint), 2)}.`,
            ...inGev(units, { [clock.symbol]: "time" }),
          }),
        ]
      : []),
  ];
}
