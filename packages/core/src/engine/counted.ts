/**
 * Shared memory that V8 gives back in time. It frees what nothing refers to any more, but does not count what is shared: the states of a
 * sweep's points, or the memories of an engine's jobs, would stay, one after another, until something else fills the heap. An array of the
 * same size that nobody touches, which takes addresses and no memory, counts for each.
 */
const counters = new WeakMap<SharedArrayBuffer, ArrayBuffer>();

/** The same buffer. */
export function counted(buffer: SharedArrayBuffer): SharedArrayBuffer {
  try {
    counters.set(buffer, new ArrayBuffer(buffer.byteLength));
  } catch {
    // A system that promises no more memory than it has may have none left to promise: then it is the collector's to notice.
  }
  return buffer;
}
