/** Progress on standard error: of a job with rate and time left, of what the host computes with the time it has taken. */
import type { JobControl } from "@slowroll/core/engine/engine";
import type { Io } from "./io.ts";

export interface Progress {
  readonly onProgress: NonNullable<JobControl["onProgress"]>;
  /** Shows what the host computes and for how long, until the next report. */
  readonly onStage: NonNullable<JobControl["onStage"]>;
  /** Clears the line for what else is said; the next report or second draws it again. */
  pause(): void;
  stop(): void;
}

/** Milliseconds between a job's lines where nothing can be redrawn; a run shorter than this says nothing. */
const LINE_EVERY = 3000;
/** And between those of what the host computes, of which only the time changes. */
const STAGE_LINE_EVERY = 60_000;

const si = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** 12s, 3m05s, 2h07m. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

const sinceInSeconds = (start: number): number => (performance.now() - start) / 1000;

export async function createProgress({ progress: stream }: Io, quiet: boolean): Promise<Progress> {
  if (quiet || !stream) return { onProgress: () => {}, onStage: () => {}, pause: () => {}, stop: () => {} };
  const { default: cliProgress } = await import("cli-progress");
  const barOf = (format: string, notTTYSchedule: number) =>
    new cliProgress.SingleBar({
      format,
      stream,
      hideCursor: null,
      noTTYOutput: true,
      notTTYSchedule,
      clearOnComplete: true,
    });
  const bar = barOf("{percentage}% | {rate} {unit}/s | {gone} gone, {left} left", LINE_EVERY);
  const stageBar = barOf("{what} | {gone} gone", STAGE_LINE_EVERY);
  const patience = stream.isTTY ? 0 : LINE_EVERY;
  /** The job that is followed; a study runs several, each with its own total and rate. */
  let job:
    | { readonly unit: string; readonly total: number; readonly start: number; readonly before: number; done: number }
    | undefined;
  let stage: NodeJS.Timeout | undefined;
  let drawn: typeof bar | undefined;
  const pause = (): void => {
    drawn?.stop();
    drawn = undefined;
  };
  const stop = (): void => {
    pause();
    clearInterval(stage);
    stage = undefined;
    job = undefined;
  };
  return {
    onProgress(done, total, unit) {
      if (stage || (job && (job.unit !== unit || job.total !== total || done < job.done))) stop();
      // What is done is said once, however long what follows takes.
      if (job && job.done === total) return;
      job ??= { unit, total, start: performance.now(), before: done, done };
      job.done = done;
      const seconds = sinceInSeconds(job.start);
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
        drawn = bar;
      }
      if (done === total) pause();
    },
    onStage(what) {
      stop();
      const start = performance.now();
      // As with a job, what is over in no time is not spoken of.
      stage = setInterval(() => {
        const seconds = sinceInSeconds(start);
        if (1000 * seconds < LINE_EVERY) return;
        const payload = { what, gone: duration(seconds) };
        if (drawn) stageBar.update(0, payload);
        else stageBar.start(1, 0, payload);
        drawn = stageBar;
      }, 1000);
      stage.unref();
    },
    pause,
    stop,
  };
}
