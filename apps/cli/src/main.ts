/**
 * The process around the program: streams, signals and the exit code. Nothing here ends the process: it ends by itself once the engine is
 * closed, since ending it under an open device can abort it.
 */
import { interruptSignal } from "@slowroll/core/interrupt";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { run } from "./program.ts";

/** Exit code where the output cannot be kept, as for a folder that cannot be written. */
const UNWRITABLE = 2;

enableFusedMultiplyAdd();

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
  signal: interruptSignal(),
});
