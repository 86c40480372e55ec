/** What a lattice job takes of the host whatever the engine, and how sizes are told. */
import { type LatticeJob, type Picture, spectrumBins } from "./latticeJob.ts";
import { cellsOf } from "./parts.ts";

export const describeBytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** Bytes of field and momentum of all realisations in float64, from the start to the end. */
export const stateBytes = (job: Pick<LatticeJob, "grid" | "realisations" | "fields">): number => 16 * cellsOf(job);

/** Bytes, about, of all that a job observes and pictures, as the host keeps it to the end. */
export function recordedBytes({ grid, realisations, fields, reductions, observeAfter, snapshots }: LatticeJob): number {
  const waves = reductions.filter(({ kind }) => kind === "cosine").length;
  const each = (picture: Picture): number => {
    if (picture.kind === "slice") return grid.points ** 2;
    return picture.kind === "histogram" ? 2 + picture.bins : 1 + spectrumBins(grid);
  };
  const pictured = (snapshots?.pictures ?? []).reduce((sum, picture) => sum + each(picture), 0);
  const observed = 7 + waves + 4 / fields;
  return 8 * realisations * fields * (observed * observeAfter.length + pictured * (snapshots?.after.length ?? 0));
}
