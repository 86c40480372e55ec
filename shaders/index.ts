/**
 * WGSL kernels as text. A kernel is one file; a line `// include: special/erf.wgsl` in it stands for that file's text, each file once.
 * The files are read from beside this module; a bundle replaces `readShader` by an embedded table (scripts/bundle.mjs).
 */
import { readShader } from "./read.ts";

export { readShader };

const INCLUDE = /^[ \t]*\/\/ include: (\S+)[ \t]*$/gm;

/** The text of `text` with its include lines replaced, depth first, each file at its first mention. Throws where a file is missing. */
export function resolveIncludes(text: string, seen: Set<string> = new Set()): string {
  return text.replace(INCLUDE, (_line, name: string) => {
    if (seen.has(name)) return "";
    seen.add(name);
    return resolveIncludes(readShader(name), seen).trimEnd();
  });
}
