/**
 * Plain arrays, as results have them. They stand in V8's heap, which has a limit of its own, at most some 4 GiB, whatever the machine has: a
 * result that outgrows it ends the process at the end of the run that made it, so that such a run is refused before.
 */
import { getHeapStatistics } from "node:v8";
import { describeBytes } from "./engine/memory.ts";
import { InputError } from "./errors.ts";

/** As a plain array with no room to spare: Array.from of a typed array may take twice the bytes. */
export function listed(values: ArrayLike<number>): number[] {
  const list = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) list[i] = values[i]!;
  return list;
}

/** [rows][columns] from a flat array. */
export function nested(flat: Float64Array, columns: number): number[][] {
  return Array.from({ length: flat.length / columns }, (_, row) =>
    listed(flat.subarray(row * columns, (row + 1) * columns)),
  );
}

/** Times the bytes of arrays in V8's heap that it takes for them and for what it has not collected yet, about: it may double between collections. */
export const GARBAGE = 2;

/** Bytes of an array beside its elements, and of a number or a reference in it. */
const ARRAY = 48;
const ELEMENT = 8;

/** Bytes of nested arrays of numbers: of [T][D] `listBytes(T, D)`. */
export function listBytes(length: number, ...inner: readonly number[]): number {
  const [next, ...rest] = inner;
  return ARRAY + length * (ELEMENT + (next === undefined ? 0 : listBytes(next, ...rest)));
}

/** Part of the heap that a result may have: the rest is the program's, and what its files and its report are made of. */
const PART = 0.7;

/** A part of a result: its bytes in the heap, the config's path that they follow from, and how to have fewer. */
export interface ResultPart {
  readonly bytes: number;
  readonly path: string;
  readonly mend: string;
}

/** Throws InputError at the largest part's path where all parts together do not fit the heap. */
export function assertHeap(parts: readonly ResultPart[]): void {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const room = PART * getHeapStatistics().heap_size_limit;
  if (bytes <= room) return;
  const { path, mend } = parts.reduce((most, part) => (part.bytes > most.bytes ? part : most));
  throw new InputError(
    `the result takes ${describeBytes(bytes)}, and Node's heap has ${describeBytes(room)} for it: ${mend}, or give it more, as by NODE_OPTIONS=--max-old-space-size=${Math.ceil(bytes / PART / 2 ** 20)}`,
    { path },
  );
}
