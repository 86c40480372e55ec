/**
 * The program as it is bundled, for tests that start it again and again: it starts in half the time of the one that translates its sources, and
 * to start is most of what a run does that is soon killed.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";

/** Bundles the programs into a folder; the path of `slowroll` there. Throws what the bundler says. */
export function bundledIn(folder: string): string {
  const bundle = path.resolve(import.meta.dirname, "../../scripts/bundle.mjs");
  const { status, stderr } = spawnSync(process.execPath, [bundle, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return path.join(folder, "slowroll.mjs");
}
