/** The moments that a kick adds to a record (latticeWat.ts), as planeMoments in packages/wasm/assembly/field/observe.ts sums them. */
import { get, type Precision, set, VECTORS } from "../../potential/wat.ts";
import { arithmetic, pairs } from "./latticeVectors.ts";

/** Those of each field; V's is one of the sums that drive the expansion. */
export const FIELD_MOMENTS = ["field", "square", "cube", "fourth", "momentum", "momentumSquare", "gradient"] as const;

/** Those summed in float64 whatever the fields are: in float32 such powers would be 0 or infinite where the fields are far from either. */
export const WIDE_MOMENTS: readonly string[] = ["cube", "fourth"] satisfies (typeof FIELD_MOMENTS)[number][];

/** A vector of sites of a field, with 0 for each that is past its row's end. */
interface Sites {
  readonly field: string;
  /** The field less its reference. */
  readonly above: string;
  readonly momentum: string;
  /** The field at the distances 1, 2, ... onward, along each axis. */
  readonly onward: readonly (readonly string[])[];
}

/**
 * Statements that add a vector of sites of a field to the sums that stand in locals, each moment's in `local(moment)`, pairs of float64 of
 * WIDE_MOMENTS and vectors like the fields' of the others; `weights` are vectors of the stencil's, none where the one is 1.
 */
export function addMoments(
  { field, above, momentum, onward }: Sites,
  weights: readonly string[],
  { precision, fused }: { readonly precision: Precision; readonly fused: boolean },
  local: (moment: (typeof FIELD_MOMENTS)[number]) => string,
): string[] {
  const { add, sub, mul, madd } = arithmetic(VECTORS[precision].shape, fused);
  const wide = arithmetic("f64x2", fused);
  const sum = (moment: (typeof FIELD_MOMENTS)[number], value: (soFar: string) => string): string =>
    set(local(moment), value(get(local(moment))));
  const [x, p] = [get("above"), get("pi")];
  const [wideX, wideSquare] = [get("wide"), get("wideSquare")];
  const [rise, rises] = [get("rise"), get("rises")];
  return [
    set("above", above),
    set("pi", momentum),
    sum("field", (soFar) => add(soFar, x)),
    sum("square", (soFar) => madd(x, x, soFar)),
    ...pairs(x, precision).flatMap((pair) => [
      set("wide", pair),
      set("wideSquare", wide.mul(wideX, wideX)),
      sum("cube", (soFar) => wide.madd(wideSquare, wideX, soFar)),
      sum("fourth", (soFar) => wide.madd(wideSquare, wideSquare, soFar)),
    ]),
    sum("momentum", (soFar) => add(soFar, p)),
    sum("momentumSquare", (soFar) => madd(p, p, soFar)),
    ...onward.flatMap((neighbours, i) => [
      ...neighbours.flatMap((neighbour, axis) => [
        set("rise", sub(neighbour, field)),
        set("rises", axis === 0 ? mul(rise, rise) : madd(rise, rise, rises)),
      ]),
      sum("gradient", (soFar) => (weights[i] ? madd(weights[i], rises, soFar) : add(soFar, rises))),
    ]),
  ];
}
