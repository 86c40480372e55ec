import { existsSync, statSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Config } from "@slowroll/core/config/schema";
import type { JobControl } from "@slowroll/core/engine/engine";
import type { LatticeState } from "@slowroll/core/engine/latticeJob";
import { InterruptedError, UnwritableError } from "@slowroll/core/errors";
import { beginReplacement } from "@slowroll/core/files/replace";
import { isOfFileSystem, unwritable } from "@slowroll/core/files/unwritable";
import type { ScalarTag } from "yaml";
import type { ResultDocument } from "./document.ts";
import { jsonPieces } from "./json.ts";
import type { Movie } from "./movie.ts";
import { ARRAYS, withoutPlanes } from "./planes.ts";

/** The error of a folder that cannot be written; what else went wrong as it is. */
export const cannotWrite = (folder: string, option: string, cause: unknown): unknown =>
  isOfFileSystem(cause) ? unwritable(folder, cause, { otherwise: "or choose another folder", path: option }) : cause;

/** What a run writes into its folder, and what it leaves there when it is killed. */
const OURS =
  /^(config\.yaml|log\.jsonl|result\.(json|h5)|report\.html|movie(-\w+)?\.gif|checkpoint\.h5|points\.jsonl)(\.partial)?$/;

/** What runs have written into a folder, by their whole paths. */
async function written(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const [place, ours] of [
    [folder, OURS],
    [path.join(folder, "plots"), /\.svg(\.partial)?$/],
  ] as const) {
    const names = existsSync(place) ? await readdir(place) : [];
    files.push(...names.filter((name) => ours.test(name)).map((name) => path.join(place, name)));
  }
  return files;
}

/**
 * Makes way for a run's files before the first of them is written: with `force` what an earlier run wrote into the folder is removed, so that
 * none of it is taken for this one's, and what else is there stays. Without it the folder was empty when this run began.
 * @throws UnwritableError (--out), also where another run has written into it since.
 */
export async function makeWay(folder: string, force: boolean): Promise<void> {
  try {
    const files = await written(folder);
    if (files.length > 0 && !force) {
      const why = "another run has written into it since this one began";
      throw new UnwritableError(folder, why, "move what is there", {
        otherwise: "or choose another folder",
        path: "--out",
      });
    }
    for (const file of files) await rm(file);
  } catch (cause) {
    throw cannotWrite(folder, "--out", cause);
  }
}

/** Makes a run's folder, as where someone has removed it. Throws UnwritableError (--out). */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw cannotWrite(folder, "--out", cause);
  });
}

/** Removes a file of a run's, where it is there. Throws UnwritableError (--out). */
export async function removeFile(file: string): Promise<void> {
  await rm(file, { force: true }).catch((cause) => {
    throw cannotWrite(file, "--out", cause);
  });
}

/** Writes a file so that it is there whole or not at all; what a full disk has taken of it is removed, which frees that. */
export async function writeWhole(file: string, text: Parameters<typeof writeFile>[1]): Promise<void> {
  const replacement = beginReplacement(file);
  try {
    await writeFile(replacement.partial, text);
    replacement.commit();
  } catch (cause) {
    replacement.abandon();
    throw cause;
  }
}

/** A number with an exponent as YAML 1.1 wants it too, which PyYAML reads: 3.0e-7, as 3e-7 is text there. */
const EXPONENTIAL: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  identify: (value) => typeof value === "number" && `${value}`.includes("e"),
  test: /^-?\d+\.\d+e[-+]\d+$/,
  resolve: Number,
  stringify: ({ value }) => `${value}`.replace(/^(-?\d+)e/, "$1.0e"),
};

/** Writes config.yaml, result.json, log.jsonl, a lattice's result.h5, the movies where they are asked for, and the report. */
type RunWriter = (
  folder: string,
  document: ResultDocument,
  log: readonly object[],
  control?: Pick<JobControl, "signal" | "onProgress">,
) => Promise<void>;

