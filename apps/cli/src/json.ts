/**
 * JSON of any length in pieces: one string holds at most 512 MiB in Node, which the two kernels of 4,096 data exceed, whether they are
 * written or read.
 */
import { createReadStream } from "node:fs";
import { parseChunked } from "@discoveryjs/json-ext";

/** Characters of a piece, about. */
const PIECE = 2 ** 18;
/** Numbers that are written at once. */
const NUMBERS = 2 ** 13;

const isTree = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * The value in parts. Lists of numbers are left to JSON.stringify and never looked into by an index: where code that V8 has optimised reads lists
 * of numbers and of objects at one place, it makes each number an object of its own, and the lists take three times the memory from then on.
 */
function* parts(value: object): Generator<string> {
  if (Array.isArray(value)) {
    yield "[";
    if (isTree(value.find(() => true)))
      for (const [i, element] of value.entries()) {
        if (i > 0) yield ",";
        if (isTree(element)) yield* parts(element);
        else yield JSON.stringify(element) ?? "null";
      }
    else
      for (let from = 0; from < value.length; from += NUMBERS) {
        if (from > 0) yield ",";
        yield JSON.stringify(value.slice(from, from + NUMBERS)).slice(1, -1);
      }
    yield "]";
    return;
  }
  yield "{";
  let separator = "";
  for (const [key, element] of Object.entries(value)) {
    const text = isTree(element) ? undefined : JSON.stringify(element);
    if (text === undefined && !isTree(element)) continue;
    yield `${separator}${JSON.stringify(key)}:${text ?? ""}`;
    separator = ",";
    if (isTree(element)) yield* parts(element);
  }
  yield "}";
}

/** The document in one line, as JSON.stringify has it, with the line break. */
export function* jsonPieces(document: object): Generator<string> {
  let piece = "";
  for (const part of parts(document)) {
    piece += part;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\n`;
}

/**
 * The content of a file, or of its bytes from `start` to `end`, the last of them, as JSON.parse has it. Throws SyntaxError and the errors of
 * the file system.
 */
export const readJson = (
  file: string,
  bytes: { readonly start?: number; readonly end?: number } = {},
): Promise<unknown> => parseChunked(createReadStream(file, { highWaterMark: PIECE, ...bytes }));
