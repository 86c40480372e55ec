/** --resume: the folder of a run that was interrupted, and what is in it to go on from. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Config } from "@slowroll/core/config/schema";
import { InputError } from "@slowroll/core/errors";
import type { FieldResult } from "@slowroll/core/field/result";
import type { FieldCheckpoint } from "@slowroll/core/files/checkpoint";
import { readFolderCheckpoint } from "./checkpoints.ts";
import { CHECKPOINT, POINTS } from "./folder.ts";
import type { StudyOptions } from "./program.ts";
import { type KeptPoints, readPoints } from "./sweepFolder.ts";

/** What a run goes on from: a lattice's checkpoint, the finished points of a sweep, or both. */
export interface Resumed {
  readonly config: object;
  /** What has the config. */
  readonly source: string;
  readonly saved?: FieldCheckpoint;
  readonly kept?: KeptPoints;
}

const quoted = (word: string): string => (/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** What is typed to go on with a run in `folder`: with the flags of what it writes and where it runs, which nothing in the folder keeps. */
export function resumeCommand(
  folder: string,
  { engine, adapter, threads, saveFinal, movie, force }: Partial<StudyOptions>,
): string {
  const flags = [
    ...(force ? ["--force"] : []),
    ...(saveFinal === undefined ? [] : ["--save-final", saveFinal]),
    ...(movie ? ["--movie"] : []),
    ...(engine === undefined || engine === "auto" ? [] : ["--engine", engine]),
    ...(adapter === undefined || adapter === "auto" ? [] : ["--adapter", adapter]),
    ...(threads === undefined ? [] : ["--threads", threads]),
  ];
  return ["slowroll", "field", "--out", folder, "--resume", ...flags].map(quoted).join(" ");
}

/** What a run that goes on from it has, in words, of a sweep of so many points. */
export function standingOf({ saved, kept }: Resumed, points: number): string | undefined {
  const finished = kept && kept.finished.size > 0 ? [`${kept.finished.size} of ${points} points`] : [];
  const begun = saved ? [`step ${saved.step}${finished.length > 0 ? " of the next" : ""}`] : [];
  return [...finished, ...begun].join(" and ") || undefined;
}

/**
 * What a config needs that starts from the final state, which the arrays do not tell: of several realisations their number, after space has
 * expanded its size, and its steps but in cosmic time; undefined where there is neither.
 */
export function restartHint({ lattice, background, time }: Config<"field">, result: FieldResult): string | undefined {
  const a = result.scaleFactor.at(-1)!;
  const { realisations = 1 } = result;
  if (!lattice || (a === 1 && realisations === 1)) return undefined;
  if (realisations > 1 && background.kind === "selfConsistent")
    return "its realisations have come to scale factors of their own, and do not start from it together";
  const needs = [
    ...(realisations > 1 ? [`fluctuations.realisations: ${realisations}`] : []),
    ...(a === 1 ? [] : [`fluctuations.scaleFactor: ${a}`, `lattice.length: ${a * lattice.length}`]),
    ...(a !== 1 && "hubble" in background ? [`background.hubble: ${result.hubble.at(-1)}`] : []),
    ...(a !== 1 && time.alpha !== 0 ? [`time.step: ${a ** time.alpha * time.step}`] : []),
  ];
  return `to start from it: ${needs.join(", ")}`;
}

/** What an interrupted run goes on from. Throws InputError where the folder is not named, or a config is given beside it. */
export async function resumedRun(file: string | undefined, { out, set }: StudyOptions, cwd: string): Promise<Resumed> {
  if (out === undefined) throw new InputError("needs the run's folder: --out DIR --resume", { path: "--resume" });
  if (file !== undefined || set.length > 0) {
    throw new InputError("goes on with the checkpoint's own config: leave out CONFIG and --set", { path: "--resume" });
  }
  const folder = path.resolve(cwd, out);
  const kept = await readPoints(folder);
  if (kept && !existsSync(path.join(folder, CHECKPOINT))) return { config: kept.config, source: POINTS, kept };
  const saved = await readFolderCheckpoint(folder);
  return kept
    ? { config: kept.config, source: POINTS, kept, saved }
    : { config: saved.config, source: CHECKPOINT, saved };
}
