/** A field study on a lattice as a job for an engine. */
import type {
  CoupledSchedule,
  Engine,
  JobControl,
  LatticeCheckpoint,
  LatticeJob,
  LatticeReport,
  Observation,
  PrescribedSchedule,
  Reduction,
  Snapshot,
} from "../engine/engine.ts";
import { InputError, InterruptedError } from "../errors.ts";
import { coupling } from "./friedmann.ts";
import { planInitialState, realisationsOf, startExpansion } from "./initial.ts";
import { type LatticeRun, measure, momentsOf } from "./measure.ts";
import { planPictures } from "./pictures.ts";
import { buildSchedule, coupledDurations, recordedSteps, stepsTo } from "./schedule.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";

/** Sites beyond which no engine is asked: their number alone no longer counts exactly in 32 bits. */
const MAX_SITES = 2 ** 31;

/** Where checkpoints go, and the one to go on from. */
export interface Checkpointing {
  readonly seconds: number;
  /** Is given the steps done and their alpha-time too. */
  save(checkpoint: LatticeCheckpoint, step: number, alphaTime: number): Promise<void>;
  readonly resume?: LatticeCheckpoint | undefined;
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

/** The lattice must fit before anything large is made. Throws InputError. */
function assertCounts({ points, dimensions }: LatticeSpec): void {
  if (points ** dimensions > MAX_SITES) {
    throw new InputError(`${points}^${dimensions} sites do not fit any engine; use fewer points`, {
      path: "lattice.points",
    });
  }
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
  const { study, expansion, fields, potential } = setup;
  const { time, fluctuations } = study;
  assertCounts(lattice);
  const steps = stepsTo(time);
  const realisations = realisationsOf(setup);
  const records = recordedSteps(steps, time.recordEvery);
  const album = planPictures(setup, lattice, steps);
  const stops = [...new Set([...records, ...album.steps])].sort((p, q) => p - q);
  const { schedule, after, stepsDone } = scheduleOf(setup, stops, realisations);
  const stepAfter = new Map(stops.map((step) => [after(step), step]));
  const momentsMade = (made: Observation) => momentsOf(setup, made, stepAfter.get(made.afterOperation)!);
  const draw = planInitialState(setup, lattice, control.signal);
  const reductions: Reduction[] = (["field", "shape", "momentum", "gradient", "potential"] as const).map((kind) => ({
    kind,
  }));
  if (fluctuations.kind === "planeWave") reductions.push({ kind: "cosine", mode: fluctuations.mode });

  const { resume } = checkpointing ?? {};
  /** The last checkpoint. */
  let seen = resume;
  const from = resume?.operation ?? 0;
  if (resume?.global && schedule.kind === "coupled") schedule.initial.set(resume.global);
  const due = (all: readonly number[]): number[] =>
    all.map(after).filter((operation) => operation > from || (!resume && operation === 0));
  const shape = {
    grid: {
      dimensions: lattice.dimensions,
      points: lattice.points,
      spacing: lattice.length / lattice.points,
      stencil: lattice.stencil,
    },
    realisations,
    fields,
    potential,
  };
  const job: LatticeJob = {
    ...shape,
    async initial() {
      if (resume) return resume.state;
      // As many as the engine has, where it has any.
      const threads = engine.info.threads || undefined;
      const state = await draw(threads);
      if (schedule.kind === "coupled" && expansion.kind === "selfConsistent")
        await startExpansion(shape, expansion.planckMass, state, schedule.initial, threads, control.signal);
      return state;
    },
    schedule,
    from,
    observeAfter: due(stops),
    reductions,
    snapshots: { after: due(album.steps), pictures: album.pictures(momentsMade) },
    ...(checkpointing
      ? {
          checkpoint: {
            seconds: checkpointing.seconds,
            save: (at: LatticeCheckpoint) => {
              const step = stepsDone(at.operation);
              seen = joined(resume, at);
              return checkpointing.save(seen, step, step * time.step);
            },
          },
        }
      : {}),
  };
  const timeline = { steps, records, stepAfter: (done: number) => stepAfter.get(done)!, album };
  let report: LatticeReport;
  try {
    report = joined(resume, await engine.evolveLattice(job, control));
  } catch (cause) {
    if (!(cause instanceof InterruptedError) || !seen) throw cause;
    const step = stepsDone(seen.operation);
    const until = { ...seen, engineSeconds: 0, final: seen.state };
    const { result } = measure(setup, lattice, { ...timeline, steps: step }, until, engine.info);
    throw new InterruptedError(cause.message, { step, partial: result, cause });
  }
  return measure(setup, lattice, timeline, report, engine.info);
}

/** What was seen before the checkpoint that a run goes on from belongs to its later checkpoints and to its report. */
function joined<T extends { observations: readonly Observation[]; snapshots: readonly Snapshot[] }>(
  resume: LatticeCheckpoint | undefined,
  later: T,
): T {
  return resume
    ? {
        ...later,
        observations: [...resume.observations, ...later.observations],
        snapshots: [...resume.snapshots, ...later.snapshots],
      }
    : later;
}