/** A movie's bytes, told of and given up as other work is. Throws InterruptedError. */
async function* followed({ file, frames, pieces }: Movie, { signal, onProgress }: Parameters<RunWriter>[3] & {}) {
  let done = 0;
  for (const piece of pieces()) {
    if (signal?.aborted) throw new InterruptedError(`interrupted: ${file} is not written; the result is`);
    yield piece;
    onProgress?.(Math.min(++done, frames), frames, "frames");
  }
}

/**
 * What writes a run's folder, with all that it takes loaded: a study loads it before its work, since Ctrl-C also ends the process that
 * translates our sources, so that none can be loaded once the run is interrupted.
 * @param movie Whether its movies are asked for.
 * @returns Throws UnwritableError (--out) where the folder cannot be written, as when the disk is full, and InterruptedError where a movie is
 *   given up; either once all else is written.
 */
export async function loadRunWriter(movie = false): Promise<RunWriter> {
  const { stringify } = await import("yaml");
  const { writeFieldFile } = await import("@slowroll/core/files/fieldFile");
  const { writeReport } = await import("./report/report.ts");
  const { movies } = movie ? await import("./movie.ts") : { movies: (): Movie[] => [] };
  return async (folder, document, log, control = {}) => {
    const { command, version, config } = document;
    const heading = `# slowroll ${version}; to run it again: slowroll ${command} config.yaml\n`;
    const write = async (name: string, content: Parameters<typeof writeWhole>[1]): Promise<void> => {
      const file = path.join(folder, name);
      await writeWhole(file, content).catch((cause) => {
        throw cannotWrite(file, "--out", cause);
      });
    };
    const parts: (() => unknown)[] = [
      () =>
        write(
          "config.yaml",
          heading + stringify(config, { aliasDuplicateObjects: false, customTags: (tags) => [EXPONENTIAL, ...tags] }),
        ),
      () => write("log.jsonl", log.map((entry) => `${JSON.stringify(entry)}\n`).join("")),
      () =>
        document.command === "field" &&
        writeFieldFile(path.join(folder, ARRAYS), document as unknown as Record<string, unknown>),
      () => write("result.json", jsonPieces(withoutPlanes(document))),
      async () => {
        // Those of an earlier run go, whatever its fields' names were.
        for (const name of await readdir(folder)) {
          if (/^movie(-\w+)?\.gif$/.test(name)) await rm(path.join(folder, name));
        }
        for (const film of document.command === "field" ? movies(document) : [])
          await write(film.file, followed(film, control));
      },
      () => writeReport(folder, document),
    ];
    await makeFolder(folder);
    // What a disk has no room for is not all: a smaller file may still find some.
    let failure: unknown;
    for (const part of parts) {
      try {
        await part();
      } catch (cause) {
        const error = cannotWrite(folder, "--out", cause);
        if (!(error instanceof UnwritableError || error instanceof InterruptedError)) throw cause;
        failure ??= error;
      }
    }
    if (failure) throw failure;
  };
}

/** A lattice run's checkpoint in its folder, there until the run is done. */
export const CHECKPOINT = "checkpoint.h5";
/** Finished points of a sweep, there until all are. */
export const POINTS = "points.jsonl";

/** Whether a run can be gone on with in the folder. */
export const keepsState = (folder: string | undefined): boolean =>
  folder !== undefined &&
  [CHECKPOINT, POINTS].some((name) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.isFile());

/** Removes what a finished run no longer goes on from. Throws UnwritableError (--out). */
export async function clearState(folder: string): Promise<void> {
  for (const name of [CHECKPOINT, POINTS]) await removeFile(path.join(folder, name));
}

/** Writes a lattice's final state as stored arrays. Throws UnwritableError (--save-final) where the folder cannot be written. */
export async function saveFinal(
  folder: string,
  state: LatticeState,
  { lattice, field }: Pick<Config<"field">, "lattice" | "field">,
): Promise<void> {
  const { writeFinal } = await import("@slowroll/core/field/arrays");
  try {
    await writeFinal(folder, state, lattice!.points ** lattice!.dimensions, field.fields);
  } catch (cause) {
    throw cannotWrite(folder, "--save-final", cause);
  }
}
