import { readFileSync } from "node:fs";

/** The text of `shaders/<name>`. Throws ENOENT where there is no such file. */
export function readShader(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}
