/**
 * A lattice job for an engine that evolves some realisations at once: those that its memory has no room for wait until others are done. The
 * state of all stands on the host and each part takes its own from there and leaves it there, so that what a part takes beside it is the
 * engine's alone. A checkpoint says how far each part has come, and a job goes on from it in whatever parts there is room for then.
 */
import { InterruptedError } from "../errors.ts";
import type { JobControl, LatticeMemory, LatticeReport } from "./engine.ts";
import type { LatticeCheckpoint, LatticeJob, LatticeState, Reached } from "./latticeJob.ts";
import {
  divided,
  jobOfPart,
  joinedRecords,
  operationsOf,
  type Part,
  type PartCheckpoint,
  type PartJob,
  partOf,
  partOfRecords,
  partOfState,
  type Records,
} from "./parts.ts";

/** What an engine does with realisations that it has room for. */
export interface AtOnce {
  /**
   * The memory that the job takes, with as many realisations at once as there is room for.
   * @throws InputError where there is no room for one.
   */
  plan(job: PartJob): LatticeMemory;
  /**
   * May leave the realisations' states, those that are saved too, in the arrays that `initial` gives. Calls `ready` when all that computes is
   * there, and nothing yet of the memory that was planned.
   */
  evolve(job: PartJob, control: JobControl, ready: () => Promise<void>): Promise<LatticeReport>;
}

/** Realisations, and how far they have come. */
interface Turn extends Reached {
  readonly part: Part;
}

const NOTHING: Records = { observations: [], snapshots: [] };

/** How far the job's realisations have come, those that are not done in parts of `most` at most. */
function turnsOf({ realisations: all, resume }: LatticeJob, operations: number, most: number): Turn[] {
  if (!resume)
    return divided({ first: 0, count: all, all }, most).map((part) => ({
      ...NOTHING,
      realisations: part.count,
      operation: 0,
      part,
    }));
  let first = 0;
  return resume.parts.flatMap((reached) => {
    const { realisations: count, operation } = reached;
    const begin = first;
    first += count;
    return divided({ first: 0, count, all: count }, operation < operations ? most : count).map((own) => ({
      ...partOfRecords(reached, own),
      realisations: own.count,
      part: { first: begin + own.first, count: own.count, all },
    }));
  });
}

/** Neighbours that have come equally far as one. */
function merged(all: readonly Reached[]): Reached[] {
  const groups: Reached[][] = [];
  for (const reached of all) {
    const group = groups[groups.length - 1];
    const [before] = group ?? [];
    const alike =
      before?.operation === reached.operation &&
      before.observations.length === reached.observations.length &&
      before.snapshots.length === reached.snapshots.length;
    if (alike) group!.push(reached);
    else groups.push([reached]);
  }
  return groups.map((group) => ({
    realisations: group.reduce((sum, { realisations }) => sum + realisations, 0),
    operation: group[0]!.operation,
    ...joinedRecords(group),
  }));
}

/** What is left to be made after operations of which some have been made. */
const due = (after: readonly number[], made: readonly { readonly afterOperation: number }[]): number[] =>
  after.slice(made.length);

const followed = (before: Records, later: Records): Records => ({
  observations: [...before.observations, ...later.observations],
  snapshots: [...before.snapshots, ...later.snapshots],
});

/** Evolves the job's realisations, part after part. @throws what the engine throws. */
export async function evolveInTurn(
  job: LatticeJob,
  { plan, evolve }: AtOnce,
  control: JobControl = {},
): Promise<LatticeReport> {
  const { resume, checkpoint, snapshots, ...plain } = job;
  const schedule =
    resume?.global && job.schedule.kind === "coupled" ? { ...job.schedule, initial: resume.global } : job.schedule;
  const asked: PartJob = { ...plain, schedule, ...(snapshots ? { snapshots } : {}) };
  const operations = operationsOf(job);
  const memory = plan(asked);
  const turns = turnsOf(job, operations, memory.batch);
  let told: Promise<void> | undefined;
  const ready = (): Promise<void> => {
    told ??= Promise.resolve(control.onLatticeMemory?.(memory));
    return told;
  };
  const alone = turns.length === 1;

  const start = (): Promise<LatticeState> => (resume ? Promise.resolve(resume.state) : job.initial());
  let begun: Promise<LatticeState> | undefined;
  /** Where the state of all stands. */
  const whole = (): Promise<LatticeState> => {
    begun ??= start();
    return begun;
  };
  let globals: Float64Array | undefined;
  let saved = performance.now();
  /** The turn `t` of turns as `at`, what it has come to itself, says. */
  const save = async (t: number, at?: PartCheckpoint): Promise<void> => {
    const { part, operation, ...before } = turns[t]!;
    const now: Reached = at
      ? { realisations: part.count, operation: at.operation, ...followed(before, at) }
      : { ...before, operation };
    let standing: Pick<LatticeCheckpoint, "state" | "global">;
    if (alone && at) standing = { state: at.state, ...(at.global ? { global: at.global } : {}) };
    else {
      const state = await whole();
      if (at) settle(partOfState(state, part), at.state);
      if (schedule.kind === "coupled") {
        globals ??= schedule.initial.slice();
        if (at) partOf(globals, part).set(at.global!);
      }
      standing = { state, ...(globals ? { global: globals.slice() } : {}) };
    }
    await checkpoint!.save({
      ...standing,
      parts: alone ? [now] : merged([...turns.slice(0, t), now, ...turns.slice(t + 1)]),
    });
    saved = performance.now();
  };

  let engineSeconds = 0;
  let final: LatticeState | undefined;
  for (const [t, turn] of turns.entries()) {
    const { part, operation } = turn;
    if (resume && operation === operations) continue;
    const interrupted = control.signal?.aborted ?? false;
    // Within a turn the engine looks at the time by itself.
    if (t > 0 && checkpoint && (interrupted || performance.now() - saved >= 1000 * checkpoint.seconds)) await save(t);
    if (t > 0 && interrupted) throw new InterruptedError("interrupted");
    const report = await evolve(
      {
        ...jobOfPart(asked, part),
        from: operation,
        initial: async () => (alone ? start() : partOfState(await whole(), part)),
        observeAfter: due(job.observeAfter, turn.observations),
        ...(snapshots ? { snapshots: { ...snapshots, after: due(snapshots.after, turn.snapshots) } } : {}),
        ...(checkpoint ? { saving: { seconds: checkpoint.seconds, since: saved, save: (at) => save(t, at) } } : {}),
      },
      {
        signal: control.signal,
        onProgress(done, total, unit) {
          const each = total / part.count;
          control.onProgress?.(part.first * each + done, part.all * each, unit);
        },
      },
      ready,
    );
    engineSeconds += report.engineSeconds;
    if (alone) final = report.final;
    else settle(partOfState(await whole(), part), report.final);
    turns[t] = { part, realisations: part.count, operation: operations, ...followed(turn, report) };
  }
  return { engineSeconds, ...joinedRecords(turns), final: final ?? (await whole()) };
}

/** Copies what an engine gives to where it belongs, unless it has left it there. */
function settle(place: LatticeState, { field, momentum }: LatticeState): void {
  for (const [to, from] of [
    [place.field, field],
    [place.momentum, momentum],
  ] as const) {
    if (to.buffer !== from.buffer || to.byteOffset !== from.byteOffset) to.set(from);
  }
}
