/** What every update of the lattice's kernels (latticeWat.ts) makes of a vector of sites: its fields, their Laplacian and the potential there. */
import { emitter } from "../../potential/emit.ts";
import { get, type Parts, set, VECTORS, wat } from "../../potential/wat.ts";
import { after, at, type Neighbourhood, type Row } from "./latticeRows.ts";
import { arithmetic } from "./latticeVectors.ts";
import type { LatticeKernels } from "./latticeWat.ts";

/** A coefficient of the update, in every lane. */
export const each = (coefficient: string): string => get(`each_${coefficient}`);

/** The code of a job's kernels; the functions that the potential calls go to `imports`. */
export function siteCode(kernels: LatticeKernels, imports: Set<string>) {
  const { form, precision, fused, dimensions, weights, layout } = kernels;
  const { shape, bits } = VECTORS[precision];
  const reach = weights.length;
  const fields = form.fields.map((_, f) => f);
  const { add, mul, madd, nmadd } = arithmetic(shape, fused);
  const load = (row: Row, f: number, sites = 0): string =>
    at("v128.load", after(row, f * layout.fieldBytes + (sites * bits) / 8));
  const store = (row: Row, f: number, value: string): string =>
    at("v128.store", after(row, f * layout.fieldBytes), value);
  const splat = (value: string): string =>
    `(${shape}.splat ${precision === "float64" ? value : `(f32.demote_f64 ${value})`})`;

  /** Field `f` at the distance i + 1 to either side, along each axis. `ahead` stands for it in the last row. */
  const neighbours = ({ here, across, beyond }: Neighbourhood, f: number, i: number, ahead?: string) => [
    [load(here, f, -(i + 1)), load(here, f, i + 1)] as const,
    ...[across, beyond]
      .flatMap((rows) => rows.slice(i, i + 1))
      .map(([before, behind]) => {
        const last = ahead !== undefined && behind === beyond[reach - 1]![1];
        return [load(before, f), last ? ahead : load(behind, f)] as const;
      }),
  ];

  return {
    fields,
    load,
    store,
    neighbours,

    /** dx^2 times the Laplacian of field `f`, to `lap`. The site, phi`f`, is taken off its neighbours before any factor, so that a uniform
     * field has none at all. */
    laplacian(around: Neighbourhood, f: number, ahead?: string): string[] {
      return weights.map((_, i) => {
        const sum = neighbours(around, f, i, ahead)
          .map(([before, behind]) => add(before, behind))
          .reduce(add);
        const above = nmadd(get("degree"), get(`phi${f}`), sum);
        // The narrowest stencil's weight is 1.
        if (reach === 1) return set("lap", above);
        return set("lap", i === 0 ? mul(get("weight0"), above) : madd(get(`weight${i}`), above, get("lap")));
      });
    },

    /** The fields to phi0, phi1, ..., the potential's parts, and its results' operands; the numbers it needs go to `constants`. */
    potential({ here }: Neighbourhood, constants: string[], summed: boolean) {
      const parts: Parts = { fields: new Set(), constants, lines: [] };
      const emit = emitter(wat(precision, parts, imports));
      const slopes = form.tree.gradient.map(emit);
      const value = summed ? emit(form.tree.value) : "";
      return { lines: [...fields.map((f) => set(`phi${f}`, load(here, f))), ...parts.lines], slopes, value };
    },

    /** Statements that set what kernels of those coefficients need before their rows. */
    prepared: (coefficients: readonly string[], constants: readonly string[]): string[] => [
      ...coefficients.map((name) => set(`each_${name}`, splat(get(name)))),
      set("degree", splat(`(f64.const ${2 * dimensions})`)),
      ...(reach > 1 ? weights.map((weight, i) => set(`weight${i}`, splat(`(f64.const ${weight})`))) : []),
      ...constants.map((text, i) => set(`c${i}`, text)),
    ],
  };
}

export type SiteCode = ReturnType<typeof siteCode>;
