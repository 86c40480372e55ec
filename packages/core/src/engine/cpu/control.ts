/**
 * The control block that the workers of a job share, as packages/wasm/assembly/control.ts lays it out, and the planning of what stands
 * behind it in the shared memory.
 */
import { counted } from "../counted.ts";

/** Bytes into the memory where the control block stands, and what its words mean. */
export const CONTROL = 1024;
const STOP = CONTROL;
const CLAIM = CONTROL + 64;
const PROGRESS = CONTROL + 128;
const SIGNS = CONTROL + 384;
const FIRST_FREE = 4096;
const PAGE = 65536;

/** A shared memory ends here: WebAssembly's addresses have 32 bits. */
export const LARGEST_MEMORY = 2 ** 32;

/** Gives out consecutive stretches of a memory that does not exist yet. */
export interface MemoryPlan {
  /** The address of `bytes` bytes on a cache line of their own. */
  place(bytes: number): number;
  /** All bytes given out so far, with the control block. */
  readonly bytes: number;
}

export function planMemory(): MemoryPlan {
  let end = FIRST_FREE;
  return {
    place(bytes) {
      const address = end;
      end += Math.ceil(bytes / 64) * 64;
      return address;
    },
    get bytes() {
      return end;
    },
  };
}

/** Whole pages for `bytes`, with some room so that a slightly larger job finds it sufficient; up to the largest memory never beyond it. */
export function pagesFor(bytes: number): number {
  const pages = Math.ceil(bytes / PAGE);
  const grain = 2 ** Math.max(0, Math.floor(Math.log2(pages)) - 3);
  return Math.ceil(pages / grain) * grain;
}

/** A zeroed memory of so many pages. Throws RangeError where this machine does not give it. */
export function sharedMemory(pages: number): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  // The types of browsers do not know that it is one.
  counted(memory.buffer as ArrayBufferLike as SharedArrayBuffer);
  return memory;
}

export interface ControlBlock {
  /** Tells the workers to end the job early. */
  stop(): void;
  /** Makes the first item the next one to be taken, and nothing stopped. */
  reset(): void;
  /** Units of work done since the memory was made. */
  progress(): number;
  /** A number that changes while a worker is within a long unit of work. */
  signs(): number;
}

export function controlBlock({ buffer }: WebAssembly.Memory): ControlBlock {
  const words = new Int32Array(buffer);
  const longs = new BigInt64Array(buffer, PROGRESS, 1);
  return {
    stop: () => {
      Atomics.store(words, STOP / 4, 1);
    },
    reset: () => {
      Atomics.store(words, STOP / 4, 0);
      Atomics.store(words, CLAIM / 4, 0);
    },
    progress: () => Number(Atomics.load(longs, 0)),
    signs: () => Atomics.load(words, SIGNS / 4),
  };
}
