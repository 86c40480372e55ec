/**
 * Stored arrays: raw little-endian float64 or .npy, last index fastest, read as initial states and written as final ones; of several
 * realisations one after another.
 */
import fs from "node:fs";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import type { LatticeState } from "../engine/engine.ts";
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

/** All of a file, of the size that `check` lets pass. Throws what the file system throws. */
async function readBytes(file: string, check: (bytes: number) => void): Promise<ArrayBuffer> {
  const handle = await open(file);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      const piped = await handle.readFile();
      check(piped.byteLength);
      return new Uint8Array(piped).buffer;
    }
    check(stats.size);
    const bytes = new ArrayBuffer(stats.size);
    for (let at = 0; at < stats.size; ) {
      const { bytesRead } = await handle.read(new Uint8Array(bytes, at, Math.min(PIECE, stats.size - at)));
      if (bytesRead === 0) throw new Error("it became shorter while it was read");
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

interface Stored {
  readonly values: Float64Array;
  /** Of .npy. */
  readonly shape?: readonly number[];
}

/** Throws Error in words. */
async function parseNpy(bytes: ArrayBuffer): Promise<Stored> {
  const { parse } = await import("npyjs");
  const { data, shape, fortranOrder } = parse(bytes);
  if (fortranOrder) throw new Error("its first index is fastest; store it in C order");
  return {
    values: data instanceof Float64Array ? data : Float64Array.from(data as unknown as ArrayLike<number>),
    shape,
  };
}

/**
 * The numbers of a raw file, or of an .npy array of any real type.
 * @throws InputError naming the file and what was expected.
 */
export async function readArray(file: string, grid: StoredGrid, place: string): Promise<Float64Array> {
  const size = grid.realisations * grid.points ** grid.dimensions;
  const isNpy = path.extname(file) === ".npy";
  const check = (bytes: number): void => {
    if (isNpy || bytes === 8 * size) return;
    if (bytes % 8 === 0) throw mismatch(file, bytes / 8, grid, place);
    throw new InputError(`${file} has ${bytes} bytes, ${size} float64 values are ${8 * size}`, { path: place });
  };
  let bytes: ArrayBuffer;
  try {
    bytes = await readBytes(file, check);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`${file} cannot be read: ${whyUnreadable(cause)}`, { path: place, cause });
  }
  let stored: Stored;
  try {
    stored = isNpy ? await parseNpy(bytes) : { values: new Float64Array(bytes) };
  } catch (cause) {
    throw new InputError(`${file} is not a readable .npy array: ${(cause as Error).message}`, { path: place, cause });
  }
  const { values, shape = [] } = stored;
  if (values.length !== size) throw mismatch(file, values.length, grid, place);
  const { realisations } = grid;
  const axis = shape.indexOf(realisations);
  if (realisations > 1 && axis > 0 && shape[0] !== realisations) {
    const needed = [realisations, ...shape.filter((_, other) => other !== axis)];
    throw new InputError(
      `${file} has the shape [${shape.join(", ")}]; realisations come first: [${needed.join(", ")}]`,
      { path: place },
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`${file}: value ${bad} is not finite`, { path: place });
  return values;
}

/** Throws what the file system throws. */
function writeArray(file: string, parts: readonly Float64Array[]): void {
  replaceFile(file, (partial) => {
    const descriptor = fs.openSync(partial, "w");
    try {
      for (const { buffer, byteOffset, byteLength } of parts) {
        for (let at = 0; at < byteLength; ) {
          const piece = new Uint8Array(buffer, byteOffset + at, Math.min(PIECE, byteLength - at));
          at += fs.writeSync(descriptor, piece);
        }
      }
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
