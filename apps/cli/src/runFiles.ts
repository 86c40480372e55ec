/** The files of a run, each written where it can be: what is not is told at the end, when all else is done. */
import { InterruptedError, UnwritableError } from "@slowroll/core/errors";
import type { TrajectoryFile } from "@slowroll/core/files/trajectories";
import type { ResultDocument } from "./document.ts";
import { loadRunWriter, makeWay } from "./folder.ts";
import type { Places } from "./places.ts";
import type { StudyOptions } from "./program.ts";
import { trajectoriesWhileWritable } from "./trajectories.ts";
import type { Voice } from "./voice.ts";

export interface RunFiles {
  /** Is called before anything is written into the run's folder. Throws UnwritableError. */
  ready(): Promise<void>;
  /** Of --save-trajectories. */
  readonly trajectories: TrajectoryFile | undefined;
  /** Why what is not written is not, in order: it could not be, or is a movie that was given up. */
  readonly unwritten: (UnwritableError | InterruptedError)[];
  /** Resolves with whether it was written, and of what was not keeps why. */
  attempt(write: () => unknown): Promise<boolean>;
  /** Attempts to write the run's folder. */
  writeResult(document: ResultDocument): Promise<void>;
  /** Whether the folder has all of it. */
  readonly isReported: boolean;
}

/** Loads what writes them; nothing is made yet. */
export async function runFiles(
  { folder, trajectoryFile }: Places,
  { movie, force, resume }: StudyOptions,
  { log, note, warn, control, stop }: Voice,
): Promise<RunFiles> {
  const writeRun = folder ? await loadRunWriter(movie) : undefined;
  const unwritten: RunFiles["unwritten"] = [];
  const attempt = async (write: () => unknown): Promise<boolean> => {
    try {
      await write();
      return true;
    } catch (error) {
      if (!(error instanceof UnwritableError || error instanceof InterruptedError)) throw error;
      unwritten.push(error);
      return false;
    }
  };
  /** An earlier run's files go when the first of this one's comes, and not before it is known to be right. */
  let isReady = resume ?? false;
  const ready = async (): Promise<void> => {
    if (folder && !isReady) await makeWay(folder, force ?? false);
    isReady = true;
  };
  let isReported = false;
  return {
    ready,
    trajectories:
      trajectoryFile &&
      trajectoriesWhileWritable(trajectoryFile, (error) => {
        unwritten.push(error);
        warn(`${error.message}: the run goes on without it`);
      }),
    unwritten,
    attempt,
    async writeResult(document) {
      if (!folder || !writeRun) return;
      const { incomplete, timings } = document;
      note("end", { incomplete: incomplete ?? null, seconds: timings.totalSeconds });
      isReported = await attempt(async () => {
        await ready();
        // What is written of an interrupted run is not interrupted in turn.
        const { onProgress, signal } = control;
        await writeRun(folder, document, log, incomplete === undefined ? { onProgress, signal } : { onProgress });
      });
      stop();
    },
    get isReported() {
      return isReported;
    },
  };
}
