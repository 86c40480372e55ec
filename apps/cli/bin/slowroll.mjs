#!/usr/bin/env node
// Runs the program from its TypeScript source, so that a checkout never needs a build step.
import { register } from "tsx/esm/api";

register();
await import("../src/main.ts");
