/**
 * The worker threads of the CPU engine over one shared memory. They start with the first job and take one message a stretch of work: the
 * calls to make, whole step loops each. Every wait ends: a worker that dies or stands still for too long is a named error.
 */
import { availableParallelism, totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import { readModules } from "@slowroll/wasm";
import { EngineUnavailableError, InputError, InterruptedError, WorkerLostError } from "../../errors.ts";
import type { JobControl, Precision } from "../engine.ts";
import { describeBytes } from "../memory.ts";
import { CONTROL, controlBlock, LARGEST_MEMORY, pagesFor, sharedMemory } from "./control.ts";
import type { Loadable } from "./load.mjs";
import { watch } from "./watch.ts";

/** An export of assembly/jobs.ts and its arguments. */
export type Call = readonly [name: string, ...args: number[]];

/** What a job's workers run. */
export interface Program {
  /** Name of the activation's export in assembly/network/activations.ts. */
  readonly activation?: string;
  /** The potential's module: potential/assemble.ts. */
  readonly potential?: Uint8Array;
  /** That of d^2V/dphi_f^2 in the place of its slopes, where the calls need it. */
  readonly curvature?: Uint8Array;
  /** A lattice's own kernels: latticeWat.ts. */
  readonly lattice?: Uint8Array;
  /** The module whose exports are called, where it is not both jobs' own. */
  readonly kernels?: Uint8Array<ArrayBuffer>;
  /** The vector functions that it and the potential import, where they are not this host's fastest. */
  readonly special?: Uint8Array<ArrayBuffer>;
  /** Float64 arrays beside the memory, which the kernels copy from and to by their number. */
  readonly arrays?: readonly SharedArrayBuffer[];
  /** Bytes of shared memory from address 0. */
  readonly bytes: number;
  /** Workers to use at most. */
  readonly workers: number;
  /** Calls that prepare a worker, made once. */
  setup(worker: number): readonly Call[];
}

export interface Session {
  readonly memory: WebAssembly.Memory;
  readonly workers: number;
  /**
   * Makes the calls on every worker and resolves with the last call's value of each, and the seconds it took. Several may not overlap.
   * @throws InterruptedError, WorkerLostError.
   */
  run(
    calls: (worker: number) => readonly Call[],
    control: JobControl,
    onProgress?: (units: number) => void,
  ): Promise<{ readonly values: number[]; readonly seconds: number }>;
}

export interface Pool {
  readonly threads: number;
  readonly fusedMultiplyAdd: boolean;
  /** Throws InputError where the memory cannot be had, naming `path`; EngineUnavailableError, WorkerLostError. */
  open(program: Program, path: string): Promise<Session>;
  /** What runs, and what is opened later, is rejected with a WorkerLostError. */
  close(): Promise<void>;
}

/** Seconds without any progress or sign of life after which the workers are given up. */
const PATIENCE = 120;

interface Crew {
  /** Sends each worker its message and waits for all answers. */
  send(messages: readonly object[]): Promise<{ value?: number }[]>;
  /** What is waited for is rejected with `reason`, if there is one. */
  end(reason?: WorkerLostError): Promise<void>;
}

/** Starts `count` workers. Whatever ends one of them ends all and rejects what is waited for. */
function startCrew(count: number): Crew {
  const url = new URL("./worker.mjs", import.meta.url);
  let lost: WorkerLostError | undefined;
  let fail: (error: WorkerLostError) => void = () => {};
  let answer: (index: number, message: { value?: number; error?: string }) => void = () => {};
  let ending = false;
  const workers = Array.from({ length: count }, (_, index) => {
    const worker = new Worker(url, { execArgv: [], name: `slowroll ${index}` });
    worker.unref();
    const lose = (why: string): void => {
      if (ending) return;
      lost ??= new WorkerLostError(`worker ${index} of the cpu engine ${why}: run again; if it stays, use --threads 1`);
      fail(lost);
    };
    worker.on("message", (message) => answer(index, message));
    worker.on("error", (error) => lose(`failed (${error.message})`));
    worker.on("exit", (code) => lose(`ended unasked with code ${code}`));
    return worker;
  });
  return {
    async send(messages) {
      if (lost) throw lost;
      const used = messages.map((_, index) => workers[index]!);
      // A worker keeps the process alive while it is waited for, and only then.
      for (const worker of used) worker.ref();
      try {
        return await new Promise((resolve, reject) => {
          const answers: { value?: number }[] = [];
          let open = messages.length;
          fail = reject;
          answer = (index, { value, error }) => {
            if (error !== undefined) {
              lost ??= new WorkerLostError(`worker ${index} of the cpu engine failed: ${error}`);
              reject(lost);
              return;
            }
            answers[index] = value === undefined ? {} : { value };
            if (--open === 0) resolve(answers);
          };
          for (const [index, message] of messages.entries()) used[index]!.postMessage(message);
        });
      } finally {
        fail = () => {};
        answer = () => {};
        // Whose end is waited for keeps the process alive until it is there.
        if (!ending) for (const worker of used) worker.unref();
      }
    },
    async end(reason) {
      ending = true;
      if (reason) {
        lost ??= reason;
        fail(reason);
      }
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** A module of these bytes, where there are any. */
export function compiled(bytes: Uint8Array): WebAssembly.Module;
export function compiled(bytes: Uint8Array | undefined): WebAssembly.Module | undefined;
export function compiled(bytes: Uint8Array | undefined): WebAssembly.Module | undefined {
  return bytes && new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
}

/** The kernels of both jobs, and the vector functions. Throws EngineUnavailableError where they are not built. */
function readKernels() {
  try {
    const { special, jobs, fusedMultiplyAdd } = readModules();
    return { special: new WebAssembly.Module(special), jobs: new WebAssembly.Module(jobs), fusedMultiplyAdd };
  } catch (cause) {
    throw notLoaded(cause);
  }
}

/** Throws InputError where no memory of so many bytes can be had. */
function assertFits(bytes: number, path: string): void {
  if (bytes > LARGEST_MEMORY) throw tooLarge(bytes, path);
  if (bytes > totalmem()) {
    throw new InputError(
      `does not fit: it takes ${describeBytes(bytes)}, and this machine has ${describeBytes(totalmem())}; use a smaller size`,
      { path },
    );
  }
}

/** The memory of one job after another. */
function jobMemory() {
  let memory: WebAssembly.Memory | undefined;
  return {
    /** A zeroed memory; the last job's where it is large enough and not much too large. Throws InputError where it is refused. */
    take(bytes: number, path: string): WebAssembly.Memory {
      const size = memory?.buffer.byteLength ?? 0;
      if (memory && size >= bytes && size <= 4 * bytes + 2 ** 24) {
        new Uint8Array(memory.buffer).fill(0, CONTROL, bytes);
        return memory;
      }
      memory = undefined;
      const initial = pagesFor(bytes);
      try {
        memory = sharedMemory(initial);
      } catch (cause) {
        throw new InputError(
          `does not fit: this machine refuses ${describeBytes(bytes)} of memory; use a smaller size, or raise ulimit -v where it is set, as WebAssembly reserves 10 GiB of addresses at a time`,
          { path, cause },
        );
      }
      return memory;
    },
    drop(): void {
      memory = undefined;
    },
  };
}

/**
 * A pool of `threads` workers, by default one for each core, that are given up after `patience` seconds without progress.
 * Throws EngineUnavailableError where the kernels are not built.
 */
export function createPool(threads: number = availableParallelism(), patience: number = PATIENCE): Pool {
  const { special, jobs, fusedMultiplyAdd } = readKernels();
  const memory = jobMemory();
  let crew: Crew | undefined;
  let closed = false;
  const drop = async (reason?: WorkerLostError): Promise<void> => {
    const ended = crew?.end(reason);
    crew = undefined;
    memory.drop();
    await ended;
  };
  return {
    threads,
    fusedMultiplyAdd,
    async open(program, path) {
      if (closed) throw new WorkerLostError("the cpu engine is closed: open another");
      assertFits(program.bytes, path);
      const workers = Math.max(1, Math.min(threads, program.workers));
      const shared = memory.take(program.bytes, path);
      const block = controlBlock(shared);
      block.reset();
      crew ??= startCrew(threads);
      const loaded = {
        memory: shared,
        special: compiled(program.special) ?? special,
        potential: compiled(program.potential),
        curvature: compiled(program.curvature),
        lattice: compiled(program.lattice),
        kernels: compiled(program.kernels) ?? jobs,
        activation: program.activation,
        arrays: program.arrays,
      } satisfies Loadable;
      let running = false;
      const send = async (messages: object[]): Promise<{ value?: number }[]> => {
        if (!crew || running) throw new WorkerLostError("the cpu engine's workers are gone or busy");
        running = true;
        try {
          return await crew.send(messages);
        } catch (error) {
          block.stop();
          await drop();
          throw error;
        } finally {
          running = false;
        }
      };
      const each = (message: (worker: number) => object): object[] =>
        Array.from({ length: workers }, (_, worker) => message(worker));
      await send(
        each((worker) => ({
          program: loaded,
          calls: [["joinWorkers", CONTROL, workers, worker], ...program.setup(worker)],
        })),
      );
      return {
        memory: shared,
        workers,
        async run(calls, { signal }, onProgress) {
          if (signal?.aborted) throw new InterruptedError("interrupted");
          block.reset();
          const start = performance.now();
          const stop = watch(block, patience, signal, onProgress, drop);
          let answers: { value?: number }[];
          try {
            answers = await Promise.race([send(each((worker) => ({ calls: calls(worker) }))), stop.stalled]);
          } finally {
            stop.end();
          }
          if (signal?.aborted) throw new InterruptedError("interrupted");
          return {
            values: answers.map(({ value }) => value ?? 0),
            seconds: (performance.now() - start) / 1000,
          };
        },
      };
    },
    close() {
      closed = true;
      return drop(new WorkerLostError("the cpu engine was closed while it ran"));
    },
  };
}

/** What is thrown where the kernels are not built, or are not for this host. */
export const notLoaded = (cause: unknown): EngineUnavailableError =>
  new EngineUnavailableError(
    `the cpu engine's kernels cannot be loaded (${(cause as Error).message}): run npm run setup`,
    { cause },
  );

/** The refusal of a job that no shared memory, of `largest` bytes, holds. */
export function tooLarge(
  bytes: number,
  path: string,
  { largest = LARGEST_MEMORY, instead = "a smaller size" } = {},
): InputError {
  return new InputError(
    `does not fit: it takes ${describeBytes(bytes)}, and the shared memory of the cpu engine ends at ${describeBytes(largest)}; use ${instead}`,
    { path },
  );
}

/** Bytes of one element, and the suffix of the exports that compute with it. Other precisions are refused before. */
export function elementOf(precision: Precision): { readonly size: 4 | 8; readonly suffix: "32" | "64" } {
  return precision === "float64" ? { size: 8, suffix: "64" } : { size: 4, suffix: "32" };
}
