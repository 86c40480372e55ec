/**
 * A sweep's run folder while it runs: points.jsonl has the config in its first line and each finished point with its number in one more, the
 * lattice's checkpoint belongs to points that are evolved together and are not all among them. Whatever moment the process is killed at, the
 * whole lines are what is finished.
 */
import { createReadStream, existsSync } from "node:fs";
import { stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Config } from "@slowroll/core/config/schema";
import { InputError, UnwritableError } from "@slowroll/core/errors";
import type { SweepEntry, SweepHooks } from "@slowroll/core/field/sweep";
import type { SweepPoint } from "@slowroll/core/field/sweepPoint";
import type { FieldCheckpoint } from "@slowroll/core/files/checkpoint";
import { whyUnreadable } from "@slowroll/core/files/unreadable";
import { isOfFileSystem } from "@slowroll/core/files/unwritable";
import { checkpointConfig, folderCheckpoints } from "./checkpoints.ts";
import { CHECKPOINT, cannotWrite, makeFolder, POINTS, removeFile, saveFinal, writeWhole } from "./folder.ts";
import { jsonPieces, readJson } from "./json.ts";

const FORMAT = "slowroll sweep 1";

/** What points.jsonl keeps. */
export interface KeptPoints {
  readonly config: object;
  /** By point, numbered from 0. */
  readonly finished: ReadonlyMap<number, SweepEntry>;
  /** Bytes of its whole lines. */
  readonly bytes: number;
}

/** The first line, or a point's. */
type Line = { readonly format: string; readonly config: object } & { readonly point: number } & SweepEntry;

/** Where a file's lines end: it may be more than one text, or one buffer, can hold. */
async function lineBreaks(file: string): Promise<number[]> {
  const breaks: number[] = [];
  let before = 0;
  for await (const chunk of createReadStream(file)) {
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf("\n"); at >= 0; at = bytes.indexOf("\n", at + 1)) breaks.push(before + at);
    before += bytes.length;
  }
  return breaks;
}

/**
 * The points that a folder's sweep has finished; undefined where there is no such file.
 * @throws InputError (--resume) where it is damaged or cannot be read
 */
export async function readPoints(folder: string): Promise<KeptPoints | undefined> {
  const file = path.join(folder, POINTS);
  if (!existsSync(file)) return undefined;
  try {
    // What follows the last line break was being written when the process ended.
    const breaks = await lineBreaks(file);
    const lines: Partial<Line>[] = [];
    for (const [l, end] of breaks.entries()) {
      const start = l > 0 ? breaks[l - 1]! + 1 : 0;
      lines.push((await readJson(file, { start, end })) as Partial<Line>);
    }
    const [head, ...points] = lines;
    if (head?.format !== FORMAT) throw new SyntaxError("its first line has no config");
    // Lines without a number are in order.
    const numbered = points.map(({ point, ...entry }, p): [number, SweepEntry] => [
      (point ?? p + 1) - 1,
      entry as SweepEntry,
    ]);
    const finished = new Map(numbered.sort(([p], [q]) => p - q));
    return { config: head.config!, finished, bytes: (breaks.at(-1) ?? -1) + 1 };
  } catch (cause) {
    const why = isOfFileSystem(cause)
      ? `cannot be read: ${whyUnreadable(cause)}`
      : `is damaged: ${(cause as Error).message}; start the run anew`;
    throw new InputError(`${file} ${why}`, { path: "--resume", cause });
  }
}

/** Names of the points' folders in --save-final, which sort as the points do. */
const pointName = (point: number, points: number): string => String(point + 1).padStart(String(points).length, "0");

export interface SweepFolder {
  /** The run's folder; none is written where there is none. */
  readonly folder: string | undefined;
  readonly config: Config<"field">;
  readonly points: readonly SweepPoint<Config<"field">>[];
  readonly resumed?:
    | { readonly kept?: KeptPoints | undefined; readonly saved?: FieldCheckpoint | undefined }
    | undefined;
  /** Of --save-final. */
  readonly finalFolder: string | undefined;
  /** Makes the folder ready; called before anything is written into it. Throws UnwritableError. */
  ready(): Promise<void>;
  /** Is told, in words, what there is to go on from. */
  onKept(what: string): void;
  /** And what could not be kept; the sweep goes on. `again`: when it is tried next. */
  onFailure(what: string, error: UnwritableError, again: string): void;
  /** A point's state could not be saved. */
  onStateLost(what: string, error: UnwritableError): void;
}

