/**
 * The process around the program: streams, signals and the exit code. Nothing here ends the process: it ends by itself once the engine is
 * closed, since ending it under an open device can abort it.
 */
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { run } from "./program.ts";

enableFusedMultiplyAdd();

const interrupt = new AbortController();
// Only the first interrupt is handled: a second one ends the process at once, as users expect.
process.once("SIGINT", () => interrupt.abort());

// A reader that has had enough, as `head` has, is no error: the rest goes nowhere and the end is quiet.
let closed = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  closed = true;
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.on("exit", () => {
  if (closed) process.exitCode = 0;
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
