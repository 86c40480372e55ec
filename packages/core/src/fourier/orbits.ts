/**
 * Modes of a cubic grid whose numbers differ in signs and order alone: they have one |k| and one k_eff, so that a table by orbit is a
 * forty-eighth of a table by mode. An orbit is its numbers a >= b >= c >= 0 up to points/2, as many as there are dimensions; orbits count in
 * that order, c first: (0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 0, 0), ... The kernel's twin: `orbitOf` in assembly/fourier/draw.ts.
 */
import type { Work } from "../cooperate.ts";
import type { Grid } from "../engine/latticeJob.ts";

type Shape = Pick<Grid, "dimensions" | "points">;

/** Orbits of a grid, with that of mode 0. */
export function orbitCount({ dimensions, points }: Shape): number {
  const n = Math.floor(points / 2) + 1;
  if (dimensions === 1) return n;
  return dimensions === 2 ? (n * (n + 1)) / 2 : (n * (n + 1) * (n + 2)) / 6;
}

/** Orbits between two looks at the clock. */
const LOOK = 1024;

/** Calls `visit` with each orbit's index and numbers, those of dimensions that are not there being 0. */
export function* eachOrbit(
  { dimensions, points }: Shape,
  visit: (orbit: number, a: number, b: number, c: number) => void,
): Work<void> {
  const half = Math.floor(points / 2);
  let looked = 0;
  for (let a = 0, orbit = 0; a <= half; a++) {
    for (let b = 0; b <= (dimensions > 1 ? a : 0); b++) {
      for (let c = 0; c <= (dimensions > 2 ? b : 0); c++) visit(orbit++, a, b, c);
      if (orbit - looked < LOOK) continue;
      looked = orbit;
      yield;
    }
  }
}
