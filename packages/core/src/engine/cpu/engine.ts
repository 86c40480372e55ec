/** The CPU engine: both jobs as WebAssembly SIMD on all cores, in float32 or float64. */
import { cpus } from "node:os";
import { InterruptedError } from "../../errors.ts";
import type { Engine, JobControl, Precision } from "../engine.ts";
import { assertRoom, trainEnsemble } from "./ensemble.ts";
import { evolveLattice } from "./lattice.ts";
import { createPool } from "./pool.ts";

export interface CpuOptions {
  readonly precision: Precision;
  /** Worker threads; one for each core where not given. */
  readonly threads?: number | undefined;
  readonly reason: string;
}

/** Resolves with `before`. Throws InterruptedError where the signal is aborted until then. */
async function waitFor(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) throw new InterruptedError("interrupted");
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new InterruptedError("interrupted"));
  });
  signal?.addEventListener("abort", stop);
  try {
    await Promise.race([before, aborted]);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Jobs in the order in which they are asked for, one after another: each takes all workers and their one memory. */
function queue() {
  let last = Promise.resolve();
  return async <Report>(job: () => Promise<Report>, control: JobControl | undefined): Promise<Report> => {
    const before = last;
    let done = (): void => {};
    const own = new Promise<void>((resolve) => {
      done = resolve;
    });
    last = before.then(() => own);
    try {
      await waitFor(before, control?.signal);
      return await job();
    } finally {
      done();
    }
  };
}

/** @throws EngineUnavailableError where the kernels are not built. */
export function openCpuEngine({ precision, threads, reason }: CpuOptions): Engine {
  const pool = createPool(threads);
  const inTurn = queue();
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
    assertRoom: async (job) => assertRoom(pool, element, job),
    trainEnsemble: (job, onBatch, control) =>
      inTurn(() => trainEnsemble(pool, element, job, onBatch, control), control),
    evolveLattice: (job, control) => inTurn(() => evolveLattice(pool, element, job, control), control),
    close: () => pool.close(),
  };
}
