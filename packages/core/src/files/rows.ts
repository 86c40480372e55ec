/** Rows of numbers from tables: CSV, and Parquet by its name. Only the columns asked for must hold numbers. */
import { readFile } from "node:fs/promises";
import { InputError } from "../errors.ts";
import { mend } from "../nearest.ts";
import { whyNoText, whyUnreadable } from "./unreadable.ts";

/** A table whose cells have not been looked at yet. */
export interface Table {
  readonly file: string;
  /** The config path that names the file. */
  readonly path: string;
  /** Of a CSV file without a header, undefined. */
  readonly names: readonly string[] | undefined;
  readonly length: number;
  /**
   * Rows of the columns with these indices, or of all; a cell that is no finite number is left for `InputError`.
   * @param otherwise of each column, what to do where it has no numbers, in words
   */
  read(columns?: readonly number[], otherwise?: readonly string[]): Promise<number[][]>;
}

/** A row of a CSV file, and the lines of the file up to its end. */
interface Row {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Throws InputError, told of as `place`, for a whole number that the nearest float64 is not: past 2^53 most are. */
function assertExact(whole: bigint, place: string, path: string): void {
  if (BigInt(Number(whole)) === whole) return;
  throw new InputError(`${place}: ${whole} is past 2^53, and float64 rounds it; give it shifted or scaled`, { path });
}

function unreadable(file: string, path: string, cause: unknown): InputError {
  return new InputError(`${file} cannot be read: ${whyUnreadable(cause)}`, { path, cause });
}

/** The rows without cells at their end that all of them have empty: what spreadsheets write after a line's last number begins no column. */
function withoutEmptyEnd(rows: readonly Row[]): readonly Row[] {
  const emptyOf = ({ record }: Row): number => {
    const last = record.findLastIndex((cell) => cell !== "");
    return record.length - 1 - Math.max(0, last);
  };
  const empty = rows.reduce((least, row) => Math.min(least, emptyOf(row)), Number.POSITIVE_INFINITY);
  return empty > 0 ? rows.map(({ record, info }) => ({ record: record.slice(0, record.length - empty), info })) : rows;
}

/** What stands in the place of a number, as pandas, R and databases write it, and is no name of a column. */
const MISSING = /^([+-]?(nan|inf(inity)?)|n\/?a|null|none|[-?])?$/i;

/** What other programs write between columns. */
const SEPARATED = /[;\t|]/;

/** A number with commas in it, of decimals or of thousands. */
const COMMAS = /^[+-]?[\d.]*,[\d.,]*(e[+-]?\d+)?$/i;

/** What to do about a cell that is no finite number, in words; `otherwise` where its column seems to have none. */
function mendCell(cell: unknown, otherwise: string | undefined): string {
  const text = typeof cell === "string" ? cell : "";
  // What is none of text has no name either.
  if (MISSING.test(text) && (typeof cell !== "object" || cell === null) && typeof cell !== "boolean")
    return "; give a number or leave its row out";
  // What other programs write between numbers, as numpy.savetxt its spaces.
  const numbers = text.split(/[\s;]+/);
  if (numbers.length > 1 && numbers.every((part) => Number.isFinite(Number(part))))
    return "; put commas between columns";
  if (COMMAS.test(text)) return "; write numbers as 1234.5, without commas";
  return otherwise === undefined ? "" : `; ${otherwise}`;
}

/** A first line with no number in it, and not only what stands for one, is a header. */
async function openCsv(file: string, path: string): Promise<Table> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw unreadable(file, path, cause);
  }
  if (text.startsWith("PAR1")) throw new InputError(`${file} is a Parquet table: name it so, *.parquet`, { path });
  const wrong = whyNoText(text);
  if (wrong) throw new InputError(`${file} ${wrong}`, { path });
  const { parse } = await import("csv-parse/sync");
  let rows: readonly Row[];
  try {
    // Lines are counted as an editor counts them, with those that are empty.
    const options = { trim: true, skip_empty_lines: true, bom: true, relax_column_count: true, info: true };
    // Its types do not know what `info` changes.
    rows = withoutEmptyEnd(parse(text, options) as unknown as Row[]);
  } catch (cause) {
    throw new InputError(`${file} is not a CSV table: ${(cause as Error).message}`, { path, cause });
  }
  const first = rows[0]?.record;
  const header =
    first?.every((cell) => Number.isNaN(Number(cell)) || cell === "") && !first.every((cell) => MISSING.test(cell));
  const body = header ? rows.slice(1) : rows;
  const numberAt = (cell: string, column: number, line: number, otherwise: string | undefined): number => {
    const value = cell === "" ? Number.NaN : Number(cell);
    const place = `${file}, line ${line}, column ${column + 1}`;
    if (Number.isFinite(value)) {
      if (/^[+-]?\d{16,}$/.test(cell)) assertExact(BigInt(cell), place, path);
      return value;
    }
    const isFirst = !header && line === rows[0]!.info.lines;
    const mend = mendCell(cell, otherwise) || (isFirst ? "; in a line that names the columns no name is a number" : "");
    throw new InputError(`${place}: ${shown(cell)} is not a finite number${mend}`, { path });
  };
  return {
    file,
    path,
    names: header ? first : undefined,
    length: body.length,
    read: async (columns, otherwise = []) =>
      body.map(({ record, info }) => {
        if (columns && record.length !== first!.length) {
          const lines = `${file}, line ${info.lines} has ${record.length} cells, the header has ${first!.length}`;
          throw new InputError(`${lines}${SEPARATED.test(first!.join()) ? "; put commas between columns" : ""}`, {
            path,
          });
        }
        return (columns ?? [...record.keys()]).map((column, i) =>
          numberAt(record[column]!, column, info.lines, otherwise[i]),
        );
      }),
  };
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? "a nested or binary value" : String(value);
}

