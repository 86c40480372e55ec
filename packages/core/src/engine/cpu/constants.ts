/** Where the numbers of each realisation's own potential stand, in which potentials of one form differ. */
import { float32 } from "../../potential/emit.ts";
import type { Form } from "../../potential/form.ts";
import type { Potential } from "../../potential/potential.ts";
import type { MemoryPlan } from "./control.ts";
import type { Elements } from "./layout.ts";

export interface ConstantsPlan {
  readonly address: number;
  /** From a realisation's to the next one's. */
  readonly bytes: number;
  write(elements: Elements): void;
}

/**
 * Plans [realisations][constants], of the realisations' potentials in elements of `size` bytes.
 * @throws InputError where one does not fit float32.
 */
export function planConstants(
  plan: MemoryPlan,
  potentials: readonly Potential[],
  form: Form,
  size: 4 | 8,
): ConstantsPlan {
  const values = potentials.flatMap((potential) => form.constants.get(potential)!);
  const numbers = size === 4 ? Float32Array.from(values, float32) : Float64Array.from(values);
  const address = plan.place(numbers.byteLength);
  return { address, bytes: size * form.count, write: (elements) => elements.set(numbers, address / size) };
}