/** The list of finished points, which what cannot be written now is added to later. */
function pointsList(folder: string, { config, resumed, ready }: Pick<SweepFolder, "config" | "resumed" | "ready">) {
  const file = path.join(folder, POINTS);
  const ended = new Map(resumed?.kept?.finished);
  /** Points that are not in the file, and its bytes: what follows them is of a line that a disk did not take whole. */
  let missing: number[] = [];
  let bytes = resumed?.kept?.bytes ?? 0;
  function* lines(of: Iterable<number>): Generator<string> {
    for (const point of of) yield* jsonPieces({ point: point + 1, ...ended.get(point)! });
  }
  return {
    ended,
    add(point: number, entry: SweepEntry): void {
      ended.set(point, entry);
      missing.push(point);
    },
    isWritten: () => missing.length === 0,
    /** Writes what is missing. Throws UnwritableError. */
    async write(): Promise<void> {
      await ready();
      await makeFolder(folder);
      try {
        const { size = 0 } = (await stat(file).catch(() => undefined)) ?? {};
        if (bytes > 0 && size >= bytes) {
          if (size > bytes) await truncate(file, bytes);
          if (missing.length > 0) await writeFile(file, lines(missing), { flag: "a", flush: true });
        } else {
          function* pieces(): Generator<string> {
            yield* jsonPieces({ format: FORMAT, config });
            yield* lines(ended.keys());
          }
          await writeWhole(file, pieces());
        }
        bytes = (await stat(file)).size;
        missing = [];
      } catch (cause) {
        throw cannotWrite(file, "--out", cause);
      }
    },
  };
}

/** What keeps a sweep's points as they finish. Throws InputError where the final states of finished points are not where they should be. */
export function keepPoints(sweep: SweepFolder): SweepHooks {
  const { folder, points, resumed, finalFolder, onKept, onFailure, onStateLost } = sweep;
  const { finished = new Map<number, SweepEntry>() } = resumed?.kept ?? {};
  // A point that diverged has no state.
  const lost = [...finished].find(
    ([p, { error }]) =>
      finalFolder &&
      !error &&
      points[p]!.study.lattice &&
      !existsSync(path.join(finalFolder, pointName(p, points.length))),
  );
  if (lost !== undefined)
    throw new InputError(`has no state of point ${lost[0] + 1}, which is finished: name the folder of the run before`, {
      path: "--save-final",
    });
  const list = folder === undefined ? undefined : pointsList(folder, sweep);
  const count = (): string => `${list!.ended.size} of ${points.length} points`;
  /** Points that the folder's checkpoint is of and that have not ended. */
  let together = new Set<number>();
  return {
    finished,
    async onPoint({ point, entry, final }) {
      try {
        if (finalFolder && final)
          await saveFinal(path.join(finalFolder, pointName(point, points.length)), final, points[point]!.study);
      } catch (error) {
        if (!(error instanceof UnwritableError)) throw error;
        // Gone on with, the sweep evolves the point again and saves its state then.
        onStateLost(`the state of point ${point + 1}`, error);
        return;
      }
      if (!list) return;
      list.add(point, entry);
      together.delete(point);
      try {
        await list.write();
        onKept(count());
        // One that cannot be removed belongs to no point that is left.
        if (together.size === 0) await removeFile(path.join(folder!, CHECKPOINT));
      } catch (error) {
        if (!(error instanceof UnwritableError)) throw error;
        if (list.isWritten()) return;
        onFailure(count(), error, "tries again with the next point");
      }
    },
    checkpointing(group) {
      const configs = group.map((p) => points[p]!.study);
      if (!list || !configs[0]!.lattice) return undefined;
      together = new Set(group.filter((p) => !finished.has(p)));
      // Saved before a kill that came between its last point's end and its removal, it belongs to no point that is left.
      const saved = isDeepStrictEqual(resumed?.saved?.config, checkpointConfig(configs)) ? resumed?.saved : undefined;
      const before = (): string => (list.ended.size > 0 ? `${count()} and ` : "");
      const next = (): string => {
        const some = list.ended.size > 0;
        if (group.length > 1) return ` of ${group.length} ${some ? "more" : "points"}`;
        return some ? " of the next" : "";
      };
      return folderCheckpoints(folder!, configs, saved, {
        ready: list.write,
        onSave: (said) => onKept(`${before()}${said}${next()}`),
        onFailure: (said, error, again) => onFailure(`${said}${next()}`, error, again),
      });
    },
  };
}
