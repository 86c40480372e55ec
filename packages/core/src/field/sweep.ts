/**
 * Several runs of a field study that differ in some of the config's values: a scan over a coupling, an amplitude, the Hubble rate. The points
 * run one after another through one engine: a potential's numbers are constants of the kernels, so that each point has kernels of its own,
 * while points of one potential share theirs. A point that diverges is reported as such and the others go on.
 */
import type { Engine, JobControl, LatticeJob, LatticeState } from "../engine/engine.ts";
import { DivergenceError, InterruptedError } from "../errors.ts";
import { assertDrawable, planInitialState, realisationsOf } from "./initial.ts";
import { type Checkpointing, runLattice } from "./lattice.ts";
import type { FieldResult } from "./result.ts";
import { fieldStudy } from "./run.ts";
import { assertEnds, COMPOSITIONS } from "./schedule.ts";
import { prepare, type Setup } from "./setup.ts";
import { describePoint, inPoint, type SweepPoint, type SweptValues } from "./sweepPoint.ts";

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

/** What follows a sweep as it goes on. */
export interface SweepHooks {
  /** The first points of a run that this one goes on from. */
  readonly finished?: readonly SweepEntry[];
  /** Is told of each point that comes to its end; the next begins when it resolves. */
  onPoint?(done: SweepResult, final: LatticeState | undefined): Promise<void>;
  /** Of a point on a lattice, numbered from 0. */
  checkpointing?(point: number): Checkpointing | undefined;
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
  const stages = COMPOSITIONS[time.integrator ?? "verlet2"].fractions.length;
  const values = realisationsOf(setup) * setup.fields * lattice.points ** lattice.dimensions;
  return Math.round((values * stages * time.end) / time.step);
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
    await runLattice(setup, lattice, asked, control);
  } catch (error) {
    if (!(error instanceof Fits)) throw error;
  }
}

/**
 * Checks every point before any runs: its potential, background, start and end, and where lattices differ in size also that the engine holds
 * each. The first point's is asked for when it runs.
 */
async function prepareAll(
  points: readonly SweepPoint[],
  engine: Engine | undefined,
  control: JobControl,
): Promise<Setup[]> {
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
  const sizeOf = (setup: Setup): string => {
    const { dimensions, points: side, stencil } = setup.study.lattice ?? {};
    return `${[dimensions, side, stencil, setup.fields, realisationsOf(setup)]}`;
  };
  const taken = new Set([sizeOf(setups[0]!)]);
  for (const [p, setup] of setups.entries()) {
    if (!engine || taken.has(sizeOf(setup))) continue;
    taken.add(sizeOf(setup));
    try {
      await assertFits(setup, engine, control);
    } catch (error) {
      throw inPoint(error, points[p]!.values, p);
    }
  }
  return setups;
}

/**
 * Runs the points in order; an engine is needed only where there is a lattice.
 * @throws InputError that names the point, before any has run where it can be known; InterruptedError; what the engine throws.
 */
export async function fieldSweep(
  points: readonly SweepPoint[],
  engine: Engine | undefined,
  control: JobControl = {},
  { finished = [], onPoint, checkpointing }: SweepHooks = {},
): Promise<SweepRun> {
  const setups = await prepareAll(points, engine, control);
  const works = setups.map(workOf);
  const all = works.reduce((sum, work) => sum + work, 0);
  const before = works.map((_, p) => works.slice(0, p).reduce((sum, work) => sum + work, 0));
  const entries = [...finished];
  for (const [p, { values, study }] of points.entries()) {
    if (p < finished.length) continue;
    if (control.signal?.aborted) throw new InterruptedError("interrupted");
    const following: JobControl = {
      signal: control.signal,
      onProgress: (done, total, unit) =>
        control.onProgress?.(Math.round(before[p]! + (works[p]! * done) / total), all, unit),
    };
    let final: LatticeState | undefined;
    try {
      const run = await fieldStudy(study, engine, following, checkpointing?.(p));
      final = run.final;
      entries.push({ values, engineSeconds: run.engineSeconds, ...run.result });
    } catch (cause) {
      if (!(cause instanceof DivergenceError)) throw inPoint(cause, values, p);
      const { code, message, step } = cause;
      entries.push({ values, engineSeconds: 0, error: { code, message, step }, ...(cause.partial as FieldResult) });
    }
    if (!study.lattice) control.onProgress?.(p + 1, points.length, "points");
    await onPoint?.(resultOf(entries), final);
  }
  const result = resultOf(entries);
  const engineSeconds = entries.reduce((sum, entry) => sum + entry.engineSeconds, 0);
  const diverged = entries.filter(({ error }) => error);
  const [first] = diverged;
  if (!first) return { result, engineSeconds };
  const failure = new DivergenceError(
    `${diverged.length} of ${points.length} points diverged, the first at ${describePoint(first.values)}: ${first.error!.message}`,
    first.error!.step,
    { partial: result, path: "sweep" },
  );
  return { result, engineSeconds, failure };
}
