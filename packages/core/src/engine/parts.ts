/**
 * Realisations that are evolved some at a time: the job that is left for a part of them, what a part has in an engine's arrays, and what
 * parts give joined again.
 */

import type { LatticeReport } from "./engine.ts";
import {
  type LatticeCheckpoint,
  type LatticeJob,
  type LatticeState,
  type Observation,
  potentialsOf,
  type Reached,
  type Snapshot,
} from "./latticeJob.ts";

/** `count` realisations from `first` on, of `all`. */
export interface Part {
  readonly first: number;
  readonly count: number;
  readonly all: number;
}

/** `realisation 3 of 5`, `realisations 2 to 3 of 5`; counted from 1. */
export const describePart = ({ first, count, all }: Part): string =>
  `realisation${count > 1 ? "s" : ""} ${first + 1}${count > 1 ? ` to ${first + count}` : ""} of ${all}`;

/** What an engine observes and pictures. */
export type Records = Pick<LatticeReport, "observations" | "snapshots">;

/** Realisations that an engine evolves at once: what it is asked for instead of a job whose realisations may have come differently far. */
export interface PartJob extends Omit<LatticeJob, "resume" | "checkpoint"> {
  /** Operations that are done already in the initial state; 0 where not given. */
  readonly from?: number;
  /** As a job's checkpoints; `since`: when, by performance.now(), the last one was saved. */
  readonly saving?: {
    readonly seconds: number;
    readonly since?: number;
    save(checkpoint: PartCheckpoint): Promise<void>;
  };
}

/** What the job observed and pictured itself since `from`. */
export type PartCheckpoint = Omit<LatticeCheckpoint, "parts"> & Omit<Reached, "realisations">;

export const operationsOf = ({ schedule }: Pick<LatticeJob, "schedule">): number =>
  schedule.kind === "coupled" ? schedule.durations.length : schedule.coefficients.length / 3;

/** Values of its field. */
export const cellsOf = ({ grid, realisations, fields }: Pick<LatticeJob, "grid" | "realisations" | "fields">): number =>
  realisations * fields * grid.points ** grid.dimensions;

/** The fewest parts of at most so many realisations, about as many in each. */
export function divided({ first, count, all }: Part, most: number): Part[] {
  const size = Math.ceil(count / Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / size) }, (_, p) => ({
    first: first + p * size,
    count: Math.min(size, count - p * size),
    all,
  }));
}

const ends = ({ length }: ArrayLike<unknown>, { first, count, all }: Part): readonly [number, number] => [
  (length / all) * first,
  (length / all) * (first + count),
];

/** A view of the part's own numbers. */
export const partOf = (values: Float64Array, part: Part): Float64Array => values.subarray(...ends(values, part));

/** Views of the part's own field and momentum. */
export const partOfState = ({ field, momentum }: LatticeState, part: Part): LatticeState => ({
  field: partOf(field, part),
  momentum: partOf(momentum, part),
});

/** The job of the part's realisations alone; what the job fills into a coupled schedule's start later is seen through theirs. */
export function jobOfPart<J extends Pick<LatticeJob, "realisations" | "potential" | "schedule">>(
  job: J,
  part: Part,
): J {
  const { schedule } = job;
  return {
    ...job,
    realisations: part.count,
    potential: potentialsOf(job).slice(part.first, part.first + part.count),
    schedule: schedule.kind === "coupled" ? { ...schedule, initial: partOf(schedule.initial, part) } : schedule,
  };
}

function observationOf({ afterOperation, cosine, ...means }: Observation, part: Part): Observation {
  return {
    afterOperation,
    ...Object.fromEntries(Object.entries(means).map(([name, values]) => [name, partOf(values, part)])),
    ...(cosine ? { cosine: cosine.map((values) => partOf(values, part)) } : {}),
  };
}

function snapshotOf({ afterOperation, ...arrays }: Snapshot, part: Part): Snapshot {
  return {
    afterOperation,
    ...Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, partOf(values, part)])),
  };
}

/** What the part has in records of all. */
export function partOfRecords<R extends Records>(records: R, part: Part): R {
  if (part.count === part.all) return records;
  return {
    ...records,
    observations: records.observations.map((all) => observationOf(all, part)),
    snapshots: records.snapshots.map((all) => snapshotOf(all, part)),
  };
}

/** A report as if the job had had these realisations alone, but for its seconds. */
export function partOfReport(report: LatticeReport, part: Part): LatticeReport {
  if (part.count === part.all) return report;
  return { ...partOfRecords(report, part), final: partOfState(report.final, part) };
}

export function joined(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One observation of all realisations from those of the parts. */
export function joinedObservation(parts: readonly Observation[]): Observation {
  const { afterOperation, cosine, ...means } = parts[0]!;
  const names = Object.keys(means) as (keyof typeof means)[];
  return {
    afterOperation,
    ...Object.fromEntries(names.map((name) => [name, joined(parts.map((part) => part[name]!))])),
    ...(cosine ? { cosine: cosine.map((_, mode) => joined(parts.map((part) => part.cosine![mode]!))) } : {}),
  };
}

/** One snapshot of all realisations from those of the parts. */
export function joinedSnapshot(parts: readonly Snapshot[]): Snapshot {
  const { afterOperation, ...arrays } = parts[0]!;
  const names = Object.keys(arrays) as (keyof typeof arrays)[];
  return {
    afterOperation,
    ...Object.fromEntries(names.map((name) => [name, joined(parts.map((part) => part[name]!))])),
  };
}

/** Records of all realisations from those of parts that have equally many. */
export function joinedRecords(parts: readonly Records[]): Records {
  const [first] = parts as [Records];
  return {
    observations: first.observations.map((_, o) => joinedObservation(parts.map((part) => part.observations[o]!))),
    snapshots: first.snapshots.map((_, s) => joinedSnapshot(parts.map((part) => part.snapshots[s]!))),
  };
}
