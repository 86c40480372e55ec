/** Kernels on the calling thread: for work that takes less than sending it to a worker, and for callers that want their results at once. */
import { CONTROL, pagesFor, sharedMemory } from "./control.ts";
import { load } from "./load.mjs";
import { compiled, notLoaded, type Program } from "./pool.ts";

/** A program whose kernels are not both jobs' own. */
export type OwnProgram = Program & Required<Pick<Program, "kernels">>;

export interface Loaded {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Readonly<Record<string, (...values: number[]) => number>>;
}

/** The program's kernels over a memory of their own, prepared as the only worker. Throws EngineUnavailableError where they do not load. */
export function loadHere({ kernels, special, potential, arrays, bytes, setup }: OwnProgram): Loaded {
  const memory = sharedMemory(pagesFor(bytes));
  let loaded: Loaded["kernels"];
  try {
    loaded = load({
      memory,
      kernels: compiled(kernels),
      special: compiled(special),
      potential: compiled(potential),
      arrays,
    });
  } catch (cause) {
    throw notLoaded(cause);
  }
  for (const [name, ...args] of [["joinWorkers", CONTROL, 1, 0] as const, ...setup(0)]) loaded[name]!(...args);
  return { memory, kernels: loaded };
}
