/** The process around the program: streams, signals and the exit code. The process ends by itself once the engine is closed. */
import { run } from "./program.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => {
  interrupt.abort();
  // A second interrupt ends at once, as users expect.
  process.once("SIGINT", () => process.exit(130));
});
// A reader that has had enough, as `head` has, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
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
