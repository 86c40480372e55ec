/**
 * The process around the program: streams, signals and the exit code. Nothing here ends the process: it ends by itself once the engine is
 * closed, since ending it under an open device can abort it.
 */
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { run } from "./program.ts";

/** Exit code where the output cannot be kept, as for a folder that cannot be written. */
const UNWRITABLE = 2;

enableFusedMultiplyAdd();

const interrupt = new AbortController();
// Ctrl-C, and a batch system that is about to end the job (not SIGHUP, which nohup has ignored). A later one ends the process at once, as
// users expect; one that comes with the first does not: `timeout` signals the process and then its group, npm hands on what its group has had.
const TOGETHER_MILLISECONDS = 500;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
function onSignal(): void {
  if (interrupt.signal.aborted) return;
  interrupt.abort();
  setTimeout(() => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }, TOGETHER_MILLISECONDS).unref();
}
for (const signal of SIGNALS) process.on(signal, onSignal);

// A reader that has had enough, as `head` has, is no error: the rest goes nowhere and the end is quiet. A full disk is one.
let closed = false;
let failure: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  closed = true;
  if (error.code === "EPIPE" || failure) return;
  failure = error;
  process.stderr.write(`slowroll: standard output: cannot be written: ${error.message}\n`);
});
// Nobody is left to tell.
process.stderr.on("error", () => {});
process.on("exit", () => {
  if (closed) process.exitCode = failure ? UNWRITABLE : 0;
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => {
    if (!closed) process.stdout.write(text);
  },
  error: (text) => process.stderr.write(text),
  progress: process.stderr,
  async readInput() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
  },
  cwd: process.cwd(),
  signal: interrupt.signal,
});
