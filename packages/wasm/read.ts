import { readFileSync } from "node:fs";

/** The bytes of `build/<name>.wasm`. Throws ENOENT where it is not built. */
export function readModule(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`build/${name}.wasm`, import.meta.url)));
}
