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

/** Starts each job when those given before have ended, in whatever way: all have the workers and their memory to themselves. */
function inOrder(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const own = last.then(job, job);
    last = own;
    return own;
  };
}

/** @throws EngineUnavailableError where the kernels are not built. */
export function openCpuEngine({ precision, threads, reason }: CpuOptions): Engine {
  const pool = createPool(threads);
  const queue = inOrder();
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
    trainEnsemble: (job, onBatch, control) => queue(() => trainEnsemble(pool, element, job, onBatch, control)),
    evolveLattice: (job, control) => queue(() => evolveLattice(pool, element, job, control)),
    close: () => pool.close(),
  };
}
