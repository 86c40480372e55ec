/** The kick of a lattice's kernels (latticeWat.ts), two half kicks in one, in the forms that its call can ask for. */
import { get, set, VECTORS } from "../../potential/wat.ts";
import { addMoments } from "./latticeMoments.ts";
import { after, at, closeRow, type Neighbourhood, type RowKernel } from "./latticeRows.ts";
import { each, type SiteCode } from "./latticeSites.ts";
import { drivingPart, momentPart, planeSums } from "./latticeSums.ts";
import { arithmetic, first } from "./latticeVectors.ts";
import type { LatticeKernels } from "./latticeWat.ts";

/** Vectors of float32 that are summed as such before they are added to float64: more would cost the sums digits. */
const BLOCK = 8;

/** Whether a kick drifts the plane ahead, has two halves `alike`, and adds to a record. */
export interface KickForm {
  readonly drifts?: boolean;
  readonly alike?: boolean;
  readonly records?: boolean;
}

/** The kick of rows among those `around` them; the momentum is `momentumAfter` bytes after the field. */
export function kick(
  kernels: LatticeKernels & Required<Pick<LatticeKernels, "momentumAfter">>,
  { fields, load, store, neighbours, laplacian, potential, prepared }: SiteCode,
  around: Neighbourhood,
  { drifts = false, alike = false, records = false }: KickForm,
): RowKernel {
  const { precision, fused, weights, layout, momentumAfter } = kernels;
  const { shape, bits } = VECTORS[precision];
  const reach = weights.length;
  const { add, sub, mul, madd, nmadd } = arithmetic(shape, fused);
  const constants: string[] = [];
  const { here, pointers, beyond } = around;
  const momentum = after(here, momentumAfter);
  const ahead = drifts ? beyond[reach - 1]?.[1] : undefined;
  const { cleared, gathered, stored } = planeSums(kernels, records);
  const drift = (f: number): string[] =>
    ahead
      ? [
          set("ahead", madd(each("drift"), load(after(ahead, momentumAfter), f), load(ahead, f))),
          store(ahead, f, get("ahead")),
        ]
      : [];
  return {
    pointers,
    turn(count) {
      /** 0 past the row's end. */
      const counted = (vector: string): string => first(count, vector, bits);
      const summed = (part: string, sum: (soFar: string) => string): string => set(part, sum(get(part)));
      const { lines, slopes, value } = potential(around, constants, true);
      const force = (strength: string, pull: string, f: number): string =>
        nmadd(each(pull), slopes[f]!, mul(each(strength), get("lap")));
      const above = (f: number): string => counted(sub(get(`phi${f}`), get(`reference${f}`)));
      const moments = (f: number): string[] => {
        const sites = {
          field: counted(get(`phi${f}`)),
          above: above(f),
          momentum: counted(get("p")),
          onward: weights.map((_, i) =>
            neighbours(around, f, i, ahead && get("ahead")).map(([, behind]) => counted(behind)),
          ),
        };
        const given = reach > 1 ? weights.map((_, i) => get(`weight${i}`)) : [];
        return addMoments(sites, given, kernels, (moment) => momentPart(moment, f));
      };
      const updates = fields.flatMap((f) => [
        ...drift(f),
        ...laplacian(around, f, ahead && get("ahead")),
        set("kick", force("laplacian", "force", f)),
        set("p", add(load(momentum, f), get("kick"))),
        store(momentum, f, add(get("p"), alike ? get("kick") : force("laplacian2", "force2", f))),
        summed(drivingPart("squares"), (soFar) => madd(counted(get("p")), counted(get("p")), soFar)),
        summed(drivingPart("gradients"), (soFar) => nmadd(above(f), counted(get("lap")), soFar)),
        ...(records ? moments(f) : []),
      ]);
      return [...lines, ...updates, summed(drivingPart("potentials"), (soFar) => add(soFar, counted(value)))];
    },
    before: () => [
      ...prepared(
        ["laplacian", "force", ...(alike ? [] : ["laplacian2", "force2"]), ...(drifts ? ["drift"] : [])],
        constants,
      ),
      ...fields.map((f) => {
        const site = { pointer: "field", offset: f * layout.fieldBytes };
        return set(`reference${f}`, at(`v128.load${bits}_splat`, site));
      }),
    ],
    after: stored,
    rowBefore: cleared,
    rowAfter: (bytes) => [
      ...gathered,
      ...(ahead ? fields.flatMap((f) => closeRow(kernels, after(ahead, f * layout.fieldBytes), bytes)) : []),
    ],
    block: precision === "float32" ? { vectors: BLOCK, after: [...gathered, ...cleared] } : undefined,
  };
}
