/** The process around the benchmark. It ends by itself once the device is closed. */
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { run } from "./program.ts";

enableFusedMultiplyAdd();

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
