/** Progress with rate and time left on standard error: one line redrawn on a terminal, a line every few seconds elsewhere. */
import type { JobControl } from "@slowroll/core/engine/engine";
import type { Io } from "./io.ts";

export interface Progress {
  readonly onProgress: NonNullable<JobControl["onProgress"]>;
  /** Clears the line for what else is said; the job's next report draws it again. */
  pause(): void;
  stop(): void;
}

/** Milliseconds between lines where nothing can be redrawn; a run shorter than this says nothing. */
const LINE_EVERY = 3000;

const si = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** 12s, 3m05s, 2h07m. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

export async function createProgress({ progress: stream }: Io, quiet: boolean): Promise<Progress> {
  if (quiet || !stream) return { onProgress: () => {}, pause: () => {}, stop: () => {} };
  const { default: cliProgress } = await import("cli-progress");
  const bar = new cliProgress.SingleBar({
    format: "{percentage}% | {rate} {unit}/s | {gone} gone, {left} left",
    stream,
    hideCursor: null,
    noTTYOutput: true,
    notTTYSchedule: LINE_EVERY,
    clearOnComplete: true,
  });
  const patience = stream.isTTY ? 0 : LINE_EVERY;
  /** The job that is followed; a study runs several, each with its own total and rate. */
  let job:
    | { readonly unit: string; readonly total: number; readonly start: number; readonly before: number; done: number }
    | undefined;
  let drawn = false;
  const pause = (): void => {
    if (drawn) bar.stop();
    drawn = false;
  };
  const stop = (): void => {
    pause();
    job = undefined;
  };
  return {
    onProgress(done, total, unit) {
      if (job && (job.unit !== unit || job.total !== total || done < job.done)) stop();
      const now = performance.now();
      job ??= { unit, total, start: now, before: done, done };
      job.done = done;
      const seconds = (now - job.start) / 1000;
      // The rate is the whole job's: records and wider networks make a short stretch's say little of the rest.
      const rate = seconds > 0 ? (done - job.before) / seconds : 0;
      const payload = {
        unit,
        rate: rate > 0 ? si.format(rate) : "?",
        gone: duration(seconds),
        left: rate > 0 ? duration((total - done) / rate) : "?",
      };
      if (drawn) bar.update(done, payload);
      else if (1000 * seconds >= patience) {
        bar.start(total, done, payload);
        drawn = true;
      }
    },
    pause,
    stop,
  };
}
