/** What a run says at its end: its result on standard output; on standard error what is kept and what is not, and what went wrong. */
import path from "node:path";
import { DivergenceError, InterruptedError, type SlowrollError } from "@slowroll/core/errors";
import type { ResultDocument } from "./document.ts";
import { errorKey, errorLine } from "./errorLine.ts";
import type { Io } from "./io.ts";
import { jsonPieces } from "./json.ts";
import type { Kept } from "./kept.ts";
import { named } from "./named.ts";
import type { Places } from "./places.ts";
import { withoutPlanes } from "./planes.ts";
import type { StudyOptions } from "./program.ts";
import { resumeCommand } from "./resume.ts";
import type { RunFiles } from "./runFiles.ts";
import { summary } from "./summary.ts";

/** A run, as its end speaks of it. */
export interface Run {
  readonly io: Io;
  readonly options: StudyOptions;
  readonly places: Places;
  readonly files: RunFiles;
  readonly kept: Kept;
}

/** Tells the result and what went wrong, of which the first gives the exit code. */
export function tellResult(
  { io, options, places: { folder, finalFolder }, files, kept }: Run,
  document: ResultDocument,
  wrong: readonly SlowrollError[],
): number {
  const [first] = wrong;
  if (options.json) {
    for (const piece of jsonPieces({ ...withoutPlanes(document), ...(first ? errorKey(first) : {}) })) io.out(piece);
  } else {
    io.out(summary(document));
    if (folder && files.isReported) io.out(`report: ${named(path.join(folder, "report.html"), io.cwd)}\n`);
  }
  // A run that was interrupted before its end has said how to go on already.
  const hasSaid = first instanceof InterruptedError && first !== files.unwritten[0];
  if (files.unwritten.length > 0 && folder && kept.standing && !hasSaid) {
    const again = resumeCommand(named(folder, io.cwd), { ...options, force: finalFolder !== undefined });
    io.error(`kept: ${kept.standing}; to go on from there and write what is not: ${again}\n`);
  }
  for (const error of wrong) io.error(errorLine(error));
  return first?.exitCode ?? 0;
}

/** Gives up the files that only a whole run has, of one that `error` ended, and tells which were asked for. */
export function abandonFiles({ io, options, places: { finalFolder }, files }: Run, error: unknown): void {
  if (files.trajectories?.abandon())
    io.error(`not saved: ${options.saveTrajectories}, whose networks were not all trained\n`);
  if (finalFolder && error instanceof DivergenceError)
    io.error(`not saved: ${named(finalFolder, io.cwd)}, as the run has not come to its end\n`);
}

/** Tells what an interrupted run goes on from. */
export function tellKept({ io, options, places: { folder }, kept }: Run): void {
  const line = folder && kept.line(resumeCommand(named(folder, io.cwd), options));
  if (line) io.error(`${line}\n`);
}
