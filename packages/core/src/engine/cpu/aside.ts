/** Kernels that the host runs beside any engine: on workers of their own, or, where there is little to do, on the calling thread. */
import { InterruptedError } from "../../errors.ts";
import { controlBlock } from "./control.ts";
import { loadHere, type OwnProgram } from "./here.ts";
import { createPool, type Session } from "./pool.ts";

export interface Aside extends Session {
  close(): Promise<void>;
}

/**
 * Opens a program; `isSmall`: on the calling thread, which hears of nothing meanwhile.
 * @throws InputError where the memory cannot be had, naming `path`; EngineUnavailableError, WorkerLostError.
 */
export async function openAside(program: OwnProgram, path: string, isSmall: boolean): Promise<Aside> {
  if (!isSmall) {
    const pool = createPool(program.workers);
    try {
      return { ...(await pool.open(program, path)), close: () => pool.close() };
    } catch (error) {
      await pool.close();
      throw error;
    }
  }
  const { memory, kernels } = loadHere(program);
  const block = controlBlock(memory);
  return {
    memory,
    workers: 1,
    async run(calls, { signal }) {
      if (signal?.aborted) throw new InterruptedError("interrupted");
      block.reset();
      const start = performance.now();
      let value = 0;
      for (const [name, ...args] of calls(0)) value = kernels[name]!(...args);
      return { values: [value], seconds: (performance.now() - start) / 1000 };
    },
    async close() {},
  };
}
