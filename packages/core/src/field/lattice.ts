/** A field study on a lattice: the job for an engine, and the result from what it observes. */
import type {
  CoupledSchedule,
  Engine,
  JobControl,
  LatticeCheckpoint,
  LatticeJob,
  LatticeState,
  Observation,
  PrescribedSchedule,
  Reduction,
  Snapshot,
} from "../engine/engine.ts";
import { DivergenceError, InputError } from "../errors.ts";
import { coupling } from "./friedmann.ts";
import { planInitialState, realisationsOf, startExpansion } from "./initial.ts";
import { planPictures } from "./pictures.ts";
import { type FieldResult, type ModeResult, type Moment, summarise } from "./result.ts";
import { buildSchedule, coupledDurations, recordedSteps, stepsTo } from "./schedule.ts";
import { outsideDomain, type Setup, storesState, studyWarnings } from "./setup.ts";
import { stabilityWarnings } from "./stability.ts";
import type { LatticeSpec } from "./study.ts";
import { waveNumbers } from "./waves.ts";

/** Sites beyond which no engine is asked: their number alone no longer counts exactly in 32 bits. */
const MAX_SITES = 2 ** 31;

/** Where checkpoints go, and the one to go on from. */
export interface Checkpointing {
  readonly seconds: number;
  /** Is given the steps done and their alpha-time too. */
  save(checkpoint: LatticeCheckpoint, step: number, alphaTime: number): Promise<void>;
  readonly resume?: LatticeCheckpoint | undefined;
}

export interface LatticeRun {
  readonly result: FieldResult;
  readonly engineSeconds: number;
  readonly final: LatticeState;
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

/** Rounding that accumulates over a float32 run against the fluctuations it carries (physics.md section 5). */
function precisionWarnings(
  { info }: Pick<Engine, "info">,
  setup: Setup,
  moments: readonly Moment[][],
  steps: number,
): string[] {
  if (info.precision !== "float32") return [];
  const last = moments[moments.length - 1]![0]!;
  const better = info.kind === "webgpu" ? "compensated, or float64 with --engine cpu" : "float64";
  for (const [f, name] of setup.potential.fields.entries()) {
    const largest = Math.max(...moments.map(([moment]) => Math.abs(moment!.mean[f]!)));
    const rounding = largest * 6e-8 * Math.sqrt(steps);
    const rms = Math.sqrt(last.variance[f]!);
    if (rms > 0 && rounding > 0.01 * rms) {
      return [
        `precision: float32 rounding of ${name}, about ${rounding.toExponential(1)}, exceeds 1% of its rms fluctuation ${rms.toExponential(1)}; use precision: ${better}`,
      ];
    }
  }
  return [];
}

function allFinite(observation: Observation): boolean {
  const { fieldMean, fieldVariance, momentumSquare, potential, global } = observation;
  return [fieldMean!, fieldVariance!, momentumSquare!, potential!, global ?? []].every((values) =>
    Array.from(values).every(Number.isFinite),
  );
}

/** One observation as moments, [R]. */
function momentsOf(setup: Setup, observation: Observation, step: number): Moment[] {
  const { expansion, fields, study } = setup;
  const { alpha, step: h } = study.time;
  const eta = step * h;
  const { global, potential } = observation;
  return Array.from(potential!, (value, r) => {
    const [scaleFactor, hubble, time] =
      expansion.kind === "prescribed"
        ? [expansion.background.scaleFactor(eta), expansion.background.hubble(eta), expansion.background.time(eta)]
        : [global![3 * r]!, global![3 * r + 1]! / global![3 * r]! ** (1 + alpha), global![3 * r + 2]!];
    const own = (values: Float64Array | undefined): number[] =>
      Array.from(values!.subarray(r * fields, (r + 1) * fields));
    const variance = own(observation.fieldVariance);
    // pi = a^3 dphi/dt.
    return {
      alphaTime: eta,
      time,
      scaleFactor,
      hubble,
      mean: own(observation.fieldMean),
      velocity: own(observation.momentumMean).map((pi) => pi / scaleFactor ** 3),
      variance,
      skewness: own(observation.fieldThird).map((third, f) => (variance[f] === 0 ? 0 : third / variance[f]! ** 1.5)),
      kurtosis: own(observation.fieldFourth).map((fourth, f) =>
        variance[f] === 0 ? 0 : fourth / variance[f]! ** 2 - 3,
      ),
      kinetic: own(observation.momentumSquare).map((square) => square / (2 * scaleFactor ** 6)),
      gradient: own(observation.gradient).map((slope) => slope / (2 * scaleFactor ** 2)),
      potential: value,
    };
  });
}

function planeWaveMode({ study }: Setup, lattice: LatticeSpec, observations: readonly Observation[]): ModeResult[] {
  const { fluctuations } = study;
  if (fluctuations.kind !== "planeWave") return [];
  const { mode } = fluctuations;
  // cos^2 averages to 1/2, but to 1 where the wave only takes the values +-1.
  const halving = mode.every((n) => (2 * n) % lattice.points === 0) ? 0.5 : 1;
  const amplitude = observations.map((observation) => halving * observation.cosine![0]![0]!);
  return [{ mode, ...waveNumbers(mode, lattice), amplitude }];
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
 * @throws InputError; DivergenceError with a FieldResult of the records before; what the engine throws.
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
  const album = planPictures(setup, lattice, steps, realisations);
  const stops = [...new Set([...records, ...album.steps])].sort((p, q) => p - q);
  const { schedule, after, stepsDone } = scheduleOf(setup, stops, realisations);
  const stepAfter = new Map(stops.map((step) => [after(step), step]));
  const draw = planInitialState(setup, lattice, control.signal);
  const reductions: Reduction[] = (["field", "shape", "momentum", "gradient", "potential"] as const).map((kind) => ({
    kind,
  }));
  if (fluctuations.kind === "planeWave") reductions.push({ kind: "cosine", mode: fluctuations.mode });

  const { resume } = checkpointing ?? {};
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
    snapshots: { after: due(album.steps), pictures: album.pictures },
    ...(checkpointing
      ? {
          checkpoint: {
            seconds: checkpointing.seconds,
            save: (at: LatticeCheckpoint) => {
              const step = stepsDone(at.operation);
              return checkpointing.save(joined(resume, at), step, step * time.step);
            },
          },
        }
      : {}),
  };
  const report = joined(resume, await engine.evolveLattice(job, control));

