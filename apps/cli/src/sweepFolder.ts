/**
 * A sweep's run folder while it runs: points.jsonl has the config in its first line and each finished point with its number in one more, the
 * lattice's checkpoint belongs to points that are evolved together and are not all among them. Whatever moment the process is killed at, the
 * whole lines are what is finished.
 */
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rm, truncate } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Config } from "@slowroll/core/config/schema";
import { InputError } from "@slowroll/core/errors";
import type { SweepEntry, SweepHooks } from "@slowroll/core/field/sweep";
import type { SweepPoint } from "@slowroll/core/field/sweepPoint";
import type { FieldCheckpoint } from "@slowroll/core/files/checkpoint";
import { checkpointConfig, folderCheckpoints, removeCheckpoint } from "./checkpoints.ts";
import { POINTS, saveFinal, writeWhole } from "./folder.ts";

const FORMAT = "slowroll sweep 1";

/** What points.jsonl keeps. */
export interface KeptPoints {
  readonly config: object;
  /** By point, numbered from 0. */
  readonly finished: ReadonlyMap<number, SweepEntry>;
  /** Bytes of its whole lines. */
  readonly bytes: number;
}

/**
 * The points that a folder's sweep has finished; undefined where there is no such file.
 * @throws InputError (--resume) where it is damaged
 */
export async function readPoints(folder: string): Promise<KeptPoints | undefined> {
  const file = path.join(folder, POINTS);
  if (!existsSync(file)) return undefined;
  const content = await readFile(file, "utf8");
  // What follows the last line break was being written when the process ended.
  const whole = content.slice(0, content.lastIndexOf("\n") + 1);
  try {
    const [head, ...lines] = whole
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    if (head?.format !== FORMAT) throw new SyntaxError("its first line has no config");
    // Lines without a number are in order.
    const numbered = lines.map(({ point, ...entry }, p): [number, SweepEntry] => [(point ?? p + 1) - 1, entry]);
    const finished = new Map(numbered.sort(([p], [q]) => p - q));
    return { config: head.config, finished, bytes: Buffer.byteLength(whole) };
  } catch (cause) {
    throw new InputError(`${file} is damaged: ${(cause as Error).message}; start the run anew`, {
      path: "--resume",
      cause,
    });
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
  /** Makes the folder ready; called before anything is written into it. */
  ready(): Promise<void>;
  /** Is told, in words, what there is to go on from. */
  onKept(what: string): void;
}

/** What keeps a sweep's points as they finish. Throws InputError where the final states of finished points are not where they should be. */
export function keepPoints({ folder, config, points, resumed, finalFolder, ready, onKept }: SweepFolder): SweepHooks {
  const { finished = new Map<number, SweepEntry>(), bytes } = resumed?.kept ?? {};
  const lost = [...finished.keys()].find(
    (p) => finalFolder && points[p]!.study.lattice && !existsSync(path.join(finalFolder, pointName(p, points.length))),
  );
  if (lost !== undefined)
    throw new InputError(`has no state of point ${lost + 1}, which is finished: name the folder of the run before`, {
      path: "--save-final",
    });
  const file = folder && path.join(folder, POINTS);
  const count = (done: number): string => `${done} of ${points.length} points`;
  let begun = false;
  let ended = finished.size;
  /** Points that the folder's checkpoint is of and that have not ended. */
  let together = new Set<number>();
  const begin = async (): Promise<void> => {
    if (begun || !file) return;
    await ready();
    if (bytes === undefined) {
      await mkdir(folder, { recursive: true });
      await writeWhole(file, `${JSON.stringify({ format: FORMAT, config })}\n`);
    } else await truncate(file, bytes);
    begun = true;
  };
  return {
    finished,
    async onPoint({ point, entry, final }, { sweep }) {
      if (finalFolder && final)
        await saveFinal(path.join(finalFolder, pointName(point, points.length)), final, config.field.fields);
      if (!file) return;
      await begin();
      await appendFile(file, `${JSON.stringify({ point: point + 1, ...entry })}\n`, { flush: true });
      ended = sweep.length;
      together.delete(point);
      if (together.size === 0) await removeCheckpoint(folder);
      onKept(count(ended));
    },
    checkpointing(group) {
      const configs = group.map((p) => points[p]!.study);
      if (!folder || !configs[0]!.lattice) return undefined;
      together = new Set(group.filter((p) => !finished.has(p)));
      // Saved before a kill that came between its last point's end and its removal, it belongs to no point that is left.
      const saved = isDeepStrictEqual(resumed?.saved?.config, checkpointConfig(configs)) ? resumed?.saved : undefined;
      const next =
        group.length > 1 ? ` of ${group.length} ${ended > 0 ? "more" : "points"}` : ended > 0 ? " of the next" : "";
      const kept = (said: string): string => `${ended > 0 ? `${count(ended)} and ` : ""}${said}${next}`;
      return folderCheckpoints(folder, configs, saved, begin, (said) => onKept(kept(said)));
    },
  };
}

/** Removes what a finished sweep no longer goes on from. */
export async function removePoints(folder: string): Promise<void> {
  await rm(path.join(folder, POINTS), { force: true });
}
