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

/**
 * Has `write` fill `file`.partial beside the file, which a killed process may leave behind and the next one overwrites, brings it to the
 * disk and renames it. Works without a pause, so that no second call can meet the first one's partial file.
 * @throws what `write` and the file system throw; the partial file is then gone and the old file as it was.
 */
export function replaceFile(file: string, write: (partial: string) => void): void {
  const partial = `${path.resolve(file)}.partial`;
  // Before anything else may report it less clearly: a folder that is missing or cannot be written.
  fs.closeSync(fs.openSync(partial, "w"));
  try {
    write(partial);
    const descriptor = fs.openSync(partial, "r+");
    try {
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(partial, path.resolve(file));
  } catch (cause) {
    fs.rmSync(partial, { force: true });
    throw cause;
  }
  syncFolder(path.dirname(partial));
}
