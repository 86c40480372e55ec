/** WebAssembly text as modules' bytes, a potential's (wat.ts) and others. The assembler is loaded when first needed. */
import type wabt from "wabt";
import type { Emitted } from "./form.ts";
import { emitWat, type Precision } from "./wat.ts";

/** Loading takes milliseconds, more than many a job. */
let assembler: ReturnType<typeof wabt> | undefined;

/** A module's bytes. */
export async function assembleWat(name: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
  assembler ??= import("wabt").then(({ default: load }) => load());
  const module = (await assembler).parseWat(`${name}.wat`, text, { simd: true, threads: true, relaxed_simd: true });
  try {
    // Not validated here: the assembler's own check refuses shared memories, and the engine's compiler checks anyway.
    return Uint8Array.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/**
 * The module of V and its gradient, to be instantiated with a shared memory and packages/wasm's special module.
 * @throws InputError where a constant does not fit float32.
 */
export async function assemblePotential(potential: Emitted, precision: Precision): Promise<Uint8Array<ArrayBuffer>> {
  return assembleWat("potential", emitWat(potential, precision));
}
