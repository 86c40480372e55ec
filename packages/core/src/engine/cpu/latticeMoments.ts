/** The moments that a kick adds to a record (latticeWat.ts), as planeMoments in packages/wasm/assembly/field/observe.ts sums them. */
import { get, set } from "../../potential/wat.ts";
import type { arithmetic } from "./latticeVectors.ts";

/** Those of each field; V's is one of the sums that drive the expansion. */
export const FIELD_MOMENTS = ["field", "square", "cube", "fourth", "momentum", "momentumSquare", "gradient"] as const;

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
 * Statements that add a vector of sites of a field to the sums that stand in locals, each moment's in `local(moment)`; `weights` are vectors
 * of the stencil's, none where the one is 1.
 */
export function addMoments(
  { field, above, momentum, onward }: Sites,
  weights: readonly string[],
  { add, sub, mul, madd }: ReturnType<typeof arithmetic>,
  local: (moment: (typeof FIELD_MOMENTS)[number]) => string,
): string[] {
  const sum = (moment: (typeof FIELD_MOMENTS)[number], value: (soFar: string) => string): string =>
    set(local(moment), value(get(local(moment))));
  const [x, square, p] = [get("above"), get("square"), get("pi")];
  const [rise, rises] = [get("rise"), get("rises")];
  return [
    set("above", above),
    set("square", mul(x, x)),
    set("pi", momentum),
    sum("field", (soFar) => add(soFar, x)),
    sum("square", (soFar) => add(soFar, square)),
    sum("cube", (soFar) => madd(square, x, soFar)),
    sum("fourth", (soFar) => madd(square, square, soFar)),
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
