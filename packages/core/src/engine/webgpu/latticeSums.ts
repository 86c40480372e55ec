/** What reductions leave of each slab, partial sums, and the means that come of it in float64. */
import type { LatticeJob, Observation } from "../engine.ts";
import type { Numbers } from "./latticeNumbers.ts";
import type { ReductionLayout } from "./latticePictures.ts";

/** Sums in the Moments struct of moments.wgsl, which has a reference and a scale before them, float32 both. */
const SUMS = 8;
/** The first of them, of x to x^4, are in units of 1/scale. */
const POWERS = 4;
const momentWords = ({ words }: Numbers): number => 2 + words * SUMS;

/** How a job's records are laid out: in how many parts a slab's moments are summed, and how its other reductions are. */
export interface RecordLayout extends ReductionLayout {
  readonly momentGroups: number;
}

/** Bytes of what one record of a reduction leaves of a slab. */
export function recordBytes(
  { realisations, fields }: Pick<LatticeJob, "realisations" | "fields">,
  { groups, momentGroups }: RecordLayout,
  numbers: Numbers,
) {
  const sums = realisations * fields;
  return { moments: 4 * momentWords(numbers) * sums * momentGroups, cosines: 4 * numbers.words * sums * groups };
}

/** The means that were asked for, from one observation's partial sums of each slab, [realisations][fields][groups] of Moments, added in float64. */
export function gatherMoments(
  job: LatticeJob,
  slabs: readonly Float32Array[],
  groups: number,
  numbers: Numbers,
): Omit<Observation, "afterOperation"> {
  const { fields, grid } = job;
  const sites = grid.points ** grid.dimensions;
  const words = momentWords(numbers);
  const stride = groups * words;
  /** One number of each realisation and field, from its reference, the first slab's scale and the means of its sums in that scale. */
  const each = (pick: (means: readonly number[], reference: number, scale: number) => number): Float64Array =>
    Float64Array.from({ length: slabs[0]!.length / stride }, (_, rf) => {
      const means = new Array<number>(SUMS).fill(0);
      const [reference, scale] = slabs[0]!.subarray(rf * stride) as unknown as [number, number];
      for (const data of slabs) {
        // A power of two: of one slab 1, and its sums stay as they are.
        const ratio = scale / data[rf * stride + 1]!;
        for (let g = 0; g < groups; g++) {
          const at = rf * stride + g * words;
          for (const [n, sum] of numbers.unpack(data.subarray(at + 2, at + words)).entries())
            means[n]! += (n < POWERS ? ratio ** (n + 1) * sum : sum) / sites;
        }
      }
      return pick(means, reference, scale);
    });
  const asked = new Set(job.reductions.map(({ kind }) => kind));
  return {
    ...(asked.has("field")
      ? {
          fieldMean: each(([m1], reference, scale) => reference + m1! / scale),
          fieldVariance: each(([m1, m2], _reference, scale) => Math.max(0, m2! - m1! ** 2) / scale ** 2),
        }
      : {}),
    ...(asked.has("shape")
      ? {
          fieldThird: each(([m1, m2, m3], _reference, scale) => (m3! - 3 * m1! * m2! + 2 * m1! ** 3) / scale ** 3),
          fieldFourth: each(
            ([m1, m2, m3, m4], _reference, scale) =>
              Math.max(0, m4! - 4 * m1! * m3! + 6 * m1! ** 2 * m2! - 3 * m1! ** 4) / scale ** 4,
          ),
        }
      : {}),
    ...(asked.has("momentum")
      ? { momentumMean: each((means) => means[4]!), momentumSquare: each((means) => means[5]!) }
      : {}),
    ...(asked.has("gradient") ? { gradient: each((means) => means[6]! / grid.spacing ** 2) } : {}),
    ...(asked.has("potential") ? { potential: each((means) => means[7]!).filter((_, rf) => rf % fields === 0) } : {}),
  };
}

/** 2 <phi cos(k.x)> from the partial sums of each slab, [realisations][fields][groups]. */
export function gatherCosine(
  { grid, realisations, fields }: LatticeJob,
  slabs: readonly Float32Array[],
  groups: number,
  { unpack }: Numbers,
): Float64Array {
  const sites = grid.points ** grid.dimensions;
  const totals = new Float64Array(realisations * fields);
  for (const data of slabs) for (const [i, sum] of unpack(data).entries()) totals[Math.floor(i / groups)]! += sum;
  return totals.map((sum) => (2 * sum) / sites);
}
