/** Two-dimensional arrays as pixels: colour scales shared with the legends of figures, and PNG images that a page carries in itself. */
import { scheme } from "#vega";
import { PALETTE } from "./figure.ts";

type Rows = readonly (readonly number[])[];

/** Rows and columns in blocks of so many, each block its mean; the last may have fewer. */
export function blockMeans(rows: Rows, size: number): Rows {
  if (size === 1) return rows;
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, a) => {
    const lines = rows.slice(a * size, (a + 1) * size);
    return Array.from({ length: Math.ceil(rows[0]!.length / size) }, (_, b) => {
      const first = b * size;
      const end = Math.min(first + size, rows[0]!.length);
      let sum = 0;
      for (const line of lines) for (let c = first; c < end; c++) sum += line[c]!;
      return sum / (lines.length * (end - first));
    });
  });
}

export interface ColourScale {
  /** One of Vega's: viridis, or blue to orange about zero. */
  readonly scheme: "viridis" | "blueorange";
  readonly low: number;
  readonly high: number;
}

/** The scale of an array's values: symmetric about zero where they have both signs. */
export function colourScale(rows: Rows): ColourScale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    for (const value of row) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low >= 0 || high <= 0) return { scheme: "viridis", low, high };
  const reach = Math.max(-low, high);
  return { scheme: "blueorange", low: -reach, high: reach };
}

/** `count` colours from the scale's low to its high end, each [red, green, blue] of 0 to 255. */
export function colours({ scheme: name }: ColourScale, count: number): [number, number, number][] {
  const interpolate = scheme(name) as unknown as (share: number) => string;
  return Array.from({ length: count }, (_, i) => {
    const [red, green, blue] = interpolate(i / (count - 1))
      .match(/\d+/g)!
      .map(Number);
    return [red!, green!, blue!];
  });
}

/** Share of the colour scale that lines use: its end is too pale for one. */
const VISIBLE = 0.92;

/** Colours of so many lines in an order, from dark to light. */
export function familyColours(count: number): string[] {
  const all = colours({ scheme: "viridis", low: 0, high: 1 }, 256);
  return Array.from({ length: count }, (_, i) => {
    const [red, green, blue] = all[Math.round((i * VISIBLE * 255) / Math.max(1, count - 1))]!;
    return `rgb(${red}, ${green}, ${blue})`;
  });
}

/** Colours of so many names: the palette's, or where it has too few those of a family. */
export const coloursFor = (count: number): string[] =>
  count <= PALETTE.length ? PALETTE.slice(0, count) : familyColours(count);

/** Which of `count` colours each value has, [sides x zoom]^2 pixels with the last row on top, as axes have it. */
export function colourIndices(
  rows: readonly ArrayLike<number>[],
  { low, high }: ColourScale,
  count: number,
  zoom: number,
): Uint8Array {
  const height = rows.length * zoom;
  const width = rows[0]!.length * zoom;
  const indices = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = rows[rows.length - 1 - Math.floor(y / zoom)]!;
    for (let x = 0; x < width; x++) {
      const share = high > low ? (row[Math.floor(x / zoom)]! - low) / (high - low) : 0.5;
      indices[y * width + x] = Math.round(Math.min(1, Math.max(0, share)) * (count - 1));
    }
  }
  return indices;
}

/** How often each site is repeated along a side, for at least `pixels` pixels. */
export const zoomTo = (points: number, pixels: number): number => Math.max(1, Math.ceil(pixels / points));

const COLOURS = 256;

/** An array as the address of a PNG image that holds itself. */
export async function pngAddress(rows: Rows, scale: ColourScale, zoom: number): Promise<string> {
  const { encode } = await import("fast-png");
  const palette = colours(scale, COLOURS);
  const indices = colourIndices(rows, scale, COLOURS, zoom);
  const data = new Uint8Array(3 * indices.length);
  for (const [pixel, index] of indices.entries()) data.set(palette[index]!, 3 * pixel);
  const bytes = encode({ width: rows[0]!.length * zoom, height: rows.length * zoom, data, channels: 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
}
