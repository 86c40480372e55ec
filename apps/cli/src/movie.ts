/**
 * A lattice's planes over time as an animated GIF: each less its mean, which would else hide all structure as it rolls, with one colour
 * scale over all frames, sites as squares, and below each frame its time. A comment before each frame has the time in full.
 */
import { GifWriter } from "omggif";
import type { FieldDocument } from "./document.ts";
import { writeText } from "./glyphs.ts";
import { blockMeans, type ColourScale, colourIndices, colours, zoomTo } from "./report/raster.ts";
import { type Plane, planesOf } from "./report/sliceFigures.ts";

/** A GIF has 256 colours: two are the caption's ground and ink. */
const COLOURS = 254;
const WHITE = 254;
const BLACK = 255;
/** Side of a frame at least, and at most: of more sites each pixel is the mean of several. */
const PIXELS = 256;
const MOST_PIXELS = 1024;
/** Height of the strip below each frame. */
const CAPTION = 20;
/** Hundredths of a second a frame. */
const DELAY = 10;
/** A comment's longest block. */
const BLOCK = 255;
/** Colours reach so many rms of the frame that fluctuates most, or to the largest value if that is less. */
const REACH = 4;

export interface Movie {
  /** movie.gif, or movie-NAME.gif of a field with a name. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** A comment extension (GIF89a, section 24). */
function comment(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text).subarray(0, BLOCK);
  return Uint8Array.of(0x21, 0xfe, bytes.length, ...bytes, 0);
}

interface Frame {
  readonly time: number;
  readonly plane: Plane;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A frame as it is shown. */
function prepared({ time, plane }: Frame): Frame {
  const shown = blockMeans(plane, Math.ceil(plane.length / MOST_PIXELS));
  const mean = meanOf(shown.flat());
  return { time, plane: shown.map((row) => row.map((value) => value - mean)) };
}

function sharedScale(frames: readonly Frame[]): ColourScale {
  let [most, rms] = [0, 0];
  for (const frame of frames) {
    const values = prepared(frame).plane.flat();
    most = values.reduce((so, value) => Math.max(so, Math.abs(value)), most);
    rms = Math.max(rms, Math.sqrt(meanOf(values.map((value) => value * value))));
  }
  const reach = Math.min(most, REACH * rms);
  return { scheme: "blueorange", low: -reach, high: reach };
}

/** Frames are made ready one after another, for their colours and again as they are drawn: together they would take as much as all slices. */
function encode(frames: readonly Frame[], name: string): Uint8Array {
  const points = prepared(frames[0]!).plane.length;
  const zoom = zoomTo(points, PIXELS);
  const width = points * zoom;
  const height = width + CAPTION;
  const scale = sharedScale(frames);
  const palette = [...colours(scale, COLOURS), [255, 255, 255], [0, 0, 0]].map(
    ([red, green, blue]) => (red! << 16) | (green! << 8) | blue!,
  );
  // A frame's codes have at most 12 bits a pixel; the rest is headers and their 768 bytes of colours.
  const scratch = new Uint8Array(2 * width * height + 2048);
  const parts: Uint8Array[] = [];
  const writer = new GifWriter(scratch, width, height, { loop: 0, palette });
  const flush = (end: number): void => {
    parts.push(scratch.slice(0, end));
    writer.setOutputBufferPosition(0);
  };
  flush(writer.getOutputBufferPosition());
  for (const frame of frames) {
    const { time, plane } = prepared(frame);
    const pixels = new Uint8Array(width * height).fill(WHITE);
    pixels.set(colourIndices(plane, scale, COLOURS, zoom));
    writeText(pixels, width, `t = ${time.toPrecision(5)}`, { x: 4, y: width + 5, zoom: 2, ink: BLACK });
    parts.push(comment(`${name} less its mean, t = ${time}, colours from ${scale.low} to ${scale.high}`));
    flush(writer.addFrame(0, 0, width, height, pixels as unknown as number[], { delay: DELAY }));
  }
  parts.push(Uint8Array.of(0x3b));
  return Buffer.concat(parts);
}

/** A movie of each field; none where there are no slices. */
export function movies(document: FieldDocument): Movie[] {
  if (!document.slices?.length) return [];
  const { fields } = document.config.field;
  return (fields ?? [undefined]).map((name, f) => ({
    file: name === undefined ? "movie.gif" : `movie-${name}.gif`,
    bytes: encode(planesOf(document, f), name ?? "phi"),
  }));
}
