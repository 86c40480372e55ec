/**
 * Several runs of a field study that differ in some of the config's values: a scan over a coupling, an amplitude, the Hubble rate. Points on
 * lattices that differ in little enough share jobs (together.ts), and the jobs run one after another through one engine. A point that diverges
 * is reported as such and the others go on.
 */
import type { Engine, JobControl } from "../engine/engine.ts";
import type { LatticeJob, LatticeState } from "../engine/latticeJob.ts";
import {
  DivergenceError,
  EngineUnavailableError,
  ExpressionError,
  InputError,
  InterruptedError,
  OutOfDeviceMemoryError,
} from "../errors.ts";
import { assertDrawable, planInitialState, realisationsOf } from "./initial.ts";
import { type Checkpointing, evolveTogether, runLattice } from "./lattice.ts";
import type { FieldResult } from "./result.ts";
import { planResults, withResults } from "./resultMemory.ts";
import { type FieldRun, fieldStudy } from "./run.ts";
import { assertEnds, fractionsOf } from "./schedule.ts";
import { prepare, type Setup } from "./setup.ts";
import { describePoint, inPoint, type SweepPoint, type SweptValues } from "./sweepPoint.ts";
import { groupsOf } from "./together.ts";

/** One point of the result: a study's keys, of a point that diverged those of the records before. */
export interface SweepEntry extends Partial<FieldResult> {
  readonly values: SweptValues;
  readonly engineSeconds: number;
  readonly error?: { readonly code: string; readonly message: string; readonly step: number };
}

export interface SweepResult {
  readonly sweep: readonly SweepEntry[];
  readonly warnings: readonly string[];
}

export interface SweepRun {
  readonly result: SweepResult;
  readonly engineSeconds: number;
  /** Where some points diverged: how many, and the first one's message. */
  readonly failure?: DivergenceError<SweepResult>;
}

/** A point that has come to its end. */
export interface EndedPoint {
  /** From 0. */
  readonly point: number;
  readonly entry: SweepEntry;
  /** Of a lattice. */
  readonly final: LatticeState | undefined;
}

/** What follows a sweep as it goes on; points are numbered from 0. */
export interface SweepHooks {
  /** Points of a run that this one goes on from. */
  readonly finished?: ReadonlyMap<number, SweepEntry>;
  /** Is told of each point that comes to its end and of the result of all that have, in order; nothing moves on until it resolves. */
  onPoint?(ended: EndedPoint, done: SweepResult): Promise<void>;
  /** Of the points of one job on a lattice: their state is one. */
  checkpointing?(points: readonly number[]): Checkpointing | undefined;
}

/** Warnings of the points, each said once with the points that it is of, where it is not of all. */
function warningsOf(entries: readonly SweepEntry[]): string[] {
  const of = new Map<string, SweepEntry[]>();
  for (const entry of entries)
    for (const warning of entry.warnings ?? []) of.set(warning, [...(of.get(warning) ?? []), entry]);
  return [...of].map(([warning, all]) =>
    all.length === entries.length
      ? warning
      : `${all.map(({ values }) => describePoint(values)).join("; ")}: ${warning}`,
  );
}

const resultOf = (sweep: readonly SweepEntry[]): SweepResult => ({ sweep, warnings: warningsOf(sweep) });

/** Site updates of a point's lattice, about: what its share of the progress is. */
function workOf(setup: Setup): number {
  const { lattice, time } = setup.study;
  if (!lattice) return 1;
  const values = realisationsOf(setup) * setup.fields * lattice.points ** lattice.dimensions;
  return Math.round((values * fractionsOf(time).length * time.end) / time.step);
}

/** Thrown by a job whose lattice the engine has taken. */
class Fits extends Error {}

/** Throws InputError where the engine has no room for a point's lattice; nothing is drawn or evolved. */
async function assertFits(setup: Setup, engine: Engine, control: JobControl): Promise<void> {
  const { lattice } = setup.study;
  if (!lattice) return;
  const refuse = () => Promise.reject(new Fits());
  const asked = {
    // Not known before the engine's first job, which may be this.
    get info() {
      return engine.info;
    },
    evolveLattice: (job: LatticeJob, c?: JobControl) => engine.evolveLattice({ ...job, initial: refuse }, c),
  };
  try {
    await runLattice(setup, lattice, asked, { signal: control.signal });
  } catch (error) {
    if (!(error instanceof Fits)) throw error;
  }
}

/**
 * Checks every point before any runs: its potential, background, start and end, and where lattices differ in size also that the engine holds
 * each. The first point's is asked for when it runs, unless it has: the result names the engine, if all points have. Gives also the bytes
 * that all results take.
 */
