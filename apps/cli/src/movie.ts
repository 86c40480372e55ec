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
  readonly frames: number;
  /** The file's bytes, made frame by frame: together they may be more than there is memory for. */
  pieces(): Generator<Uint8Array>;
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

/** A frame's rows as they are shown, less the mean of all. */
function prepared({ plane }: Frame): Float64Array[] {
  const rows = blockMeans(plane, Math.ceil(plane.length / MOST_PIXELS));
  let sum = 0;
  for (const row of rows) for (const value of row) sum += value;
  const mean = sum / (rows.length * rows[0]!.length);
  return rows.map((row) => new Float64Array(row).map((value) => value - mean));
}

function sharedScale(frames: readonly Frame[]): ColourScale {
  let [most, largest] = [0, 0];
  for (const frame of frames) {
    const rows = prepared(frame);
    let squares = 0;
    for (const row of rows) {
      for (const value of row) {
        most = Math.max(most, Math.abs(value));
        squares += value * value;
      }
    }
    largest = Math.max(largest, squares / (rows.length * rows[0]!.length));
  }
  const reach = Math.min(most, REACH * Math.sqrt(largest));
  return { scheme: "blueorange", low: -reach, high: reach };
}

/** The comments and pixels of each frame, after the header, and at last the trailer. */
function* encode(frames: readonly Frame[], name: string): Generator<Uint8Array> {
  const points = prepared(frames[0]!).length;
  const zoom = zoomTo(points, PIXELS);
  const width = points * zoom;
  const height = width + CAPTION;
  const scale = sharedScale(frames);
  const palette = [...colours(scale, COLOURS), [255, 255, 255], [0, 0, 0]].map(
    ([red, green, blue]) => (red! << 16) | (green! << 8) | blue!,
  );
  // A frame's codes have at most 12 bits a pixel; the rest is headers and their 768 bytes of colours.
  const scratch = new Uint8Array(2 * width * height + 2048);
  const writer = new GifWriter(scratch, width, height, { loop: 0, palette });
  const written = (end: number): Uint8Array => {
    writer.setOutputBufferPosition(0);
    return scratch.slice(0, end);
  };
  let header = written(writer.getOutputBufferPosition());
  const pixels = new Uint8Array(width * height);
  for (const frame of frames) {
    const { time } = frame;
    pixels.fill(WHITE).set(colourIndices(prepared(frame), scale, COLOURS, zoom));
    writeText(pixels, width, `t = ${time.toPrecision(5)}`, { x: 4, y: width + 5, zoom: 2, ink: BLACK });
    const said = comment(`${name} less its mean, t = ${time}, colours from ${scale.low} to ${scale.high}`);
    const image = written(writer.addFrame(0, 0, width, height, pixels as unknown as number[], { delay: DELAY }));
    yield Buffer.concat([header, said, image]);
    header = new Uint8Array();
  }
  yield Uint8Array.of(0x3b);
}

/** A movie of each field; none where there are no slices. */
export function movies(document: FieldDocument): Movie[] {
  if (!document.slices?.length) return [];
  const { fields } = document.config.field;
  return (fields ?? [undefined]).map((name, f) => ({
    file: name === undefined ? "movie.gif" : `movie-${name}.gif`,
    frames: document.slices!.length,
    pieces: () => encode(planesOf(document, f), name ?? "phi"),
  }));
}
