/** The plotting scripts that a page carries, so that it opens without a network. A bundle embeds them (scripts/bundle.mjs). */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const FILES: readonly (readonly [name: string, file: string])[] = [
  ["vega", "build/vega.min.js"],
  ["vega-lite", "build/vega-lite.min.js"],
  ["vega-embed", "build/vega-embed.min.js"],
];

/** Vega, Vega-Lite and Vega-Embed as one script text. */
export async function readScripts(): Promise<string> {
  const require = createRequire(import.meta.url);
  const texts = FILES.map(async ([name, file]) => {
    const marker = `${path.sep}node_modules${path.sep}${name}${path.sep}`;
    const entry = require.resolve(name);
    return readFile(path.join(entry.slice(0, entry.lastIndexOf(marker) + marker.length), file), "utf8");
  });
  return (await Promise.all(texts)).join("\n");
}
