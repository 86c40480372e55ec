/** The declarations of the kernels that transform lattice fields: names and bindings as in shaders/fourier/. */

import { radices, turn } from "../../fourier.ts";
import { type Grid, spectrumBins } from "../../latticeJob.ts";
import type { KernelDeclaration, Specialisation } from "../kernel.ts";

const declare = <B extends string>(declaration: KernelDeclaration<B>): KernelDeclaration<B> => declaration;

export const fourierRows = declare({
  name: "fourier/rows",
  bindings: ["field", "firstField", "twiddles", "modes", "momentum", "firstMomentum", "mixture"],
});

export const fourierColumns = declare({ name: "fourier/columns", bindings: ["twiddles", "modes"] });

export const fourierSpectrum = declare({
  name: "fourier/spectrum",
  bindings: ["modes", "partials", "waveSquares", "massSquared"],
});

/** What spectrum.wgsl weights modes by, in its order. */
export const WEIGHTINGS = ["|n|^d", "omega", "1/omega"] as const;
export type Weighting = (typeof WEIGHTINGS)[number];

/** Bytes of workgroup memory that a number of a line takes: stages go to and fro between two complex numbers. */
const BYTES = 16;
/** Bytes of workgroup memory that leave room for several workgroups on a core. */
const ROOM = 32_768;
/** Lines that a workgroup has even where they take more than that: neighbours in memory are read together. */
const NEIGHBOURS = 4;

/** The longest line that `workgroupBytes` of workgroup memory hold. */
export const longestLine = (workgroupBytes: number): number => Math.floor(workgroupBytes / BYTES);

/** Modes 0 .. points/2 of a row. */
export const modesOf = (points: number): number => Math.floor(points / 2) + 1;

/** Lines a workgroup: as many as `workgroupBytes` of its memory hold well. */
export function linesOf(points: number, workgroupBytes: number): number {
  const room = Math.min(workgroupBytes, Math.max(ROOM, NEIGHBOURS * BYTES * points));
  return Math.floor(room / (BYTES * points));
}

/**
 * What fourier/rows (lines contiguous) and fourier/columns (their numbers apart) are specialised by, for `lines` lines a workgroup: the
 * stages of a side of `points`; `mixed`: of rows of a mixture of field and momentum, or of those of so many fields.
 */
export function lineSpecialisation(
  points: number,
  lines: number,
  kind: "rows" | "columns",
  mixed: boolean | number = false,
): Required<Specialisation> {
  const factors = radices(points);
  let before = 1;
  const stages = factors.map((radix) => {
    const stage = `Stage(${radix}u, ${before}u, ${points / before / radix}u)`;
    before *= radix;
    return stage;
  });
  const steps =
    kind === "rows"
      ? {
          LINE_STEP: points,
          POINT_STEP: 1,
          ...(typeof mixed === "number" ? { MIXED: 2, FIELDS: mixed } : { MIXED: Number(mixed), FIELDS: 1 }),
        }
      : { LINE_STEP: 1, POINT_STEP: lines };
  return {
    constants: { POINTS: points, LINES: lines, ...steps, STAGES: stages.length },
    includes: kind === "rows" ? ["field/single.wgsl"] : [],
    code: `const PLAN = array<Stage, STAGES>(${stages.join(", ")});`,
  };
}

/** What fourier/spectrum is specialised by. */
export function spectrumSpecialisation(
  grid: Pick<Grid, "dimensions" | "points">,
  weighting: Weighting = "|n|^d",
): Specialisation {
  const { dimensions, points } = grid;
  return {
    constants: {
      DIMENSIONS: dimensions,
      POINTS: points,
      BINS: spectrumBins(grid),
      WEIGHTING: WEIGHTINGS.indexOf(weighting),
    },
  };
}

/** [points] complex numbers exp(-2 pi i t/points), made in float64. */
export function twiddleTable(points: number): Float32Array {
  return Float32Array.from({ length: 2 * points }, (_, i) => {
    const [cosine, sine] = turn(Math.floor(i / 2), points);
    return i % 2 === 0 ? cosine : -sine;
  });
}

/** Workgroups [x, y, 1] for so many, of which one dispatch takes at most `most` a dimension; the last ones may find nothing to do. */
export function workgroupsFor(count: number, most: number): [number, number, number] {
  const across = Math.min(count, most);
  return [across, Math.ceil(count / across), 1];
}
