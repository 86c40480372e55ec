/** Rows of numbers from a CSV file. */
import { readFile } from "node:fs/promises";
import { InputError } from "../errors.ts";

/**
 * Rows of a CSV file; a first line with no number in it is a header.
 * @throws InputError naming `path`, and the line and column of what is no finite number.
 */
export async function readRows(file: string, path: string): Promise<number[][]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new InputError(
      `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`,
      { path, cause },
    );
  }
  const { parse } = await import("csv-parse/sync");
  let records: string[][];
  try {
    records = parse(text, { trim: true, skip_empty_lines: true, bom: true, relax_column_count: true });
  } catch (cause) {
    throw new InputError(`${file} is not a CSV table: ${(cause as Error).message}`, { path, cause });
  }
  const header = records.length > 0 && records[0]!.every((cell) => Number.isNaN(Number(cell)) || cell === "");
  const body = header ? records.slice(1) : records;
  return body.map((record, line) =>
    record.map((cell, column) => {
      const value = cell === "" ? Number.NaN : Number(cell);
      if (!Number.isFinite(value)) {
        throw new InputError(
          `${file}, line ${line + (header ? 2 : 1)}, column ${column + 1}: ${JSON.stringify(cell)} is not a finite number`,
          { path },
        );
      }
      return value;
    }),
  );
}
