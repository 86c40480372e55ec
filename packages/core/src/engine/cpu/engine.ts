/** The CPU engine: both jobs as WebAssembly SIMD on all cores, in float32 or float64. */
import { cpus } from "node:os";
import type { Engine, Precision } from "../engine.ts";
import { trainEnsemble } from "./ensemble.ts";
import { evolveLattice } from "./lattice.ts";
import { createPool } from "./pool.ts";

export interface CpuOptions {
  readonly precision: Precision;
  /** Worker threads; one for each core where not given. */
  readonly threads?: number | undefined;
  readonly reason: string;
}

/** @throws EngineUnavailableError where the kernels are not built. */
export function openCpuEngine({ precision, threads, reason }: CpuOptions): Engine {
  const pool = createPool(threads);
  const element = precision === "float64" ? "float64" : "float32";
  return {
    info: {
      kind: "cpu",
      name: cpus()[0]?.model.trim() || process.arch,
      backend: "wasm",
      type: "hardware",
      precision: element,
      threads: pool.threads,
      fusedMultiplyAdd: pool.fusedMultiplyAdd,
      reason,
    },
    trainEnsemble: (job, onBatch, control) => trainEnsemble(pool, element, job, onBatch, control),
    evolveLattice: (job, control) => evolveLattice(pool, element, job, control),
    close: () => pool.close(),
  };
}
