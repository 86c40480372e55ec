/**
 * Realisations in batches, because one binding holds no more than 2 GiB on most devices: each batch is a lattice job of its own with its own
 * arrays, all of them on the device, and they take every operation one after another. What is read of them is joined again. Where a
 * binding does not hold one realisation, each is a batch, in slabs.
 */
import { InputError } from "../../../errors.ts";
import { divided, jobOfPart, type Part, type PartJob } from "../../parts.ts";
import { type Gpu, largestArray } from "../gpu.ts";
import { MAX_CONSTANTS } from "./latticeKernels.ts";
import { mayPair } from "./latticePairs.ts";
import { type Layout, layoutOf } from "./latticeSlabs.ts";

/**
 * Realisations of a batch at most. In a coupled sweep site by site each has up to 96 workgroups along z, of which a dispatch has 65,535; with
 * fewer for each, the order of its sums and so its last bits would go with the number of realisations.
 */
const MOST_REALISATIONS = 512;
/**
 * The job as batches of consecutive realisations, whose numbers take `bytes` each and whose potentials have so many constants each, as few
 * as the adapter's limits allow, and how each realisation of them stands in its arrays.
 * @throws InputError where the adapter's limits do not allow any.
 */
export function batchesOf(
  { limits }: Pick<Gpu, "limits">,
  job: PartJob,
  bytes: number,
  constants = 0,
): { jobs: PartJob[]; parts: Part[]; layout: Layout } {
  const { grid, realisations, fields } = job;
  const { dimensions, points } = grid;
  const layout = layoutOf(limits, job, bytes, mayPair(job, bytes / 4) ? 2 : 1);
  const most = limits.maxComputeWorkgroupsPerDimension;
  const columns = dimensions === 1 ? 64 : 32;
  if (Math.ceil(points / columns) > most) {
    throw new InputError(
      `the lattice does not fit: one dispatch of this adapter reaches ${columns * most} points along a side, not ${points}; use fewer points or --engine cpu`,
      { path: "lattice.points" },
    );
  }
  const together = Math.min(
    layout.ghosts > 0 ? 1 : Math.floor(largestArray(limits) / (bytes * fields * layout.stride)),
    Math.floor(MAX_CONSTANTS / Math.max(1, constants)),
  );
  const parts = divided({ first: 0, count: realisations, all: realisations }, Math.min(MOST_REALISATIONS, together));
  return { jobs: parts.map((part) => jobOfPart(job, part)), parts, layout };
}
