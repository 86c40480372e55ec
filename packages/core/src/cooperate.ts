/**
 * Long computations on the host that can be interrupted: written once as a generator that yields wherever it may be left, and run either
 * to its end at once or in slices, between which the event loop can hear of an interrupt.
 */
import { setImmediate } from "node:timers/promises";
import { InterruptedError } from "./errors.ts";

/** Yields every so often, at least every few milliseconds of work. */
export type Work<T> = Generator<void, T>;

/** Milliseconds between two looks at the event loop. */
const SLICE = 50;

/** Does all of it now. */
export function complete<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Does it in slices. Throws InterruptedError where `signal` is aborted, and what the work throws. */
export async function cooperate<T>(work: Work<T>, signal: AbortSignal | undefined): Promise<T> {
  let pause = performance.now() + SLICE;
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() < pause) continue;
    await setImmediate();
    if (signal?.aborted) throw new InterruptedError("interrupted");
    pause = performance.now() + SLICE;
  }
}
