/**
 * Trees of named arrays as HDF5 files, which Python (h5py, xarray), MATLAB, Julia and the HDF5 tools open. The library is HDF5 itself as
 * WebAssembly (h5wasm); it is loaded with the first file and reads and writes real paths.
 *
 * Arrays are stored in chunks with a checksum (fletcher32) each, in the file format of HDF5 1.10 (2016), whose own records have checksums too,
 * and unlike 1.8's also those of where the chunks are: what a disk has garbled is refused, and neither computed with nor read as zeros. A
 * chunk is the most that is copied into the library's memory at a time, which is never returned to the system.
 */
import fs from "node:fs";
import path from "node:path";
import type { Dataset as StoredDataset, File as StoredFile, Group as StoredGroup } from "h5wasm/node";
import { InputError } from "../errors.ts";
import { replaceFile } from "./replace.ts";
import { whyUnreadable } from "./unreadable.ts";
import { unwritable } from "./unwritable.ts";

export type NumberArray = Float64Array | Float32Array | Int32Array | BigInt64Array;

/** Numbers that may be made as they are asked for. */
export interface Numbers {
  readonly length: number;
  subarray(from: number, to: number): NumberArray;
}

/** Numbers with what they mean. */
export interface Dataset<N extends Numbers = NumberArray> {
  /** Last index fastest. */
  readonly data: N;
  readonly shape: readonly number[];
  /** `1` for a pure number. */
  readonly units: string;
  readonly description: string;
  /** What each index counts. */
  readonly dimensions: readonly string[];
}

/** Text, a list of text, a float64 or an int64. */
export type Attribute = string | readonly string[] | number | bigint;

export interface Group {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly members: Readonly<Record<string, Dataset<Numbers> | Group>>;
}

/** An open file. Paths are names joined by slashes; every method throws InputError for what is missing, of the wrong kind or damaged. */
export interface Hdf5Content {
  has(name: string): boolean;
  /** Names in a group, in alphabetical order; the file's own where none is given. */
  names(group?: string): string[];
  /** Of a dataset or group, of the file itself where none is given; undefined where there is no such attribute. */
  attribute(attribute: string, name?: string): Attribute | undefined;
  shape(dataset: string): readonly number[];
  dataset(name: string): Dataset;
  /** The text of a dataset of strings. */
  texts(name: string): string[];
  /** A dataset's numbers as float64; of this shape, and finite, where that is asked for. */
  numbers(name: string, expected?: { shape?: readonly number[]; finite?: boolean }): Float64Array;
}

/** Elements of a chunk at most: 2 MiB of float64. */
const CHUNK = 2 ** 18;
/** HDF5's number for the Fletcher checksum. */
const FLETCHER32 = 3;
const TYPES = { float8: Float64Array, float4: Float32Array, int4: Int32Array, int8: BigInt64Array } as const;

type Library = Awaited<ReturnType<typeof loadHdf5>>;
type Ranges = [number, number][];

/** The library; the first time it is loaded. Throws InputError where it has ended. */
export async function loadHdf5() {
  const { default: h5wasm } = await import("h5wasm/node");
  const module = await h5wasm.ready;
  try {
    // Failures would otherwise be printed and passed over.
    module.activate_throwing_error_handler();
  } catch (cause) {
    // A process has one: what has overrun its memory, or made it give up, has ended it for all files.
    throw new InputError("the HDF5 library was ended by a damaged file that was read before: start the program anew", {
      cause,
    });
  }
  return { ...h5wasm, module };
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/** The first index is divided first, so that each chunk is a run of consecutive elements. */
function chunkOf(shape: readonly number[]): number[] {
  const chunk = [...shape];
  for (let axis = 0; product(chunk) > CHUNK; axis++) {
    const rows = product(chunk.slice(axis + 1));
    chunk[axis] = Math.max(1, Math.floor(CHUNK / rows));
  }
  return chunk;
}

/** The index ranges of each chunk and where its elements stand among all. */
function* chunks(shape: readonly number[]): Generator<{ ranges: Ranges; from: number; to: number }> {
  const chunk = chunkOf(shape);
  for (let from = 0, to = 0; from < product(shape); from = to) {
    const ranges = shape.map((size, axis): [number, number] => {
      const start = Math.floor(from / product(shape.slice(axis + 1))) % size;
      return [start, Math.min(size, start + chunk[axis]!)];
    });
    to = from + product(ranges.map(([start, end]) => end - start));
    yield { ranges, from, to };
  }
}

/** What went wrong, in a few words, from the library's stack of messages. */
function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined) return whyUnreadable(error);
  // The library puts its messages together in a temporary file.
  if (message === "") return "the disk does not take what is written; is it full?";
  if (message.includes("file signature not found")) return "it is not an HDF5 file";
  if (message.includes("truncated file")) return "it is truncated";
  const system = /error message = '([^']+)'/.exec(message);
  if (system) return system[1]!;
  const innermost = [...message.matchAll(/^ *#\d+: .* in \w+\(\): (.*)$/gm)].at(-1);
  return `it is damaged (${innermost?.[1] ?? message})`;
}

/** Whether the file or its disk is at fault, and not this program; a RuntimeError is the library tripping over a damaged file. */
function fromOutside(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof InputError) return false;
  const { message, name } = error;
  return "code" in error || name === "RuntimeError" || message.startsWith("HDF5-DIAG") || message === "";
}

