#!/usr/bin/env node
// Runs the program from its TypeScript source, so that a checkout never needs a build step.
import * as modules from "node:module";
import { start } from "../../../packages/core/src/setUp.mjs";
import { load } from "./installed.mjs";

await start("slowroll", async () => {
  const { register } = await import("tsx/esm/api");
  register();
  // Hooks that come later run first. Node 20 has only those of a thread of their own.
  if (modules.registerHooks) modules.registerHooks({ load });
  else modules.register("./installed.mjs", import.meta.url);
  await import("../src/main.ts");
});
