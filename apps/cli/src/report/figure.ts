/** What a figure is: data and encodings in Vega-Lite's grammar, and two lines that say what it shows and whether it agrees. */
import type { TopLevelSpec } from "vega-lite";

export interface Figure {
  /** File name of its SVG, without ending. */
  readonly id: string;
  readonly title: string;
  readonly shows: string;
  readonly agrees: string;
  readonly spec: TopLevelSpec;
}

/** Okabe and Ito's palette, told apart by colour-blind readers too. */
const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"];

/** What all figures share: type, rules and colours. */
export const THEME = {
  background: "white",
  font: "Georgia, 'Times New Roman', serif",
  axis: {
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: "normal",
    gridColor: "#eee",
    domainColor: "#333",
    tickColor: "#333",
  },
  legend: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", symbolStrokeWidth: 2 },
  title: { fontSize: 13, fontWeight: "normal", anchor: "start" },
  header: { labelFontSize: 12, titleFontSize: 12 },
  range: { category: PALETTE },
  view: { stroke: "transparent" },
  line: { strokeWidth: 2 },
  point: { size: 45, filled: true },
} as const;

export const WIDTH = 560;
export const HEIGHT = 300;

/** At most `count` indices of 0 .. length - 1, evenly spread, both ends among them. */
export function thinned(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i);
  return [...new Set(Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1))))];
}

/** The first steps, where everything moves, all of them, and later ones thinned: for axes that stretch the beginning. */
export function earlyThenThinned(length: number, early: number, count: number): number[] {
  const first = Array.from({ length: Math.min(length, early) }, (_, i) => i);
  const rest = thinned(Math.max(0, length - early), count).map((i) => i + early);
  return [...first, ...rest];
}

/** A number for a sentence. */
export function say(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "unknown";
  const magnitude = Math.abs(value);
  return magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5)
    ? value
        .toExponential(digits - 1)
        .replace("e-", " × 10^-")
        .replace("e+", " × 10^")
    : value.toPrecision(digits);
}
