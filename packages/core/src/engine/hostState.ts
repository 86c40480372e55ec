/** A lattice's state on the host: arrays that workers share and that may be larger than a WebAssembly memory. */
import { InputError } from "../errors.ts";
import { counted } from "./counted.ts";
import { describeBytes } from "./memory.ts";

/** Numbers of a state below which starting workers takes longer than what they would do. */
export const FEW_SITES = 2 ** 17;

/** Zeros. Throws InputError where this machine does not give so many. */
export function stateArray(count: number): Float64Array<SharedArrayBuffer> {
  try {
    return new Float64Array(counted(new SharedArrayBuffer(8 * count)));
  } catch (cause) {
    throw new InputError(
      `does not fit: ${describeBytes(8 * count)} of memory were refused by this machine; use fewer points or realisations`,
      { path: "lattice.points", cause },
    );
  }
}

/** Fills [realisations][fields][sites] with a number a field. */
export function fillFields(array: Float64Array, values: readonly number[], sites: number): void {
  for (let rf = 0; rf * sites < array.length; rf++)
    array.fill(values[rf % values.length]!, rf * sites, (rf + 1) * sites);
}

/** The array's own shared memory, or a copy of it. */
export function sharedOf(array: Float64Array): SharedArrayBuffer {
  const { buffer, byteLength } = array;
  if (buffer instanceof SharedArrayBuffer && buffer.byteLength === byteLength) return buffer;
  const copy = stateArray(array.length);
  copy.set(array);
  return copy.buffer;
}
