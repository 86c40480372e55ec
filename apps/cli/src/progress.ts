/** Progress with rate and time left on standard error: one line redrawn on a terminal, a line every few seconds elsewhere. */
import type { JobControl } from "@slowroll/core/engine/engine";
import type { Io } from "./io.ts";

export interface Progress {
  readonly onProgress: NonNullable<JobControl["onProgress"]>;
  stop(): void;
}

/** Milliseconds between lines where nothing can be redrawn; a run shorter than this says nothing. */
const LINE_EVERY = 3000;

const si = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export async function createProgress({ progress: stream }: Io, quiet: boolean): Promise<Progress> {
  if (quiet || !stream) return { onProgress: () => {}, stop: () => {} };
  const { default: cliProgress } = await import("cli-progress");
  const bar = new cliProgress.SingleBar({
    format: "{percentage}% | {rate} {unit}/s | {duration_formatted} gone, {eta_formatted} left",
    stream,
    hideCursor: null,
    noTTYOutput: true,
    notTTYSchedule: LINE_EVERY,
    clearOnComplete: true,
    etaBuffer: 50,
  });
  const patience = stream.isTTY ? 0 : LINE_EVERY;
  /** The job that is followed; a study runs several, each with its own total and rate. */
  let job:
    | { readonly unit: string; readonly total: number; readonly start: number; readonly before: number; done: number }
    | undefined;
  let drawn = false;
  const stop = (): void => {
    if (drawn) bar.stop();
    drawn = false;
    job = undefined;
  };
  return {
    onProgress(done, total, unit) {
      if (job && (job.unit !== unit || job.total !== total || done < job.done)) stop();
      const now = performance.now();
      job ??= { unit, total, start: now, before: done, done };
      job.done = done;
      const seconds = (now - job.start) / 1000;
      const payload = { unit, rate: seconds > 0 ? si.format((done - job.before) / seconds) : "?" };
      if (drawn) bar.update(done, payload);
      else if (1000 * seconds >= patience) {
        bar.start(total, done, payload);
        drawn = true;
      }
    },
    stop,
  };
}