function writeAttributes(target: StoredGroup | StoredDataset, attributes: Readonly<Record<string, Attribute>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "number") target.create_attribute(name, value, [], "<d");
    else if (typeof value === "bigint") target.create_attribute(name, BigInt64Array.of(value), [], "<q");
    else target.create_attribute(name, value as string | string[]);
  }
}

function writeDataset(group: StoredGroup, name: string, { data, shape, ...meaning }: Dataset<Numbers>): void {
  if (data.length !== product(shape) || meaning.dimensions.length !== shape.length)
    throw new Error(
      `${name}: ${data.length} numbers and ${meaning.dimensions.length} labels for the shape [${shape.join(", ")}]`,
    );
  const chunk = chunkOf(shape);
  // There is no chunk of nothing, nor of a single number without an index.
  const chunked = data.length > 0 && shape.length > 0;
  const stored = group.create_dataset({
    name,
    data: data.subarray(0, product(chunk)),
    shape: chunk,
    ...(chunked ? { maxshape: [...shape], chunks: chunk, compression: FLETCHER32, compression_opts: [] } : {}),
  });
  if (product(chunk) < data.length) {
    stored.resize([...shape]);
    for (const { ranges, from, to } of chunks(shape)) if (from > 0) stored.write_slice(ranges, data.subarray(from, to));
  }
  writeAttributes(stored, { units: meaning.units, description: meaning.description, long_name: meaning.description });
  for (const [axis, label] of meaning.dimensions.entries()) stored.set_dimension_label(axis, label);
}

function writeGroup(group: StoredGroup, { attributes = {}, members }: Group): void {
  writeAttributes(group, attributes);
  for (const [name, member] of Object.entries(members)) {
    if ("data" in member) writeDataset(group, name, member);
    else writeGroup(group.create_group(name), member);
  }
}

/**
 * Closes a file that could not be written. To the library what it holds back has to be written first: it would keep the file open, and with it
 * its room on the disk after its removal, until the process ends.
 */
function release(stored: StoredFile, partial: string): void {
  const emptied = () => fs.truncateSync(partial);
  const closed = () => stored.close();
  // Where nothing can be written at all, the second time it closes without.
  for (const attempt of [emptied, closed, closed]) {
    try {
      attempt();
      if (attempt === closed) return;
    } catch {
      // What failed before is what is told.
    }
  }
}

/** The file system's words for a disk that takes no more, with its codes. */
const CODES: Readonly<Record<string, string>> = {
  "No space left on device": "ENOSPC",
  "Quota exceeded": "EDQUOT",
  "File too large": "EFBIG",
};

/**
 * Writes a tree to `file`, whole or not at all.
 * @throws UnwritableError where it cannot be written; a file that stood there is then as it was.
 */
export async function writeHdf5(file: string, content: Group): Promise<void> {
  const library = await loadHdf5();
  try {
    replaceFile(file, (partial) => {
      const stored = new library.File(partial, "w", { libver: ["v110", "v110"] });
      try {
        writeGroup(stored, content);
        // A full disk may show only here.
        stored.close();
      } catch (cause) {
        release(stored, partial);
        throw cause;
      }
    });
  } catch (cause) {
    if (!fromOutside(cause)) throw cause;
    // The library has the file system's words, and its number for them, among its own.
    const words = Object.keys(CODES).find((said) => (cause as Error).message.includes(said));
    throw unwritable(file, words ? Object.assign(new Error(words, { cause }), { code: CODES[words] }) : cause, {
      otherwise: "or choose another folder",
      why: reason(cause),
    });
  }
}

