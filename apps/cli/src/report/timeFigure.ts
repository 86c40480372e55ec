/** Lines over time, in one panel or several below each other. */
import { linear, logarithmic } from "./axes.ts";
import type { Clock } from "./clock.ts";
import { type Figure, HEIGHT, largest, legendOf, WIDTH, zoom } from "./figure.ts";
import { coloursFor } from "./raster.ts";

export interface Line {
  /** Its colour's entry in the legend. */
  readonly name: string;
  /** Its dash's entry in the legend, where lines of several fields share colours. */
  readonly field?: string;
  readonly values: readonly number[];
  /** Of its values, where they are not the clock's. */
  readonly times?: readonly number[];
  /** That of the palette's next colour where not given. */
  readonly colour?: string;
}

export interface Panel {
  readonly y: string;
  readonly lines: readonly Line[];
  readonly log?: boolean;
  /** What an axis spans at least, so that rounding about a constant does not fill it. */
  readonly span?: number;
  /** Values with a meaning, drawn across. */
  readonly references?: { value: number; label: string }[];
}

/** Of two pixels each, as wide as a line. */
const BINS = WIDTH / 2;
/** Where a quantity passes through zero a logarithmic axis would fall without end: this far below its largest it is cut. */
const FLOOR = 1e-30;
/** Less than so many decades read better on a linear axis. */
const LEAST_DECADES = 1;

/**
 * Indices that draw a line as all of them would: the least and the largest value of every bin of records, so that an oscillation faster
 * than the figure's resolution shows as its envelope and not as a beat with the records drawn.
 */
export function envelope(values: readonly number[]): number[] {
  if (values.length <= 2 * BINS) return Array.from(values.keys());
  const kept = new Set([0, values.length - 1]);
  for (let bin = 0; bin < BINS; bin++) {
    const from = Math.floor((bin * values.length) / BINS);
    const to = Math.floor(((bin + 1) * values.length) / BINS);
    let [least, most] = [from, from];
    for (let r = from; r < to; r++) {
      if (values[r]! < values[least]!) least = r;
      if (values[r]! > values[most]!) most = r;
    }
    kept.add(least);
    kept.add(most);
  }
  return [...kept].sort((p, q) => p - q);
}

/** Whether the positive ones of the values span enough for a logarithmic axis. */
function spans(values: readonly (number | null)[]): boolean {
  const positive = values.filter((value): value is number => value !== null && value > 0);
  const [low, high] = positive.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, 0],
  );
  return Math.log10(high / low) >= LEAST_DECADES;
}

/** Of each name, by its first line. */
function coloursOf(lines: readonly Line[]): string[] {
  const names = new Map(lines.map(({ name, colour }) => [name, colour]));
  const free = coloursFor([...names.values()].filter((colour) => colour === undefined).length);
  return [...names.values()].map((colour) => colour ?? free.shift()!);
}

/** What is drawn of lines, over `times` where they have none of their own; null down to `floor`, where there is one. */
function rowsOf(lines: readonly Line[], times: readonly number[], floor: number | undefined) {
  return lines.flatMap(({ name, field, values, times: own = times }) =>
    envelope(values).map((r) => ({
      time: own[r]!,
      name,
      ...(field === undefined ? {} : { field }),
      value: floor !== undefined && values[r]! <= floor ? null : values[r]!,
    })),
  );
}

/** What tells lines apart, where there are several: colours by name and, in order of the fields, dashes. */
function tellingApart(lines: readonly Line[], hasLegend: boolean) {
  const names = [...new Set(lines.map(({ name }) => name))];
  const fields = [...new Set(lines.flatMap(({ field }) => field ?? []))];
  return {
    ...(names.length > 1 || fields.length > 1
      ? {
          color: {
            field: "name",
            type: "nominal" as const,
            title: null,
            scale: { domain: names, range: coloursOf(lines) },
            legend: hasLegend ? legendOf(names) : null,
          },
        }
      : {}),
    ...(fields.length > 1
      ? {
          strokeDash: {
            field: "field",
            type: "nominal" as const,
            title: null,
            legend: { orient: "bottom" as const },
            scale: {
              domain: fields,
              range: [
                [1, 0],
                [6, 3],
                [2, 2],
              ],
            },
          },
        }
      : {}),
  };
}

