/** What the host sees of workers that compute: the counters that they share with it, looked at now and then. */
import { WorkerLostError } from "../../errors.ts";
import type { ControlBlock } from "./control.ts";

/** Milliseconds between looks at the progress, and what counts of them at most: a process that was suspended has looked at nothing. */
const LOOK = 100;
const MOST_COUNTED = 1000;

/** Follows a run: its progress, its interruption, and whether it stands still. What the listener throws, `end` throws. */
export function watch(
  block: ControlBlock,
  patience: number,
  signal: AbortSignal | undefined,
  onProgress: ((units: number) => void) | undefined,
  giveUp: () => Promise<void>,
): { readonly stalled: Promise<never>; end(): void } {
  const before = block.progress();
  let last = before;
  let sign = block.signs();
  let still = 0;
  let looked = performance.now();
  let reject: (error: WorkerLostError) => void = () => {};
  const stalled = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  stalled.catch(() => {});
  const stop = (): void => block.stop();
  signal?.addEventListener("abort", stop);
  /** What the listener threw: the caller's, once the workers have stopped. */
  let thrown: { readonly error: unknown } | undefined;
  const timer = setInterval(() => {
    const done = block.progress();
    const alive = block.signs();
    const now = performance.now();
    still += Math.min(now - looked, MOST_COUNTED);
    looked = now;
    if (done !== last || alive !== sign) {
      still = 0;
      sign = alive;
      if (done === last || thrown) return;
      last = done;
      try {
        onProgress?.(done - before);
      } catch (error) {
        thrown = { error };
        block.stop();
      }
    } else if (still > 1000 * patience) {
      block.stop();
      void giveUp();
      reject(new WorkerLostError(`the cpu engine's workers have stood still for ${patience} s and were ended`));
    }
  }, LOOK);
  return {
    stalled,
    end() {
      clearInterval(timer);
      signal?.removeEventListener("abort", stop);
      if (thrown) throw thrown.error;
      onProgress?.(block.progress() - before);
    },
  };
}
