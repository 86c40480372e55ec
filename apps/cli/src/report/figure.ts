/** What a figure is: data and encodings in Vega-Lite's grammar, and two lines that say what it shows and whether it agrees. */
import type { TopLevelSpec } from "vega-lite";
import { withError } from "../table.ts";

export interface Figure {
  /** File name of its SVG, without ending. */
  readonly id: string;
  readonly title: string;
  readonly shows: string;
  readonly agrees: string;
  /** What the units on its axes are in GeV. */
  readonly inGev?: string;
  readonly spec: TopLevelSpec;
}

/** Okabe and Ito's palette, told apart by colour-blind readers too. */
export const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"];

/** What all figures share: type, rules and colours. */
export const THEME = {
  background: "white",
  font: "Georgia, 'Times New Roman', serif",
  axis: {
    labelFontSize: 12,
    labelLimit: 0,
    labelFlush: false,
    titleFontSize: 13,
    titleFontWeight: "normal",
    titleLimit: 0,
    gridColor: "#eee",
    domainColor: "#333",
    tickColor: "#333",
  },
  // Thousands are told apart from five digits on: a year is none.
  axisQuantitative: { labelExpr: "abs(datum.value) < 1e4 ? replace(datum.label, ',', '') : datum.label" },
  legend: {
    orient: "top",
    labelFontSize: 12,
    labelLimit: 0,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titleLimit: 0,
    symbolStrokeWidth: 2,
    columnPadding: 18,
  },
  title: { fontSize: 13, fontWeight: "normal", anchor: "start", limit: 0 },
  header: { labelFontSize: 12, labelLimit: 0, titleFontSize: 12, titleLimit: 0 },
  range: { category: PALETTE },
  view: { stroke: "transparent" },
  mark: { color: PALETTE[0] },
  line: { strokeWidth: 2 },
  point: { size: 45, filled: true, opacity: 1 },
  rule: { opacity: 1 },
} as const;

/** Lets a plot be panned by dragging and zoomed by the wheel with Ctrl, as by a pinch: the wheel alone goes on through the page. */
export const zoom = (panel: number | "" = "") => ({
  name: `zoom${panel}`,
  select: { type: "interval" as const, zoom: "wheel![event.ctrlKey]" },
  bind: "scales" as const,
});

export const WIDTH = 560;
export const HEIGHT = 300;

/** The colour of rows by their `datum`, in the rows' own order, by number: as text 11 would come before 2. */
export const DATUM_COLOUR = {
  field: "datum",
  type: "nominal",
  title: "datum",
  sort: null,
  legend: { titleOrient: "left" },
} as const;

/** A legend above a figure, in columns where its names are longer than the figure is wide. */
export function legendOf(names: readonly string[]): { columns?: number } {
  // Letters of 12 pixels' Georgia, a symbol and the space between two columns.
  const widest = Math.max(...names.map((name) => 7 * name.length + 40));
  return widest * names.length > WIDTH ? { columns: Math.max(1, Math.floor(WIDTH / widest)) } : {};
}

/** At most `count` indices of 0 .. length - 1, evenly spread, both ends among them. */
export function thinned(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return [...new Set(Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1))))];
}

/** Largest of the values' sizes, of however many; 0 of none. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** At most `count` of the indices 0 .. length - 1: the first all, later ones as a logarithmic axis has room for them. */
export function logThinned(length: number, count: number): number[] {
  if (length <= count) return thinned(length, count);
  return [...new Set(Array.from({ length: count }, (_, i) => Math.round(length ** (i / (count - 1))) - 1))];
}

/** Every so many of the indices 0 .. length - 1, a stride of 1, 2 or 5 times a power of ten: at most `count` labels of an axis. */
export function evenTicks(length: number, count: number): number[] {
  const strides = [1, 2, 5, 10].map((digit) => digit * 10 ** Math.floor(Math.log10(Math.max(1, length / count))));
  const stride = strides.find((each) => length <= each * count) ?? length;
  return Array.from({ length: Math.ceil(length / stride) }, (_, i) => i * stride);
}

/** The first steps, where everything moves, all of them, and later ones thinned: for axes that stretch the beginning. */
export function earlyThenThinned(length: number, early: number, count: number): number[] {
  const first = Array.from({ length: Math.min(length, early) }, (_, i) => i);
  const rest = thinned(Math.max(0, length - early), count).map((i) => i + early);
  return [...first, ...rest];
}

const SUPERSCRIPTS = new Map([..."-0123456789"].map((character, i) => [character, [..."⁻⁰¹²³⁴⁵⁶⁷⁸⁹"][i]!]));

/** A whole number's characters, raised. */
export const superscript = (text: string): string =>
  [...text].map((character) => SUPERSCRIPTS.get(character) ?? character).join("");

/** A number for a sentence. */
export function say(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "unknown";
  const magnitude = Math.abs(value);
  const rounded = Number(value.toPrecision(digits));
  // Digits before the point are all said, rounded or not: 2700 and not 2.70e+3.
  if (magnitude === 0 || (magnitude >= 1e-3 && magnitude < 1e5))
    return minus(Math.abs(rounded) >= 10 ** digits ? String(rounded) : value.toPrecision(digits));
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
  return `${minus(mantissa)} × 10${superscript(exponent.replace("+", ""))}`;
}

const minus = (text: string): string => text.replace(/^-/, "−");

/** A number with its error, as a paper prints it. */
export const measured = (value: number | null | undefined, error: number | null | undefined): string =>
  minus(withError(value, error).replace("+-", "±"));

/** Names as a sentence lists them. */
export const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

/** So many of what is counted, as 1 network and 2 networks. */
export const counted = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? "" : "s"}`;

const COUNTS = ["no", "one", "two", "three", "four", "five"];
/** A small number in words. */
export const count = (number: number): string => COUNTS[number] ?? String(number);

/** In place of a plot that cannot be drawn: why. */
export const notice = (text: string): TopLevelSpec => ({
  width: WIDTH,
  height: 40,
  data: { values: [{ text }] },
  mark: { type: "text", fontSize: 16, color: "#555" },
  encoding: { text: { field: "text" } },
});