async function prepareAll(
  points: readonly SweepPoint[],
  engine: Engine | undefined,
  control: JobControl,
  finished: ReadonlyMap<number, SweepEntry>,
): Promise<{ setups: Setup[]; results: number }> {
  const setups: Setup[] = [];
  for (const [p, { values, study }] of points.entries()) {
    try {
      const setup = await prepare(study);
      if (study.lattice) planInitialState(setup, study.lattice, control.signal);
      assertEnds(setup);
      await assertDrawable(setup);
      setups.push(setup);
    } catch (error) {
      throw inPoint(error, values, p);
    }
  }
  const results = planResults(setups);
  const sizeOf = (setup: Setup): string => {
    const { dimensions, points: side, stencil } = setup.study.lattice ?? {};
    return `${[dimensions, side, stencil, setup.fields, realisationsOf(setup)]}`;
  };
  const taken = new Set(finished.has(0) ? [] : [sizeOf(setups[0]!)]);
  for (const [p, setup] of setups.entries()) {
    if (!engine || taken.has(sizeOf(setup))) continue;
    taken.add(sizeOf(setup));
    try {
      await assertFits(setup, engine, control);
    } catch (error) {
      throw inPoint(error, points[p]!.values, p);
    }
  }
  return { setups, results };
}

/** Whether a job may do with fewer points what it refuses to do with several: something is wrong with one, or they are too large together. */
const isRefused = (error: unknown): boolean =>
  error instanceof InputError || error instanceof ExpressionError || error instanceof OutOfDeviceMemoryError;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/**
 * Runs all points; an engine is needed only where there is a lattice.
 * @throws InputError that names the point, before any has run where it can be known; InterruptedError; what the engine throws.
 */
export async function fieldSweep(
  points: readonly SweepPoint[],
  engine: Engine | undefined,
  control: JobControl = {},
  { finished = new Map(), onPoint, checkpointing }: SweepHooks = {},
): Promise<SweepRun> {
  const { setups, results } = await prepareAll(points, engine, control, finished);
  const works = setups.map(workOf);
  const all = sum(works);
  const entries = new Map(finished);
  const resultNow = (): SweepResult => resultOf([...entries].sort(([p], [q]) => p - q).map(([, entry]) => entry));
  /** What each of the group's points gives, to be asked for one after another. */
  const runsOf = async (group: readonly number[], following: JobControl) => {
    const [first] = group as [number, ...number[]];
    const { study } = setups[first]!;
    if (!study.lattice) return { engineSeconds: 0, run: () => fieldStudy(study, undefined, following) };
    if (!engine) throw new EngineUnavailableError("a lattice needs an engine");
    const own = group.map((p) => setups[p]!);
    return evolveTogether(own, study.lattice, engine, following, checkpointing?.(group));
  };
  const groups = groupsOf(setups);
  let done = 0;
  for (let group = groups.shift(); group; group = groups.shift()) {
    const share = sum(group.map((p) => works[p]!));
    if (group.some((p) => !entries.has(p))) {
      if (control.signal?.aborted) throw new InterruptedError("interrupted");
      const { signal, onLatticeMemory } = control;
      const onProgress: JobControl["onProgress"] = (ahead, total, unit) =>
        control.onProgress?.(Math.round(done + (share * ahead) / total), all, unit);
      const following = withResults({ signal, onLatticeMemory, onProgress }, results);
      let runs: { readonly engineSeconds: number; run(i: number): FieldRun | Promise<FieldRun> };
      try {
        runs = await runsOf(group, following);
      } catch (cause) {
        const [p] = group as [number];
        if (group.length === 1 || !isRefused(cause)) throw inPoint(cause, points[p]!.values, p);
        const half = Math.ceil(group.length / 2);
        groups.unshift(group.slice(0, half), group.slice(half));
        continue;
      }
      for (const [i, p] of group.entries()) {
        if (entries.has(p)) continue;
        const { values, study } = points[p]!;
        const own = { values, engineSeconds: (runs.engineSeconds * works[p]!) / share };
        let entry: SweepEntry;
        let final: LatticeState | undefined;
        try {
          const run = await runs.run(i);
          final = run.final;
          entry = { ...own, ...run.result };
        } catch (cause) {
          if (!(cause instanceof DivergenceError)) throw inPoint(cause, values, p);
          const { code, message, step } = cause;
          entry = { ...own, error: { code, message, step }, ...(cause.partial as FieldResult) };
        }
        entries.set(p, entry);
        if (!study.lattice) control.onProgress?.(entries.size, points.length, "points");
        await onPoint?.({ point: p, entry, final }, resultNow());
      }
    }
    done += share;
  }
  const result = resultNow();
  const engineSeconds = sum(result.sweep.map((entry) => entry.engineSeconds));
  const diverged = result.sweep.filter(({ error }) => error);
  const [first] = diverged;
  if (!first) return { result, engineSeconds };
  const failure = new DivergenceError(
    `${diverged.length} of ${points.length} points diverged, the first at ${describePoint(first.values)}: ${first.error!.message}`,
    first.error!.step,
    { partial: result, path: "sweep" },
  );
  return { result, engineSeconds, failure };
}
