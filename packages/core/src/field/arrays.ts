/**
 * Stored arrays: raw little-endian float64 or .npy, last index fastest, read as initial states and written as final ones; of several
 * realisations one after another.
 */
import fs from "node:fs";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import type { LatticeState } from "../engine/latticeJob.ts";
import { InputError } from "../errors.ts";
import { replaceFile } from "../files/replace.ts";
import { whyUnreadable } from "../files/unreadable.ts";

/** What a file of one field holds: [realisations][points]..., an index for each dimension. */
export interface StoredGrid {
  readonly realisations: number;
  readonly points: number;
  readonly dimensions: number;
}

/** Bytes that are read or written at a time: the system takes 2 GiB at most. */
const PIECE = 2 ** 26;

const counted = (realisations: number): string =>
  realisations === 1 ? "1 realisation" : `${realisations} realisations`;

/** A file holds so many numbers, which are other than were asked for. */
function mismatch(file: string, count: number, { realisations, points, dimensions }: StoredGrid, place: string) {
  const sites = points ** dimensions;
  const stored = count / sites;
  // The same realisations on another lattice.
  const side = Math.round((count / realisations) ** (1 / dimensions));
  const other = side >= 2 && realisations * side ** dimensions === count ? `lattice.points to ${side}` : undefined;
  if (count > 0 && Number.isInteger(stored)) {
    return new InputError(
      `${realisations} ${realisations === 1 ? "is" : "are"} asked for, ${file} holds ${stored} of ${sites} sites each: set it to ${stored}${other ? `, or ${other}` : ""}`,
      { path: "fluctuations.realisations" },
    );
  }
  return new InputError(
    `${file} holds ${count} values, ${counted(realisations)} of ${sites} sites ${realisations === 1 ? "is" : "are"} ${realisations * sites}${other ? `: set ${other}` : ""}`,
    { path: place },
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Fills parts with a file's bytes, one after another; `partsOf` is asked for as many bytes as the file has. What it throws and what the file
 * system throws is thrown.
 */
async function readBytes(file: string, partsOf: (bytes: number) => readonly Uint8Array[]): Promise<void> {
  const handle = await open(file);
  try {
    const stats = await handle.stat();
    // A pipe has no size.
    const piped = stats.isFile() ? undefined : await handle.readFile();
    let read = 0;
    for (const part of partsOf(piped?.byteLength ?? stats.size)) {
      if (piped) part.set(piped.subarray(read, read + part.byteLength));
      read += part.byteLength;
      for (let at = 0; !piped && at < part.byteLength; ) {
        const { bytesRead } = await handle.read(part, at, Math.min(PIECE, part.byteLength - at));
        if (bytesRead === 0) throw new Error("it became shorter while it was read");
        at += bytesRead;
      }
    }
  } finally {
    await handle.close();
  }
}

/** Throws Error for a whole number that the nearest float64 is not: past 2^53 most are. */
function exact(whole: bigint): number {
  const value = Number(whole);
  if (BigInt(value) !== whole) throw new Error(`it holds ${whole}, which float64 rounds; store it shifted or scaled`);
  return value;
}

/** The numbers of an .npy file and its shape. Throws Error in words. */
async function parseNpy(bytes: ArrayBuffer): Promise<{ values: Float64Array; shape: readonly number[] }> {
  const { parse } = await import("npyjs");
  const { data, shape, fortranOrder, dtype } = parse(bytes);
  if (fortranOrder) throw new Error("its first index is fastest; store it in C order");
  // Whose real and imaginary parts would pass for two realisations.
  if (dtype.startsWith("c")) throw new Error("its numbers are complex; store real ones");
  const numbers: unknown = data;
  if (numbers instanceof Float64Array) return { values: numbers, shape };
  // Whole numbers of 64 bits, numpy's own.
  const big = numbers instanceof BigInt64Array || numbers instanceof BigUint64Array;
  return {
    values: big ? Float64Array.from(numbers, exact) : Float64Array.from(numbers as ArrayLike<number>),
    shape,
  };
}

/** Whether so many numbers are an index for each dimension, and one of realisations where there are several, or are in one row. */
function fits(shape: readonly number[], { realisations, points, dimensions }: StoredGrid): boolean {
  const own = new Array<number>(dimensions).fill(points);
  const given = shape.filter((size) => size !== 1);
  return [[realisations, ...own], [realisations, points ** dimensions], [realisations * points ** dimensions]].some(
    (form) => `${form.filter((size) => size !== 1)}` === `${given}`,
  );
}

/** Fills `into`, likewise, from an .npy array of any real type. Throws InputError. */
async function copyNpy(
  file: string,
  bytes: ArrayBuffer,
  grid: StoredGrid,
  place: string,
  into: readonly Float64Array[],
): Promise<void> {
  const { values, shape } = await parseNpy(bytes).catch((cause: Error) => {
    throw new InputError(`${file} is not a readable .npy array: ${cause.message}`, { path: place, cause });
  });
  const { realisations } = grid;
  const sites = grid.points ** grid.dimensions;
  if (values.length !== realisations * sites) throw mismatch(file, values.length, grid, place);
  const axis = shape.indexOf(realisations);
  if (realisations > 1 && axis > 0 && shape[0] !== realisations) {
    const needed = [realisations, ...shape.filter((_, other) => other !== axis)];
    throw new InputError(
      `${file} has the shape [${shape.join(", ")}]; realisations come first: [${needed.join(", ")}]`,
      { path: place },
    );
  }
  if (!fits(shape, grid)) {
    const needed = [
      ...(realisations > 1 ? [realisations] : []),
      ...new Array<number>(grid.dimensions).fill(grid.points),
    ];
    throw new InputError(`${file} has the shape [${shape.join(", ")}], not [${needed.join(", ")}] as the lattice`, {
      path: place,
    });
  }
  for (const [r, part] of into.entries()) part.set(values.subarray(r * sites, (r + 1) * sites));
}

/**
 * Fills arrays, one a realisation, with the numbers of a raw file, or of an .npy array of any real type.
 * @throws InputError naming the file and what was expected.
 */
export async function readArray(
  file: string,
  grid: StoredGrid,
  place: string,
  into: readonly Float64Array[],
): Promise<void> {
  const sites = grid.points ** grid.dimensions;
  const size = grid.realisations * sites;
  const isNpy = path.extname(file).toLowerCase() === ".npy";
  let npy = new Uint8Array();
  try {
    await readBytes(file, (bytes) => {
      if (isNpy) {
        npy = new Uint8Array(bytes);
        return [npy];
      }
      if (bytes === 8 * size) return into.map(bytesOf);
      if (bytes % 8 === 0) throw mismatch(file, bytes / 8, grid, place);
      throw new InputError(`${file} has ${bytes} bytes, ${size} float64 values are ${8 * size}`, { path: place });
    });
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`${file} cannot be read: ${whyUnreadable(cause)}`, { path: place, cause });
  }
  if (isNpy) await copyNpy(file, npy.buffer, grid, place, into);
  for (const [r, part] of into.entries()) {
    const bad = part.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new InputError(`${file}: value ${r * sites + bad} is not finite`, { path: place });
  }
}

/** Throws what the file system throws. */
function writeArray(file: string, parts: readonly Float64Array[]): void {
  replaceFile(file, (partial) => {
    const descriptor = fs.openSync(partial, "w");
    try {
      for (const bytes of parts.map(bytesOf))
        for (let at = 0; at < bytes.byteLength; )
          at += fs.writeSync(descriptor, bytes, at, Math.min(PIECE, bytes.byteLength - at));
    } finally {
      fs.closeSync(descriptor);
    }
  });
}

/**
 * Writes a state of realisations of so many sites as stored arrays are read: field.f64 and momentum.f64, or field-NAME.f64 and
 * momentum-NAME.f64 of each field where they have names; each is there whole or not at all. Throws what the file system throws.
 */
export async function writeFinal(
  directory: string,
  state: Pick<LatticeState, "field" | "momentum">,
  sites: number,
  names?: readonly string[],
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const fields = names?.length ?? 1;
  for (const array of ["field", "momentum"] as const) {
    const values = state[array];
    for (const [f, name] of (names ?? [undefined]).entries()) {
      const parts = Array.from({ length: values.length / (fields * sites) }, (_, r) =>
        values.subarray((r * fields + f) * sites, (r * fields + f + 1) * sites),
      );
      writeArray(path.join(directory, `${array}${name === undefined ? "" : `-${name}`}.f64`), parts);
    }
  }
}
