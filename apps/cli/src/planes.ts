/**
 * The planes of a lattice's slices stand in result.h5 alone: as text they would be most of result.json. A slice there says in which dataset
 * its plane is, and at which index.
 */
import path from "node:path";
import type { SliceResult } from "@slowroll/core/field/result";
import { sweepGroupName } from "@slowroll/core/files/fieldFile";
import { readHdf5 } from "@slowroll/core/files/hdf5";
import { listed } from "@slowroll/core/lists";
import type { ResultDocument } from "./document.ts";

/** The HDF5 file of a run's folder. */
export const ARRAYS = "result.h5";
const DATASET = "slices/values";

/** What result.json has of a slice. */
interface StoredSlice {
  readonly time: number;
  readonly file: typeof ARRAYS;
  readonly dataset: string;
  /** The dataset's first. */
  readonly index: number;
}

const stored = (slices: readonly SliceResult[], dataset: string): StoredSlice[] =>
  slices.map(({ time }, index) => ({ time, file: ARRAYS, dataset, index }));

/** The document as result.json and --json have it. */
export function withoutPlanes(document: ResultDocument): object {
  if (document.command !== "field") return document;
  const { slices, sweep } = document;
  return {
    ...document,
    ...(slices ? { slices: stored(slices, DATASET) } : {}),
    ...(sweep
      ? {
          sweep: sweep.map((entry, p) =>
            entry.slices
              ? { ...entry, slices: stored(entry.slices, `${sweepGroupName(p, sweep.length)}/${DATASET}`) }
              : entry,
          ),
        }
      : {}),
  };
}

/** Numbers in a dataset's shape, as the result has them. */
function nested(values: Float64Array, shape: readonly number[]): unknown {
  const [count = 0, ...inner] = shape;
  if (inner.length === 0) return listed(values);
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => nested(values.subarray(i * size, (i + 1) * size), inner));
}

/**
 * The document of a folder's result.json with the planes of its slices, which figures draw; a sweep's figures draw none.
 * @param place where on the command line the folder is named
 * @throws InputError where they cannot be read
 */
export async function withPlanes(folder: string, document: ResultDocument, place: string): Promise<ResultDocument> {
  if (document.command !== "field" || !document.slices?.length) return document;
  const planes = await readHdf5(
    path.join(folder, ARRAYS),
    (content) => nested(content.numbers(DATASET), content.shape(DATASET)) as SliceResult["values"][],
    place,
  );
  return { ...document, slices: document.slices.map(({ time }, s) => ({ time, values: planes[s]! })) };
}
