/** Signals as an AbortSignal, for a program around a run. */

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** Within this, signals count as one: `timeout` signals the process and then its group, npm hands on what its group has had. */
const TOGETHER_MILLISECONDS = 500;

/**
 * Aborted by Ctrl-C, and by a batch system that is about to end the process (not by SIGHUP, which nohup has ignored). Only the first signal is
 * handled: a later one ends the process at once, as users expect.
 */
export function interruptSignal(): AbortSignal {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) return;
    interrupt.abort();
    setTimeout(() => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    }, TOGETHER_MILLISECONDS).unref();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return interrupt.signal;
}
