/**
 * JSON of any length in pieces: one string holds at most 512 MiB in Node, which the two kernels of 4,096 data exceed, whether they are
 * written or read.
 */
import { createReadStream } from "node:fs";
import { parseChunked, stringifyChunked } from "@discoveryjs/json-ext";

/** Characters of a piece, about. */
const PIECE = 2 ** 18;

/** The document in one line, as JSON.stringify has it, with the line break. */
export function* jsonPieces(document: object): Generator<string> {
  yield* stringifyChunked(document, { highWaterMark: PIECE });
  yield "\n";
}

/** The content of a file, as JSON.parse has it. Throws SyntaxError and the errors of the file system. */
export const readJson = (file: string): Promise<unknown> =>
  parseChunked(createReadStream(file, { highWaterMark: PIECE }));
