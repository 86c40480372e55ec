/** Lattices that have diverged: what is no number stays none, and the operations that are left would tell nothing. */
import type { Observation, Snapshot } from "./latticeJob.ts";
import type { PartJob } from "./parts.ts";

/** Whether every realisation has a field that is none. */
function areLost({ fieldMean }: Observation, realisations: number): boolean {
  if (!fieldMean) return false;
  const fields = fieldMean.length / realisations;
  return Array.from({ length: realisations }, (_, r) => fieldMean.subarray(r * fields, (r + 1) * fields)).every(
    (means) => means.some(Number.isNaN),
  );
}

/**
 * Whether the job is over before its end, because the last observation found no realisation with numbers. The records that are left are added
 * as the last was, so that all are there.
 */
export function endLost(
  { observations, snapshots }: { readonly observations: Observation[]; readonly snapshots: Snapshot[] },
  { realisations, observeAfter, snapshots: { after } = { after: [], pictures: [] } }: PartJob,
): boolean {
  const last = observations[observations.length - 1];
  const picture = snapshots[snapshots.length - 1];
  if (!last || !areLost(last, realisations) || (after.length > snapshots.length && !picture)) return false;
  for (const afterOperation of observeAfter.slice(observations.length)) observations.push({ ...last, afterOperation });
  for (const afterOperation of after.slice(snapshots.length)) snapshots.push({ ...picture, afterOperation });
  return true;
}
