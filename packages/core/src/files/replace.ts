/** How a file is replaced as a whole: a reader, or a process that starts after a crash, finds the old content or the new, never a part. */
import fs from "node:fs";
import path from "node:path";

/** The rename itself reaches the disk with its folder. Windows opens no folder; there the file system's journal has to do. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const descriptor = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

export interface Replacement {
  /** What is to be filled: `file`.partial beside the file, which a killed process may leave behind. */
  readonly partial: string;
  /** Brings the partial file to the disk and renames it. Throws what the file system throws. */
  commit(): void;
  /** Removes the partial file; the old file is as it was. */
  abandon(): void;
}

/**
 * Begins to replace `file`: an empty partial file, in the place of one that was left behind, is there at once.
 * @throws what the file system throws, before anything else may report it less clearly: a folder that is missing or cannot be written.
 */
export function beginReplacement(file: string): Replacement {
  const whole = path.resolve(file);
  const partial = `${whole}.partial`;
  fs.closeSync(fs.openSync(partial, "w"));
  return {
    partial,
    commit() {
      const descriptor = fs.openSync(partial, "r+");
      try {
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
      fs.renameSync(partial, whole);
      syncFolder(path.dirname(whole));
    },
    abandon: () => fs.rmSync(partial, { force: true }),
  };
}

/**
 * Has `write` fill the partial file and puts it in the file's place. Works without a pause, so that no second call can meet the first
 * one's partial file.
 * @throws what `write` and the file system throw; the partial file is then gone and the old file as it was.
 */
export function replaceFile(file: string, write: (partial: string) => void): void {
  const replacement = beginReplacement(file);
  try {
    write(replacement.partial);
    replacement.commit();
  } catch (cause) {
    replacement.abandon();
    throw cause;
  }
}
