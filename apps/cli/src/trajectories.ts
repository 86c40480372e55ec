/** The file of every network's trajectory while a run goes on: a disk that takes no more of it ends no training. */
import { UnwritableError } from "@slowroll/core/errors";
import type { TrajectoryFile } from "@slowroll/core/files/trajectories";

/** The file, of which nothing is left once it could not be written; `onLost` is then told why, once, and the run goes on without it. */
export function trajectoriesWhileWritable(
  file: TrajectoryFile,
  onLost: (error: UnwritableError) => void,
): TrajectoryFile {
  let isLost = false;
  return {
    ...file,
    add(batch, job) {
      if (isLost) return;
      try {
        file.add(batch, job);
      } catch (error) {
        if (!(error instanceof UnwritableError)) throw error;
        isLost = true;
        file.abandon();
        onLost(error);
      }
    },
  };
}
