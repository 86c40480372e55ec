/** Field studies on lattices as jobs for an engine: one study, or several that differ in what a job's realisations may differ in. */

import type { Engine, JobControl, LatticeReport } from "../engine/engine.ts";
import { stateArray } from "../engine/hostState.ts";
import type {
  CoupledSchedule,
  Grid,
  LatticeCheckpoint,
  LatticeJob,
  LatticeState,
  Observation,
  PrescribedSchedule,
  Reached,
  Reduction,
} from "../engine/latticeJob.ts";
import { stateBytes } from "../engine/memory.ts";
import { describePart, operationsOf, type Part, partOf, partOfReport, partOfState } from "../engine/parts.ts";
import { InputError, InterruptedError } from "../errors.ts";
import type { Potential } from "../potential/potential.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { coupling } from "./friedmann.ts";
import { initialBytes, planInitialState, realisationsOf, startExpansion } from "./initial.ts";
import { type LatticeRun, measure, momentsOf } from "./measure.ts";
import { planPictures } from "./pictures.ts";
import { buildSchedule, coupledDurations, stepsTo } from "./schedule.ts";
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

/** The schedule of all steps, complete at the stops. */
function scheduleOf(setup: Setup, stops: readonly number[], realisations: number) {
  const { study, expansion } = setup;
  const { time } = study;
  if (expansion.kind === "prescribed") {
    const { coefficients, ...steps } = buildSchedule(time, expansion.background, stops);
    const schedule: PrescribedSchedule = { kind: "prescribed", coefficients };
    return { schedule, ...steps };
  }
  const { durations, ...steps } = coupledDurations(time, stops[stops.length - 1]!);
  const schedule: CoupledSchedule = {
    kind: "coupled",
    durations,
    initial: new Float64Array(3 * realisations),
    ...coupling(time.alpha, expansion.planckMass),
  };
  return { schedule, ...steps };
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
  const { study, expansion, fields } = setup;
  const { time, fluctuations } = study;
  assertCounts(lattice);
  const steps = stepsTo(time);
  const counts = setups.map(realisationsOf);
  const realisations = counts.reduce((sum, count) => sum + count);
  const parts = counts.map((count, i): Part => {
    const first = counts.slice(0, i).reduce((sum, before) => sum + before, 0);
    return { first, count, all: realisations };
  });
  const records = recordedSteps(steps, time.recordEvery);
  const album = planPictures(setup, lattice, steps);
  const stops = [...new Set([...records, ...album.steps])].sort((p, q) => p - q);
  const { schedule, after, stepsDone } = scheduleOf(setup, stops, realisations);
  const operations = operationsOf({ schedule });
  const stepAfter = new Map(stops.map((step) => [after(step), step]));
  const momentsMade = (made: Observation) => momentsOf(setup, made, stepAfter.get(made.afterOperation)!);
  const draws = setups.map((own) => planInitialState(own, lattice, control.signal));
  const reductions: Reduction[] = (["field", "shape", "momentum", "gradient", "potential"] as const).map((kind) => ({
    kind,
  }));
  if (fluctuations.kind === "planeWave") reductions.push({ kind: "cosine", mode: fluctuations.mode });

  const { resume } = checkpointing ?? {};
  if (resume) assertResumable(resume, realisations, fields, lattice.points ** lattice.dimensions);
  /** The last checkpoint. */
  let seen = resume;
  const grid: Grid = {
    dimensions: lattice.dimensions,
    points: lattice.points,
    spacing: lattice.length / lattice.points,
    stencil: lattice.stencil,
  };
  // As many as the engine has, where it has any.
  const threadsOf = (): number | undefined => engine.info.threads || undefined;
  /** The start of the i-th study, and its expansion's in the schedule. */
  const begin = async (i: number): Promise<LatticeState> => {
    const threads = threadsOf();
    const state = await draws[i]!(threads);
    if (schedule.kind === "coupled" && expansion.kind === "selfConsistent") {
      const own = { grid, realisations: counts[i]!, fields, potential: setups[i]!.potential };
      const { initial } = schedule;
      await startExpansion(own, expansion.planckMass, state, partOf(initial, parts[i]!), threads, control.signal);
    }
    return state;
  };
  const job: LatticeJob = {
    grid,
    realisations,
    fields,
    potential: setups.flatMap(({ potential }, i) => new Array<Potential>(counts[i]!).fill(potential)),
    async initial() {
      if (setups.length === 1) return begin(0);
      const size = realisations * fields * lattice.points ** lattice.dimensions;
      const whole = { field: stateArray(size), momentum: stateArray(size) };
      for (const [i, part] of parts.entries()) {
        const { field, momentum } = await begin(i);
        partOf(whole.field, part).set(field);
        partOf(whole.momentum, part).set(momentum);
      }
      return whole;
    },
    initialBytes() {
      if (resume) return 0;
      const each = setups.map((own, i) => {
        // Studies that share a job are drawn by themselves before they stand in its state.
        const state = setups.length > 1 ? stateBytes({ grid, realisations: counts[i]!, fields }) : 0;
        return state + initialBytes(own, lattice, threadsOf());
      });
      return Math.max(...each);
    },
    schedule,
    resume,
    observeAfter: stops.map(after),
    reductions,
    snapshots: { after: album.steps.map(after), pictures: album.pictures(momentsMade) },
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
    const timeline = {
      steps: until,
      records,
      stepAfter: (done: number) => stepAfter.get(done)!,
      album: planPictures(own, lattice, steps),
    };
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
  return { engineSeconds: report.engineSeconds, run: (i) => runOf(i, report, steps) };
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
