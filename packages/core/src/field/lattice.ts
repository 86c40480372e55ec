/** Field studies on lattices as jobs for an engine: one study, or several that differ in what a job's realisations may differ in. */

import type { Engine, JobControl, LatticeReport } from "../engine/engine.ts";
import { stateArray } from "../engine/hostState.ts";
import type { Grid, LatticeCheckpoint, LatticeJob, LatticeState, Reached, Reduction } from "../engine/latticeJob.ts";
import { stateBytes } from "../engine/memory.ts";
import { cellsOf, describePart, operationsOf, type Part, partOf, partOfReport, partOfState } from "../engine/parts.ts";
import { InputError, InterruptedError } from "../errors.ts";
import type { Potential } from "../potential/potential.ts";
import { courseOf } from "./course.ts";
import { initialBytes, planInitialState, realisationsOf, startExpansion } from "./initial.ts";
import { type LatticeRun, measure, momentsOf } from "./measure.ts";
import { planPictures } from "./pictures.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";

/** Sites beyond which no engine is asked: their number alone no longer counts exactly in 32 bits. */
const MAX_SITES = 2 ** 31;

/** Where checkpoints go, and the one to go on from. */
export interface Checkpointing {
  readonly seconds: number;
  /** Is given the steps done and their alpha-time too; where some realisations wait for others, of those that are evolved. */
  save(checkpoint: LatticeCheckpoint, step: number, alphaTime: number, evolved: Part): Promise<void>;
  /** Of the same study: its size alone is checked. */
  readonly resume?: LatticeCheckpoint | undefined;
}

/** Throws InputError where a checkpoint has not as many values as the state of the study that it is to go on. */
function assertResumable({ state }: LatticeCheckpoint, realisations: number, fields: number, sites: number): void {
  const values = realisations * fields * sites;
  if (state.field.length === values && state.momentum.length === values) return;
  const study = `${realisations} x ${fields} x ${sites}`;
  throw new InputError(
    `the checkpoint has ${state.field.length} values, the study ${study} (realisations, fields, sites): go on with the study that it was saved of`,
    { path: "lattice.points" },
  );
}

/** Each study's realisations, one study after another. */
function partsOf(setups: readonly Setup[]): Part[] {
  const counts = setups.map(realisationsOf);
  const all = counts.reduce((sum, count) => sum + count);
  return counts.map((count, i) => ({
    first: counts.slice(0, i).reduce((sum, before) => sum + before, 0),
    count,
    all,
  }));
}

/** Studies in one job, and what it has of all of them. */
interface Together {
  readonly setups: readonly Setup[];
  readonly lattice: LatticeSpec;
  readonly grid: Grid;
  /** Of the i-th study. */
  readonly parts: readonly Part[];
  readonly schedule: LatticeJob["schedule"];
}

/**
 * How the state of all is made, on `threads` of the host at most, and its expansions' starts in the schedule; and the bytes that it takes.
 * @throws InputError for a wave that does not fit; what is returned throws what `planInitialState` says.
 */
function startOf(
  { setups, lattice, grid, parts, schedule }: Together,
  threads: () => number | undefined,
  signal: AbortSignal | undefined,
): Required<Pick<LatticeJob, "initial" | "initialBytes">> {
  const draws = setups.map((own) => planInitialState(own, lattice, signal));
  const draw = async (i: number): Promise<LatticeState> => {
    const { expansion, fields, potential } = setups[i]!;
    const count = threads();
    const state = await draws[i]!(count);
    if (schedule.kind === "coupled" && expansion.kind === "selfConsistent") {
      const own = { grid, realisations: parts[i]!.count, fields, potential };
      const initial = partOf(schedule.initial, parts[i]!);
      await startExpansion(own, expansion.planckMass, state, initial, count, signal);
    }
    return state;
  };
  return {
    async initial() {
      if (setups.length === 1) return draw(0);
      const size = cellsOf({ grid, realisations: parts[0]!.all, fields: setups[0]!.fields });
      const whole = { field: stateArray(size), momentum: stateArray(size) };
      for (const [i, part] of parts.entries()) {
        const { field, momentum } = await draw(i);
        partOf(whole.field, part).set(field);
        partOf(whole.momentum, part).set(momentum);
      }
      return whole;
    },
    initialBytes() {
      const each = setups.map((own, i) => {
        // Studies that share a job are drawn by themselves before they stand in its state.
        const state = setups.length > 1 ? stateBytes({ grid, realisations: parts[i]!.count, fields: own.fields }) : 0;
        return state + initialBytes(own, lattice, threads());
      });
      return Math.max(...each);
    },
  };
}

/** The realisations of a checkpoint that were being evolved, of jobs of so many operations: the first that are not done. */
function evolvedPart({ parts }: LatticeCheckpoint, operations: number): { part: Part; operation: number } {
  const now = Math.max(
    0,
    parts.findIndex(({ operation }) => operation < operations),
  );
  const before = (end: number): number => parts.slice(0, end).reduce((sum, part) => sum + part.realisations, 0);
  const { realisations: count, operation } = parts[now]!;
  return { part: { first: before(now), count, all: before(parts.length) }, operation };
}

