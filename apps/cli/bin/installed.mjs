// Loads installed packages as they are. They are JavaScript already, yet tsx would rewrite each module that holds an import(): for the
// 4 MB of h5wasm that takes 1.5 s and 600 MB.
import { readFileSync } from "node:fs";

/** A load hook of node:module, for its threads (register) and its own thread (registerHooks) alike. */
export function load(url, context, nextLoad) {
  if (context.format !== "module" || !/^file:.*\/node_modules\//.test(url)) return nextLoad(url, context);
  return { format: "module", source: readFileSync(new URL(url)), shortCircuit: true };
}
