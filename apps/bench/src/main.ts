/** The process around the benchmark. It ends by itself once the device is closed. */
import { interruptSignal } from "@slowroll/core/interrupt";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { run } from "./program.ts";

enableFusedMultiplyAdd();

/** Exit code where the output cannot be kept. */
const UNWRITABLE = 2;

// A reader that has had enough is no error; a full disk is one.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`slowroll-bench: standard output: cannot be written: ${error.message}\n`);
  process.exit(UNWRITABLE);
});
process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  signal: interruptSignal(),
});
