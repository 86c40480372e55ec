// Leaves in build/ of a package one file for each of its src/libraries/: of a library that comes in hundreds of files, what we use of it.
// Node 20 takes a millisecond and more for each file, twice that beside tsx: mathjs alone, of which we use the parser, took two of the four
// seconds of a short study.
import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
for (const folder of ["packages/core", "apps/cli"]) {
  const sources = path.join(root, folder, "src", "libraries");
  await build({
    entryPoints: readdirSync(sources).map((name) => path.join(sources, name)),
    outdir: path.join(root, folder, "build"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Vega does without it.
    external: ["canvas"],
    legalComments: "linked",
    logLevel: "warning",
  });
}
