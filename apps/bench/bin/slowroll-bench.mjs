#!/usr/bin/env node
// Runs the program from its TypeScript source, so that a checkout never needs a build step.
import { start } from "../../../packages/core/src/setUp.mjs";

await start("slowroll-bench", async () => {
  const { register } = await import("tsx/esm/api");
  register();
  await import("../src/main.ts");
});