/** Values drawn across, their labels to the right of the axes. */
function referenceLayers(references: NonNullable<Panel["references"]>) {
  if (references.length === 0) return [];
  const y = { field: "value", type: "quantitative" as const };
  return [
    {
      data: { values: references },
      mark: { type: "rule" as const, strokeDash: [4, 4], color: "#999" },
      encoding: { y },
    },
    {
      data: { values: references },
      mark: { type: "text" as const, clip: false, align: "left" as const, dx: 4, color: "#666", fontSize: 11 },
      encoding: { x: { value: WIDTH }, y, text: { field: "label" } },
    },
  ];
}

function panelSpec(
  { times, title }: Clock,
  { y, lines, log, span = 0, references = [] }: Panel,
  { id, height, isLast, legend }: { id: number; height: number; isLast: boolean; legend: boolean },
) {
  const floor = log ? FLOOR * Math.max(...lines.map(({ values }) => largest(values))) : undefined;
  const drawn = lines.filter(({ values }) => floor === undefined || values.some((value) => value > floor));
  const rows = rowsOf(drawn, times, floor);
  const shown = rows.map(({ value }) => value);
  const first = lines[0]!.values[0]!;
  const around = [first - span / 2, first + span / 2, ...references.map(({ value }) => value)];
  const axis = log && spans(shown) ? logarithmic(shown) : linear([...shown, ...around]);
  const along = linear(lines.flatMap((line) => line.times ?? times));
  return {
    width: WIDTH,
    height,
    layer: [
      {
        data: { values: rows },
        params: [zoom(id)],
        mark: { type: "line" as const, tooltip: true, clip: true, strokeWidth: 1.6 },
        encoding: {
          x: {
            field: "time",
            type: "quantitative" as const,
            title: isLast ? title : null,
            ...along,
            axis: { ...along.axis, tickCount: 10, labels: isLast },
          },
          y: { field: "value", type: "quantitative" as const, title: y, ...axis },
          ...tellingApart(drawn, legend),
        },
      },
      ...referenceLayers(references),
    ],
  };
}

/** A figure of panels over time; each names the quantity on its axis, and the first has the legend where all have the same lines. */
export function timeFigure(clock: Clock, panels: readonly Panel[], about: Omit<Figure, "spec">): Figure {
  const height = panels.length === 1 ? HEIGHT - 60 : panels.length === 2 ? HEIGHT - 120 : HEIGHT - 170;
  const entries = panels.map(({ lines }) => lines.map(({ name }) => name).join("\n"));
  const shared = entries.every((entry) => entry === entries[0]);
  const most = Math.max(...panels.flatMap(({ lines }) => lines.map(({ values }) => values.length)));
  const thinning =
    most > 2 * BINS ? ` Lines join the least and the largest of every ${Math.round(most / BINS)} records.` : "";
  // Labels of references stand to the right of the axes, where nothing else asks for room.
  const labelled = panels.some(({ references }) => references !== undefined);
  const room = labelled ? { padding: { left: 5, top: 5, bottom: 5, right: 70 } } : {};
  const specs = panels.map((panel, p) =>
    panelSpec(clock, panel, { id: p, height, isLast: p === panels.length - 1, legend: p === 0 || !shared }),
  );
  return {
    ...about,
    shows: about.shows + thinning,
    spec:
      specs.length === 1
        ? { ...room, ...specs[0]! }
        : { ...room, vconcat: specs, resolve: { scale: { color: "independent", strokeDash: "independent" } } },
  };
}
