/** A potential's WebAssembly module as bytes: see wat.ts. The assembler is loaded when first needed. */
import type wabt from "wabt";
import type { Emitted } from "./form.ts";
import { emitWat, type Precision } from "./wat.ts";

/** Loading takes milliseconds, more than many a job. */
let assembler: ReturnType<typeof wabt> | undefined;

/**
 * The module of V and its gradient, to be instantiated with a shared memory and packages/wasm's special module.
 * @throws InputError where a constant does not fit float32.
 */
export async function assemblePotential(potential: Emitted, precision: Precision): Promise<Uint8Array<ArrayBuffer>> {
  const text = emitWat(potential, precision);
  assembler ??= import("wabt").then(({ default: load }) => load());
  const module = (await assembler).parseWat("potential.wat", text, { simd: true, threads: true });
  try {
    // Not validated here: the assembler's own check refuses shared memories, and the engine's compiler checks anyway.
    return Uint8Array.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
