/** The part that some consecutive realisations have in what an engine is given and gives of all. */
import type { LatticeReport, Observation, Snapshot } from "./engine.ts";

/** `count` realisations from `first` on, of `all`. */
export interface Part {
  readonly first: number;
  readonly count: number;
  readonly all: number;
}

const ends = ({ length }: ArrayLike<unknown>, { first, count, all }: Part): readonly [number, number] => [
  (length / all) * first,
  (length / all) * (first + count),
];

/** A view of the part's own numbers. */
export const partOf = (values: Float64Array, part: Part): Float64Array => values.subarray(...ends(values, part));

function observationOf({ afterOperation, cosine, ...means }: Observation, part: Part): Observation {
  return {
    afterOperation,
    ...Object.fromEntries(Object.entries(means).map(([name, values]) => [name, partOf(values, part)])),
    ...(cosine ? { cosine: cosine.map((values) => partOf(values, part)) } : {}),
  };
}

function snapshotOf({ afterOperation, histograms, ...arrays }: Snapshot, part: Part): Snapshot {
  return {
    afterOperation,
    ...Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, partOf(values, part)])),
    ...(histograms ? { histograms: histograms.slice(...ends(histograms, part)) } : {}),
  };
}

/** A report as if the job had had these realisations alone, but for its seconds. */
export function partOfReport(report: LatticeReport, part: Part): LatticeReport {
  if (part.count === part.all) return report;
  const { observations, snapshots, final } = report;
  return {
    ...report,
    observations: observations.map((all) => observationOf(all, part)),
    snapshots: snapshots.map((all) => snapshotOf(all, part)),
    final: { field: partOf(final.field, part), momentum: partOf(final.momentum, part) },
  };
}
