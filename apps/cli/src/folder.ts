/** A run's folder: runs/<id>/ or --out, refused where it would overwrite, written when there is something to keep. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { InputError } from "@slowroll/core/errors";
import type { ResultDocument } from "./document.ts";

export interface FolderChoice {
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
  readonly cwd: string;
}

/** A folder that files may be written into. Throws InputError (--out) where it is not empty or cannot be written. */
export async function chooseFolder(command: string, { out, force, cwd }: FolderChoice): Promise<string> {
  const stamp = new Date().toISOString().replace(/\.\d+Z$/, "").replaceAll(":", "-");
  const folder = path.resolve(cwd, out ?? path.join("runs", `${stamp}-${command}-${randomBytes(2).toString("hex")}`));
  const place = out === undefined ? "runs" : "--out";
  try {
    const entries = await readdir(folder);
    if (entries.length > 0 && !force) {
      throw new InputError(`${out} is not empty: choose another folder, or --force to write into it`, { path: place });
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") throw new InputError(`${folder} cannot be written: ${code}`, { path: place, cause: error });
  }
  // Nothing is made before there is a result: the nearest folder that exists must let it be made.
  for (let parent = folder; ; parent = path.dirname(parent)) {
    try {
      await access(parent, constants.W_OK);
      return folder;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" || parent === path.dirname(parent)) {
        throw new InputError(`${parent} cannot be written: ${code}`, { path: place, cause: error });
      }
    }
  }
}

/** Writes a file so that it is there whole or not at all. */
async function writeWhole(file: string, text: string): Promise<void> {
  const partial = `${file}.partial`;
  await writeFile(partial, text);
  await rename(partial, file);
}

/**
 * Writes config.yaml, result.json, log.jsonl and the report.
 * @throws InputError (--out) where the folder cannot be written, as when the disk is full.
 */
export async function writeRun(folder: string, document: ResultDocument, log: readonly object[]): Promise<void> {
  const { stringify } = await import("yaml");
  try {
    await mkdir(folder, { recursive: true });
    await writeWhole(path.join(folder, "config.yaml"), stringify(document.config));
    await writeWhole(path.join(folder, "result.json"), `${JSON.stringify(document)}\n`);
    await writeWhole(path.join(folder, "log.jsonl"), log.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    const { writeReport } = await import("./report/report.ts");
    await writeReport(folder, document);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (!code || cause instanceof InputError) throw cause;
    throw new InputError(`${folder} cannot be written: ${code}; free some space or choose another folder`, { path: "--out", cause });
  }
}
