/**
 * The CPU kernels as WebAssembly, compiled from assembly/ by build.mjs. A bundle replaces `readModule` by an embedded table
 * (scripts/bundle.mjs).
 */
import { setFlagsFromString } from "node:v8";
import { readModule } from "./read.ts";

export interface Modules {
  /** Vector functions and activations: assembly/special.ts. */
  readonly special: Uint8Array<ArrayBuffer>;
  /** Both jobs: assembly/jobs.ts. */
  readonly jobs: Uint8Array<ArrayBuffer>;
  /** Whether products and sums are fused. */
  readonly fusedMultiplyAdd: boolean;
}

/**
 * Lets WebAssembly fuse products and sums where this Node can but does not by itself: Node 20 has relaxed SIMD only behind a flag of V8's.
 * It is worth a fifth to a half of the speed and changes the last bit. The flag is the whole process's, so a program calls this, before
 * anything is compiled, and the library never does.
 */
export function enableFusedMultiplyAdd(): void {
  if (process.versions.v8.startsWith("11.3.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** The modules for this host: with fused multiply-add where it validates. Throws ENOENT where they are not built. */
export function readModules(): Modules {
  const fused = { special: readModule("special.fma"), jobs: readModule("jobs.fma") };
  if (WebAssembly.validate(fused.jobs)) return { ...fused, fusedMultiplyAdd: true };
  return { special: readModule("special"), jobs: readModule("jobs"), fusedMultiplyAdd: false };
}

/** A module that is not fused, for the same bits on every host. Throws ENOENT where it is not built. */
export const readPlainModule = (name: "special" | "fourier" | "energies"): Uint8Array<ArrayBuffer> => readModule(name);

/** The benchmark's own module, assembly/bench.ts, of the same kind as `readModules`. */
export function readBenchModule(): Uint8Array<ArrayBuffer> {
  const fused = readModule("bench.fma");
  return WebAssembly.validate(fused) ? fused : readModule("bench");
}
