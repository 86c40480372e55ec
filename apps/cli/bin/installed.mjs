// Loads installed packages, and what the set-up builds, as they are. They are JavaScript already, yet tsx would rewrite each module that holds
// an import(): for the 4 MB of h5wasm that takes 1.5 s and 600 MB.
import { readFileSync } from "node:fs";

/** A load hook of node:module, for its threads (register) and its own thread (registerHooks) alike. */
export function load(url, context, nextLoad) {
  if (context.format !== "module" || !/^file:.*\/(node_modules|build)\//.test(url)) return nextLoad(url, context);
  return { format: "module", source: readFileSync(new URL(url)), shortCircuit: true };
}

/**
 * Our sources name the file that they mean, so that there is nothing to look for: on the thread of Node 20's hooks the looking takes a
 * seventh of a short study's time.
 */
export function resolve(specifier, context, nextResolve) {
  if (!context.parentURL || !/^\.\.?\/.*\.ts$/.test(specifier)) return nextResolve(specifier, context);
  return { url: new URL(specifier, context.parentURL).href, format: "module", shortCircuit: true };
}