/** The lattice must fit before anything large is made. Throws InputError. */
function assertCounts({ points, dimensions }: LatticeSpec): void {
  if (points ** dimensions > MAX_SITES) {
    throw new InputError(`${points}^${dimensions} sites do not fit any engine; use fewer points`, {
      path: "lattice.points",
    });
  }
}

/** Studies that were evolved in one job. */
export interface TogetherRun {
  readonly engineSeconds: number;
  /**
   * What the i-th has by itself, but for the seconds, which are those of all.
   * @throws InputError; DivergenceError with a FieldResult of the records before.
   */
  run(i: number): LatticeRun;
}

/**
 * Evolves studies in one job, in which each has its own realisations: studies that `groupsOf` (together.ts) puts together.
 * @throws InputError; InterruptedError, of one study with a FieldResult of the last checkpoint; what the engine throws.
 */
export async function evolveTogether(
  setups: readonly Setup[],
  lattice: LatticeSpec,
  engine: Pick<Engine, "info" | "evolveLattice">,
  control: JobControl,
  checkpointing?: Checkpointing,
): Promise<TogetherRun> {
  const [setup] = setups as [Setup];
  const { study, fields } = setup;
  const { time, fluctuations } = study;
  assertCounts(lattice);
  const parts = partsOf(setups);
  const [{ all: realisations }] = parts as [Part];
  const course = courseOf(setup, lattice, realisations);
  const { schedule, stepsDone } = course;
  const operations = operationsOf({ schedule });
  const grid: Grid = {
    dimensions: lattice.dimensions,
    points: lattice.points,
    spacing: lattice.length / lattice.points,
    stencil: lattice.stencil,
  };
  // As many as the engine has, where it has any.
  const threads = (): number | undefined => engine.info.threads || undefined;
  const start = startOf({ setups, lattice, grid, parts, schedule }, threads, control.signal);
  const reductions: Reduction[] = (["field", "shape", "momentum", "gradient", "potential"] as const).map((kind) => ({
    kind,
  }));
  if (fluctuations.kind === "planeWave") reductions.push({ kind: "cosine", mode: fluctuations.mode });

  const { resume } = checkpointing ?? {};
  if (resume) assertResumable(resume, realisations, fields, lattice.points ** lattice.dimensions);
  /** The last checkpoint. */
  let seen = resume;
  const job: LatticeJob = {
    grid,
    realisations,
    fields,
    potential: setups.flatMap(({ potential }, i) => new Array<Potential>(parts[i]!.count).fill(potential)),
    initial: start.initial,
    initialBytes: () => (resume ? 0 : start.initialBytes()),
    schedule,
    resume,
    observeAfter: course.stops,
    reductions,
    snapshots: {
      after: course.pictured,
      pictures: course.album.pictures((made) => momentsOf(setup, made, course.stepAfter(made.afterOperation))),
    },
    ...(checkpointing
      ? {
          checkpoint: {
            seconds: checkpointing.seconds,
            save: (at: LatticeCheckpoint) => {
              const { part, operation } = evolvedPart(at, operations);
              const step = stepsDone(operation);
              seen = at;
              return checkpointing.save(at, step, step * time.step, part);
            },
          },
        }
      : {}),
  };
  const runOf = (i: number, of: LatticeReport, until: number): LatticeRun => {
    const own = setups[i]!;
    const timeline = { ...course, steps: until, album: planPictures(own, lattice, course.steps) };
    const report = setups.length === 1 ? of : partOfReport(of, parts[i]!);
    return measure(own, lattice, timeline, report, engine.info);
  };
  let report: LatticeReport;
  try {
    report = await engine.evolveLattice(job, control);
  } catch (cause) {
    // Of several studies the checkpoint is enough.
    if (!(cause instanceof InterruptedError) || !seen || setups.length > 1) throw cause;
    const { part, operation } = evolvedPart(seen, operations);
    const [furthest] = seen.parts as [Reached];
    const first = { first: 0, count: furthest.realisations, all: realisations };
    const final = partOfState(seen.state, first);
    const { result } = runOf(0, { ...furthest, engineSeconds: 0, final }, stepsDone(furthest.operation));
    const where = part.count === part.all ? "" : ` in ${describePart(part)}`;
    throw new InterruptedError(`${cause.message}${where}`, { step: stepsDone(operation), partial: result, cause });
  }
  return { engineSeconds: report.engineSeconds, run: (i) => runOf(i, report, course.steps) };
}

/**
 * Runs a lattice on an engine.
 * @throws InputError; DivergenceError with a FieldResult of the records before; InterruptedError with that of the last checkpoint; what the
 *   engine throws.
 */
export async function runLattice(
  setup: Setup,
  lattice: LatticeSpec,
  engine: Pick<Engine, "info" | "evolveLattice">,
  control: JobControl,
  checkpointing?: Checkpointing,
): Promise<LatticeRun> {
  return (await evolveTogether([setup], lattice, engine, control, checkpointing)).run(0);
}