function contentOf(library: Library, stored: StoredGroup, fail: (what: string) => never): Hdf5Content {
  const find = (name: string) =>
    stored.get(name) ?? fail(`has no ${name}; it holds ${stored.paths().join(", ") || "nothing"}`);
  const findDataset = (name: string): StoredDataset => {
    const found = find(name);
    return found instanceof library.Dataset ? found : fail(`has no dataset ${name} but a group of that name`);
  };

  const content: Hdf5Content = {
    has: (name) => stored.get(name) !== null,
    names: (name = "/") => {
      const found = find(name);
      return found instanceof library.Group ? found.keys().sort() : fail(`has no group ${name}`);
    },
    attribute: (attribute, name = "/") => {
      const found = find(name) as StoredGroup | StoredDataset;
      return found.attrs[attribute]?.value as Attribute | undefined;
    },
    shape: (name) => findDataset(name).shape ?? fail(`: ${name} is empty`),
    dataset: (name) => {
      const found = findDataset(name);
      const { type, size, signed, littleEndian } = found.metadata;
      const { H5T_FLOAT, H5T_INTEGER } = library.module.H5T_class_t;
      const kind = type === H5T_FLOAT.value ? "float" : type === H5T_INTEGER.value && signed ? "int" : "other";
      const ArrayType = (TYPES as Record<string, (typeof TYPES)[keyof typeof TYPES]>)[`${kind}${size}`];
      if (!ArrayType || !littleEndian || found.shape === null)
        return fail(`: ${name} holds no little-endian float64, float32, int32 or int64`);
      const shape = found.shape;
      const data = new ArrayType(product(shape));
      type Values = ArrayLike<number> & ArrayLike<bigint>;
      // A single number without an index has no ranges.
      if (shape.length === 0) data.set([found.value] as unknown as Values);
      else for (const { ranges, from } of chunks(shape)) data.set(found.slice(ranges) as unknown as Values, from);
      const { units, description, long_name } = found.attrs;
      return {
        data,
        shape,
        units: String(units?.value ?? ""),
        description: String((description ?? long_name)?.value ?? ""),
        dimensions: found.get_dimension_labels().map((label) => label ?? ""),
      };
    },
    texts: (name) => {
      const { value } = findDataset(name);
      return Array.isArray(value) && value.every((text) => typeof text === "string")
        ? value
        : fail(`: ${name} holds no text`);
    },
    numbers: (name, { shape, finite = false } = {}) => {
      const found = content.dataset(name);
      if (shape && (shape.length !== found.shape.length || shape.some((size, axis) => size !== found.shape[axis])))
        return fail(`: ${name} has the shape [${found.shape.join(", ")}], expected is [${shape.join(", ")}]`);
      const values = found.data instanceof Float64Array ? found.data : Float64Array.from(found.data, Number);
      const bad = finite ? values.findIndex((value) => !Number.isFinite(value)) : -1;
      return bad >= 0 ? fail(`: value ${bad} of ${name} is not finite`) : values;
    },
  };
  return content;
}

/**
 * Opens `file` for as long as `read` takes and gives what it makes of the content.
 * @param place where in the config the file is named, if anywhere
 * @throws InputError naming the file where it cannot be read, is no HDF5 file, is damaged, or lacks what `read` asks for
 */
export async function readHdf5<T>(file: string, read: (content: Hdf5Content) => T, place?: string): Promise<T> {
  const library = await loadHdf5();
  const fail = (what: string, cause?: unknown): never => {
    throw new InputError(`${file}${what.startsWith(":") ? "" : " "}${what}`, { path: place, cause });
  };
  try {
    // Before the library may report it less clearly: a file that is missing or may not be read.
    fs.closeSync(fs.openSync(file, "r"));
    if (fs.statSync(file).isDirectory()) return fail("cannot be read: it is a folder");
    const stored = new library.File(path.resolve(file), "r");
    try {
      return read(contentOf(library, stored, fail));
    } finally {
      stored.close();
    }
  } catch (cause) {
    if (!fromOutside(cause)) throw cause;
    return fail(`cannot be read: ${reason(cause)}`, cause);
  }
}
