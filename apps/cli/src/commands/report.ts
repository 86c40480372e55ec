/** `report`: rebuilds a run's pages from its result.json. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { InputError } from "@slowroll/core/errors";
import type { ResultDocument } from "../document.ts";
import type { Io } from "../io.ts";
import { writeReport } from "../report/report.ts";

const COMMANDS = ["kernel", "network", "field", "duality"];

export async function report(directory: string, io: Io): Promise<number> {
  const folder = path.resolve(io.cwd, directory);
  const file = path.join(folder, "result.json");
  let document: ResultDocument;
  try {
    document = JSON.parse(await readFile(file, "utf8")) as ResultDocument;
  } catch (cause) {
    throw new InputError(`${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`, { path: directory, cause });
  }
  if (!COMMANDS.includes(document.command)) throw new InputError(`${file} is no result of slowroll`, { path: directory });
  await writeReport(folder, document);
  io.out(`report: ${path.relative(io.cwd, path.join(folder, "report.html"))}\n`);
  return 0;
}
