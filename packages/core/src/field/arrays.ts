/** Stored arrays: raw little-endian float64 or .npy, last index fastest, read as initial states and written as final ones. */
import { writeFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { LatticeState } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { replaceFile } from "../files/replace.ts";
import { whyUnreadable } from "../files/unreadable.ts";

/**
 * `sites` numbers of a raw file, or of an .npy array of any real type.
 * @throws InputError naming the file and what was expected.
 */
export async function readArray(file: string, sites: number, place: string): Promise<Float64Array> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new InputError(`${file} cannot be read: ${whyUnreadable(cause)}`, { path: place, cause });
  }
  const copy = new Uint8Array(bytes).buffer;
  let values: Float64Array;
  if (path.extname(file) === ".npy") {
    const { parse } = await import("npyjs");
    try {
      const array = parse(copy);
      if (array.fortranOrder) throw new Error("its first index is fastest; store it in C order");
      values = Float64Array.from(array.data as unknown as ArrayLike<number>);
    } catch (cause) {
      throw new InputError(`${file} is not a readable .npy array: ${(cause as Error).message}`, { path: place, cause });
    }
  } else {
    if (copy.byteLength !== 8 * sites) {
      throw new InputError(`${file} has ${copy.byteLength} bytes, ${sites} float64 values are ${8 * sites}`, {
        path: place,
      });
    }
    values = new Float64Array(copy);
  }
  if (values.length !== sites)
    throw new InputError(`${file} has ${values.length} values, the lattice has ${sites} sites`, { path: place });
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`${file}: value ${bad} is not finite`, { path: place });
  return values;
}

/**
 * Writes one realisation's state as stored arrays are read: field.f64 and momentum.f64, or field-NAME.f64 and momentum-NAME.f64 of each
 * field where they have names; each is there whole or not at all. Throws what the file system throws.
 */
export async function writeFinal(
  directory: string,
  { field, momentum }: LatticeState,
  names?: readonly string[],
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const sites = field.length / (names?.length ?? 1);
  for (const [array, values] of Object.entries({ field, momentum })) {
    for (const [f, name] of (names ?? [undefined]).entries()) {
      const part = values.subarray(f * sites, (f + 1) * sites);
      replaceFile(path.join(directory, `${array}${name === undefined ? "" : `-${name}`}.f64`), (partial) =>
        writeFileSync(partial, new Uint8Array(part.buffer, part.byteOffset, part.byteLength)),
      );
    }
  }
}
