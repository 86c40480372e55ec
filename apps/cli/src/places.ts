/** Where a run's files go: runs/<id>/ or --out, and what else is asked for; refused, before anything is computed, where it would overwrite. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, mkdtemp, readdir, rmdir } from "node:fs/promises";
import path from "node:path";
import type { ConfigCommand } from "@slowroll/core/config/schema";
import { InputError } from "@slowroll/core/errors";
import type { TrajectoryFile } from "@slowroll/core/files/trajectories";
import { CHECKPOINT, cannotWrite, POINTS } from "./folder.ts";
import type { StudyOptions } from "./program.ts";

interface FolderChoice {
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly cwd: string;
}

/**
 * A folder that files may be written into; nothing is made yet.
 * @param option The flag that names it, for messages.
 * @throws InputError where it is not empty or cannot be written.
 */
async function chooseFolder(
  command: string,
  option: string,
  { out, force, resume, cwd }: FolderChoice,
): Promise<string> {
  const stamp = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replaceAll(":", "-");
  const id = `${stamp}-${command}-${randomBytes(3).toString("hex")}`;
  const folder = path.resolve(cwd, out ?? path.join("runs", id));
  if (out === "") throw new InputError("needs the name of a folder", { path: option });
  const entries: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw cannotWrite(folder, option, error);
  });
  if (entries.length > 0 && !force && !resume) {
    const more = entries.some((name) => name === CHECKPOINT || name === POINTS)
      ? ", or --resume to go on with the run that was interrupted"
      : "";
    throw new InputError(`${out} is not empty: choose another folder, or --force to write into it${more}`, {
      path: option,
    });
  }
  // The nearest folder that exists must let the rest be made.
  let parent = folder;
  while (!existsSync(parent)) parent = path.dirname(parent);
  await assertWritable(parent, option);
  return folder;
}

/** Only trying tells for certain, as /proc shows, which claims to be writable. */
async function assertWritable(folder: string, option: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(path.join(folder, ".slowroll-")));
  } catch (error) {
    throw cannotWrite(folder, option, error);
  }
}

/**
 * The file of every network's trajectory; nothing is made yet.
 * @throws InputError where its ending is unknown, it is there already, a folder has its name or its own folder cannot be written.
 */
async function chooseTrajectories(name: string, { force, cwd }: FolderChoice): Promise<TrajectoryFile> {
  const option = "--save-trajectories";
  const { createTrajectoryFile } = await import("@slowroll/core/files/trajectories");
  const file = path.resolve(cwd, name);
  const trajectories = await createTrajectoryFile(name === "" ? "" : file, option);
  // What another run is writing now, or one that was killed has left.
  const there = [file, `${file}.partial`].find(existsSync);
  if (there && (await lstat(there)).isDirectory())
    throw new InputError(`${there} is a folder: choose another file`, { path: option });
  if (there && !force) throw new InputError(`${there} exists: choose another file, or --force`, { path: option });
  await assertWritable(path.dirname(file), option);
  return trajectories;
}

export interface Places {
  /** None where theory is only printed. */
  readonly folder?: string;
  /** Of --save-final. */
  readonly finalFolder?: string;
  /** Of --save-trajectories. */
  readonly trajectoryFile?: TrajectoryFile;
}

/**
 * @param goesOn Whether a sweep goes on, whose finished points' states are in --save-final already.
 * @throws InputError with the flag as its path.
 */
export async function choosePlaces(
  command: ConfigCommand,
  { out, force, resume, saveFinal, saveTrajectories }: StudyOptions,
  goesOn: boolean,
  cwd: string,
): Promise<Places> {
  const folder =
    command === "kernel" && out === undefined
      ? undefined
      : await chooseFolder(command, "--out", { out, force, resume, cwd });
  const finalFolder =
    saveFinal === undefined
      ? undefined
      : await chooseFolder(command, "--save-final", { out: saveFinal, force, resume: goesOn, cwd });
  const trajectoryFile =
    saveTrajectories === undefined ? undefined : await chooseTrajectories(saveTrajectories, { force, cwd });
  return {
    ...(folder === undefined ? {} : { folder }),
    ...(finalFolder === undefined ? {} : { finalFolder }),
    ...(trajectoryFile === undefined ? {} : { trajectoryFile }),
  };
}
