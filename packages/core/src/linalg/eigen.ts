/** Eigenvalues and eigenvectors of symmetric matrices, by ml-matrix (decompose.mjs). */
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { InterruptedError, WorkerLostError } from "../errors.ts";
import { decompose } from "./decompose.mjs";

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Column i of [size][size] belongs to value i. */
  readonly vectors: Float64Array;
}

/** How far rounding may take an eigenvalue of a symmetric matrix with these: some ulps of the largest for each row. */
export const eigenvalueRounding = (values: ArrayLike<number>): number =>
  4 * Number.EPSILON * values.length * Math.max(...Array.from(values, Math.abs));

/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix [size][size] of finite numbers: 1 s for 512, 7 to 14 s for 1,024. Throws
 * RangeError for another number of them.
 */
export function eigen(symmetric: ArrayLike<number>, size: number): Eigen {
  if (symmetric.length !== size ** 2)
    throw new RangeError(`a matrix of size ${size} has ${size ** 2} numbers, not ${symmetric.length}`);
  return decompose(Float64Array.from(symmetric), size);
}

/** Size below which starting a worker takes longer than the work. */
const SMALL = 128;

/**
 * The same, of large matrices on a thread of its own, so that the caller's hears of an interrupt.
 * @throws InterruptedError where `signal` is aborted; WorkerLostError where the thread fails, as for want of memory.
 */
export async function eigenAside(symmetric: Float64Array, size: number, signal?: AbortSignal): Promise<Eigen> {
  // So that an interrupt is heard between many small ones too.
  if (size < SMALL) await setImmediate();
  if (signal?.aborted) throw new InterruptedError("interrupted");
  if (size < SMALL) return eigen(symmetric, size);
  const worker = new Worker(new URL("./eigenWorker.mjs", import.meta.url), {
    execArgv: [],
    workerData: { symmetric, size },
  });
  let interrupt = (): void => {};
  try {
    return await new Promise<Eigen>((resolve, reject) => {
      interrupt = () => reject(new InterruptedError("interrupted"));
      signal?.addEventListener("abort", interrupt);
      worker.on("message", resolve);
      const lose = (why: string): void =>
        reject(new WorkerLostError(`the worker for the eigenvalues of ${size} data ${why}: use fewer data`));
      worker.on("error", ({ message }) => lose(`failed (${message})`));
      worker.on("exit", (code) => lose(`ended unasked with code ${code}`));
    });
  } finally {
    signal?.removeEventListener("abort", interrupt);
    await worker.terminate();
  }
}
