/** `report`: rebuilds a run's pages from its result.json. */
import path from "node:path";
import { InputError } from "@slowroll/core/errors";
import { isOfFileSystem, unwritable } from "@slowroll/core/files/unwritable";
import type { ResultDocument } from "../document.ts";
import type { Io } from "../io.ts";
import { readJson } from "../json.ts";
import { named } from "../named.ts";
import { withPlanes } from "../planes.ts";

const COMMANDS: readonly unknown[] = ["kernel", "network", "field", "duality"];
/** What every result of a study has, whatever else was not computed. */
const KEYS = ["command", "version", "config", "engine", "timings"];

async function readResult(file: string, place: string): Promise<ResultDocument> {
  let document: unknown;
  try {
    document = await readJson(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" || code === "ENOTDIR" ? "there is none; name the folder of a run" : (code ?? message);
    throw new InputError(`result.json cannot be read: ${why}`, { path: place, cause });
  }
  const whole = typeof document === "object" && document !== null && KEYS.every((key) => Object.hasOwn(document, key));
  if (!whole || !COMMANDS.includes((document as ResultDocument).command)) {
    throw new InputError("result.json is no result of a slowroll study", { path: place });
  }
  return document as ResultDocument;
}

export async function report(directory: string, { json }: { readonly json?: boolean }, io: Io): Promise<number> {
  const folder = path.resolve(io.cwd, directory);
  const document = await withPlanes(folder, await readResult(path.join(folder, "result.json"), directory), directory);
  const { writeReport } = await import("../report/report.ts");
  try {
    await writeReport(folder, document);
  } catch (cause) {
    if (!isOfFileSystem(cause)) throw cause;
    throw unwritable("the report", cause, { path: directory });
  }
  const file = path.join(folder, "report.html");
  io.out(json ? `${JSON.stringify({ command: "report", report: file })}\n` : `report: ${named(file, io.cwd)}\n`);
  return 0;
}
