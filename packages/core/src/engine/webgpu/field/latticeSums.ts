/** What reductions leave of each slab, partial sums, and the means that come of it in float64. */
import type { LatticeJob, Observation } from "../../latticeJob.ts";
import type { Numbers } from "./latticeNumbers.ts";
import type { ReductionLayout } from "./latticePictures.ts";

/** Sums in the Moments struct of moments.wgsl, which has a reference and a scale before them, float32 both. */
const SUMS = 8;
/** The first of them, of x to x^4, are in units of 1/scale. */
const POWERS = 4;
const momentWords = ({ words }: Pick<Numbers, "words">): number => 2 + words * SUMS;

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

/** What a realisation and field has of Moments: reference, scale, and the means of the sums in that scale. */
type Means = readonly [reference: number, scale: number, ...means: number[]];

/**
 * Means of each realisation and field, with the first slab's scale, from the partial sums of each slab, [realisations][fields][groups] of
 * Moments, added in float64. A device may be done with ten steps in less time than it takes to look at some thousand of them in any other
 * way than in plain loops.
 */
function meansOf(slabs: readonly Float32Array[], groups: number, { words }: Numbers, sites: number): Means[] {
  const size = momentWords({ words });
  const stride = groups * size;
  const first = slabs[0]!;
  return Array.from({ length: first.length / stride }, (_, rf) => {
    const means = new Array<number>(SUMS).fill(0);
    const [reference, scale] = [first[rf * stride]!, first[rf * stride + 1]!];
    for (const data of slabs) {
      const sums = new Float64Array(SUMS);
      for (let at = rf * stride; at < (rf + 1) * stride; at += size) {
        // A number's words add up to it.
        for (let n = 0; n < SUMS; n++)
          for (let word = 0; word < words; word++) sums[n]! += data[at + 2 + n * words + word]!;
      }
      // A power of two: of one slab 1, and its sums stay as they are.
      const ratio = scale / data[rf * stride + 1]!;
      for (const [n, sum] of sums.entries()) means[n]! += ((n < POWERS ? ratio ** (n + 1) : 1) * sum) / sites;
    }
    return [reference, scale, ...means];
  });
}

/** The means that were asked for, from one observation's partial sums of each slab. */
export function gatherMoments(
  job: LatticeJob,
  slabs: readonly Float32Array[],
  groups: number,
  numbers: Numbers,
): Omit<Observation, "afterOperation"> {
  const { fields, grid } = job;
  const all = meansOf(slabs, groups, numbers, grid.points ** grid.dimensions);
  const each = (pick: (means: readonly number[], reference: number, scale: number) => number): Float64Array =>
    Float64Array.from(all, ([reference, scale, ...means]) => pick(means, reference, scale));
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
