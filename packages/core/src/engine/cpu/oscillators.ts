/**
 * The lattice job's oscillators on the CPU (see Snapshot.oscillators): spectra by the workers, of the field and of a mixture of field and
 * momentum that the host puts together; <d^2V/dphi_f^2> by the host, row after row through a module of that derivative.
 */
import { readModules } from "@slowroll/wasm";
import { assemblePotential } from "../../potential/assemble.ts";
import { curvaturesOf } from "../../potential/curvature.ts";
import { float32 } from "../../potential/emit.ts";
import { formOf } from "../../potential/form.ts";
import { type LatticeJob, type Oscillators, potentialsOf } from "../engine.ts";
import type { MemoryPlan } from "./control.ts";
import { type Elements, eachRow, type Layout } from "./layout.ts";

export interface CurvaturePlan {
  /** Makes what `means` calls, over the job's memory. */
  prepare(memory: WebAssembly.Memory, elements: Elements): Promise<void>;
  /** <d^2V/dphi_f^2> of the field's array at `address`, [realisations][fields]; each row is added by itself. */
  means(elements: Elements, address: number): Float64Array;
}

type Value = (fields: number, stride: number, out: number, count: number, constants: number) => void;

/** @throws InputError where a constant does not fit float32. */
export function planCurvature(plan: MemoryPlan, job: LatticeJob, layout: Layout, size: 4 | 8): CurvaturePlan {
  const { grid, realisations, fields } = job;
  const row = plan.place(layout.rowBytes);
  const derivatives = curvaturesOf(potentialsOf(job)).map((potentials) => {
    const form = formOf(potentials);
    const values = potentials.flatMap((potential) => form.constants.get(potential)!);
    const numbers = size === 4 ? values.map(float32) : values;
    return { form, numbers, count: form.count, constants: plan.place(size * numbers.length) };
  });
  let functions: Value[] = [];
  return {
    async prepare(memory, elements) {
      const env = { memory };
      const special = new WebAssembly.Instance(new WebAssembly.Module(readModules().special), { env }).exports;
      functions = await Promise.all(
        derivatives.map(async ({ form, numbers, constants }) => {
          elements.set(numbers, constants / size);
          const module = await assemblePotential(form, size === 4 ? "float32" : "float64");
          const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env, special });
          return exports.value as Value;
        }),
      );
    },
    means(elements, address) {
      const means = new Float64Array(realisations * fields);
      const sites = grid.points ** grid.dimensions;
      const one = { ...job, realisations: 1, fields: 1 };
      for (let r = 0; r < realisations; r++)
        for (const [f, value] of functions.entries()) {
          const { constants, count } = derivatives[f]!;
          let sum = 0;
          eachRow(one, layout, elements, address + r * fields * layout.fieldBytes, (at) => {
            value(size * at, layout.fieldBytes, row, grid.points, constants + size * r * count);
            let own = 0;
            for (let x = 0; x < grid.points; x++) own += elements[row / size + x]!;
            sum += own;
          });
          means[r * fields + f] = sum / sites;
        }
      return means;
    },
  };
}

/** Writes B phi + C pi of every site to the array at `target`. */
export function mix(
  { realisations, fields, grid }: LatticeJob,
  layout: Layout,
  elements: Elements,
  { turning, velocity }: Oscillators,
  { field, momentum, target }: Readonly<Record<"field" | "momentum" | "target", number>>,
): void {
  const size = elements.BYTES_PER_ELEMENT;
  for (let r = 0; r < realisations; r++) {
    const [b, c] = [turning[r]!, velocity[r]!];
    const shift = (r * fields * layout.fieldBytes) / size;
    const [from, moving, to] = [field / size + shift, momentum / size + shift, target / size + shift];
    eachRow({ realisations: 1, fields }, layout, elements, 0, (at) => {
      for (let x = at; x < at + grid.points; x++)
        elements[to + x] = b * elements[from + x]! + c * elements[moving + x]!;
    });
  }
}