  const recorded = new Set(records);
  const observed = report.observations.filter(({ afterOperation }) => recorded.has(stepAfter.get(afterOperation)!));
  const bad = report.observations.find((observation) => !allFinite(observation));
  if (bad?.afterOperation === 0) {
    // Stored arrays are known to be finite, so that V is not, or the sums of what is too large for the engine's precision.
    throw outsideDomain("some site of the lattice", storesState(fluctuations) ? "fluctuations" : "field.mean");
  }
  const good = observed.filter(({ afterOperation }) => !bad || afterOperation < bad.afterOperation);
  const moments = good.map((observation) => momentsOf(setup, observation, stepAfter.get(observation.afterOperation)!));
  const modes = planeWaveMode(setup, lattice, good);
  const timeOf = (afterOperation: number) => {
    const step = stepAfter.get(afterOperation)!;
    const at = report.observations.find((observation) => observation.afterOperation === afterOperation)!;
    const all = momentsOf(setup, at, step);
    return { step, time: all.reduce((sum, moment) => sum + moment.time, 0) / all.length };
  };
  const snapshots = report.snapshots.filter(({ afterOperation }) => !bad || afterOperation < bad.afterOperation);
  const measured = {
    ...summarise(setup, moments),
    ...(modes.length > 0 ? { modes } : {}),
    ...album.develop(snapshots, timeOf),
  };
  const unstable = stabilityWarnings(setup, lattice, moments);
  if (bad) throw divergence(stepAfter.get(bad.afterOperation)!, { ...measured, warnings: unstable });
  const imprecise = precisionWarnings(engine, setup, moments, steps);
  return {
    result: { ...measured, warnings: [...studyWarnings(setup), ...unstable, ...imprecise] },
    engineSeconds: report.engineSeconds,
    final: report.final,
  };
}

export function divergence(step: number, partial: FieldResult): DivergenceError<FieldResult> {
  return new DivergenceError(
    `the field diverged: it is not finite at step ${step}; use a smaller time.step, end earlier or check the potential`,
    step,
    { partial, path: "time.step" },
  );
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