/** Columns at the top of the file's schema; nested ones hold no numbers. */
async function openParquet(file: string, path: string): Promise<Table> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const read: Table["read"] = async (columns = [...names.keys()], otherwise = []) => {
      const chosen = columns.map((column) => names[column]!);
      const records = await parquetReadObjects({ file: buffer, metadata, columns: chosen, compressors }).catch(
        (cause: unknown) => {
          throw unreadable(file, path, cause);
        },
      );
      return records.map((record, row) =>
        chosen.map((name, i) => {
          const cell: unknown = record[name];
          const value = typeof cell === "bigint" ? Number(cell) : cell;
          const place = `${file}, row ${row + 1}, column ${name}`;
          if (typeof value !== "number" || !Number.isFinite(value))
            throw new InputError(`${place}: ${shown(value)} is not a finite number${mendCell(value, otherwise[i])}`, {
              path,
            });
          if (typeof cell === "bigint") assertExact(cell, place, path);
          return value;
        }),
      );
    };
    return { file, path, names, length: Number(metadata.num_rows), read };
  } catch (cause) {
    throw unreadable(file, path, cause);
  }
}

/**
 * Opens a table.
 * @throws InputError naming `path` for a file that cannot be read as what its name says.
 */
export const openTable = (file: string, path: string): Promise<Table> =>
  (/\.parquet$/i.test(file) ? openParquet : openCsv)(file, path);

/**
 * The index of a named column.
 * @throws InputError naming `path`, the config's place of the name, where none has it or more than one.
 */
export function columnNamed({ file, names }: Table, name: string, path: string): number {
  if (!names) throw new InputError(`${file} has no header line that names ${name}`, { path });
  const column = names.indexOf(name);
  if (column !== names.lastIndexOf(name))
    throw new InputError(`${file} has more than one column ${name}; give each a name of its own`, { path });
  if (column >= 0) return column;
  // What stands between columns makes one of many.
  const isWithin = names.some((header) => header.split(SEPARATED).includes(name));
  const [alone] = names.length === 1 ? names : [];
  const isOfMany = alone !== undefined && (SEPARATED.test(alone) || alone.split(/\s+/).includes(name));
  const commas = isWithin || isOfMany ? "; put commas between columns" : "";
  const hint = names.length > 0 ? `; ${mend(name, names)}${commas}` : " and no other";
  throw new InputError(`${file} has no column ${name}${hint}`, { path });
}

/**
 * All rows of a table of numbers.
 * @throws InputError naming `path`, and the line and column of what is no finite number.
 */
export async function readRows(file: string, path: string): Promise<number[][]> {
  return (await openTable(file, path)).read();
}
