/** Progress with rate and time left on standard error: one line redrawn on a terminal, a line every few seconds elsewhere. */
import type { JobControl } from "@slowroll/core/engine/engine";
import type { Io } from "./io.ts";

export interface Progress {
  readonly onProgress: NonNullable<JobControl["onProgress"]>;
  stop(): void;
}

const si = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export async function createProgress({ progress: stream }: Io, quiet: boolean): Promise<Progress> {
  if (quiet || !stream) return { onProgress: () => {}, stop: () => {} };
  const { default: cliProgress } = await import("cli-progress");
  const bar = new cliProgress.SingleBar({
    format: "{percentage}% | {rate} {unit}/s | {duration_formatted} gone, {eta_formatted} left",
    stream,
    hideCursor: null,
    noTTYOutput: true,
    notTTYSchedule: 3000,
    clearOnComplete: true,
    etaBuffer: 50,
  });
  const start = performance.now();
  let running = false;
  return {
    onProgress(done, total, unit) {
      const payload = { unit, rate: si.format(done / ((performance.now() - start) / 1000)) };
      if (running) {
        bar.setTotal(total);
        bar.update(done, payload);
      } else bar.start(total, done, payload);
      running = true;
    },
    stop() {
      if (running) bar.stop();
      running = false;
    },
  };
}
