/** The `field` command: the homogeneous field in float64, or a lattice on an engine. */
import { cooperate } from "../cooperate.ts";
import type {
  Engine,
  JobControl,
  LatticeJob,
  LatticeReport,
  LatticeState,
  Observation,
  Reduction,
} from "../engine/engine.ts";
import { DivergenceError, EngineUnavailableError, InputError } from "../errors.ts";
import { compilePotential } from "../potential/compile.ts";
import type { Potential } from "../potential/potential.ts";
import { type Background, createBackground } from "./background.ts";
import { evolveHomogeneous } from "./homogeneous.ts";
import { planInitialState, waveNumbers } from "./initial.ts";
import { buildSchedule, type Schedule, stepsTo } from "./schedule.ts";
import type { FieldStudy, LatticeSpec } from "./study.ts";

export interface ModeResult {
  readonly mode: readonly number[];
  readonly k: number;
  readonly kEff: number;
  /** The fluctuation's cosine amplitude, signed, at each record. */
  readonly amplitude: number[];
}

/** Keys as in the contract; arrays over the records. */
export interface FieldResult {
  /** Cosmic. */
  readonly times: number[];
  readonly alphaTimes: number[];
  readonly efolds: number[];
  readonly scaleFactor: number[];
  readonly hubble: number[];
  readonly mean: number[];
  /** Cosmic-time derivative of the mean. */
  readonly velocity: number[];
  readonly variance: number[];
  /** Densities in cosmic time. */
  readonly energy: { readonly kinetic: number[]; readonly gradient: number[]; readonly potential: number[] };
  readonly modes?: ModeResult[];
  readonly warnings: readonly string[];
}

export interface FieldRun {
  readonly result: FieldResult;
  readonly engineSeconds: number;
  /** The state at the end, where there is a lattice. */
  readonly final?: LatticeState;
}

/** Sites beyond which no engine is asked: their number alone no longer counts exactly in 32 bits. */
const MAX_SITES = 2 ** 31;

function expansion(background: Background, etas: readonly number[]) {
  const scaleFactor = etas.map((eta) => background.scaleFactor(eta));
  return {
    times: etas.map((eta) => background.time(eta)),
    alphaTimes: [...etas],
    efolds: scaleFactor.map(Math.log),
    scaleFactor,
    hubble: etas.map((eta) => background.hubble(eta)),
  };
}

async function homogeneous(
  study: FieldStudy,
  potential: Potential,
  background: Background,
  control: JobControl,
): Promise<FieldRun> {
  const { field, time } = study;
  if (!Number.isFinite(potential.value(field.mean)) || !Number.isFinite(potential.gradient(0, field.mean)))
    throw outsideDomain(`phi = ${field.mean}`, "field.mean");
  const { etas, mean, velocity } = await cooperate(
    evolveHomogeneous(potential, field, background, time),
    control.signal,
  );
  const bad = mean.findIndex(
    (phi, r) => !Number.isFinite(phi) || !Number.isFinite(velocity[r]) || !Number.isFinite(potential.value(phi)),
  );
  const count = bad < 0 ? mean.length : bad;
  const zero = new Array<number>(count).fill(0);
  const result: FieldResult = {
    ...expansion(background, etas.slice(0, count)),
    mean: mean.slice(0, count),
    velocity: velocity.slice(0, count),
    variance: zero,
    energy: {
      kinetic: velocity.slice(0, count).map((v) => (v * v) / 2),
      gradient: zero,
      potential: mean.slice(0, count).map((phi) => potential.value(phi)),
    },
    warnings: [],
  };
  // The last record is made at the end, which need not be a whole number of steps.
  if (count < etas.length) throw divergence(Math.ceil(etas[count]! / time.step - 1e-9), result);
  return { result, engineSeconds: 0 };
}

function outsideDomain(where: string, path: string): InputError {
  return new InputError(
    `V is not finite at ${where}, where the field starts; start elsewhere or change the potential`,
    {
      path,
    },
  );
}

function divergence(step: number, partial: FieldResult): DivergenceError<FieldResult> {
  return new DivergenceError(
    `the field diverged: it is not finite at step ${step}; use a smaller time.step, end earlier or check the potential`,
    step,
    {
      partial,
      path: "time.step",
    },
  );
}

/** Rounding that accumulates over a float32 run against the fluctuations it carries (physics.md section 5). */
function precisionWarnings(engine: Engine, result: Omit<FieldResult, "warnings">, steps: number): string[] {
  if (engine.info.precision !== "float32") return [];
  const last = result.mean.length - 1;
  const rounding = Math.max(...result.mean.map(Math.abs)) * 6e-8 * Math.sqrt(steps);
  const rms = Math.sqrt(result.variance[last]!);
  return rms > 0 && rounding > 0.01 * rms
    ? [
        `precision: float32 rounding, about ${rounding.toExponential(1)}, exceeds 1% of the rms fluctuation ${rms.toExponential(1)}; use precision: float64`,
      ]
    : [];
}

function latticeJob(
  lattice: LatticeSpec,
  potential: Potential,
  initial: LatticeJob["initial"],
  schedule: Schedule,
  mode: readonly number[] | undefined,
): LatticeJob {
  const { dimensions, points, length, stencil } = lattice;
  const reductions: Reduction[] = [
    { kind: "field" },
    { kind: "momentum" },
    { kind: "gradient" },
    { kind: "potential" },
  ];
  if (mode) reductions.push({ kind: "cosine", mode });
  return {
    grid: { dimensions, points, spacing: length / points, stencil },
    realisations: 1,
    fields: 1,
    potential,
    initial,
    schedule: { kind: "prescribed", coefficients: schedule.coefficients },
    observeAfter: schedule.observeAfter,
    reductions,
  };
}

/** The contract's arrays from one field's observations. */
function assemble(
  study: FieldStudy,
  lattice: LatticeSpec,
  background: Background,
  etas: readonly number[],
  observations: readonly Observation[],
): Omit<FieldResult, "warnings"> {
  const base = expansion(background, etas);
  const each = (pick: (observation: Observation, a: number) => number): number[] =>
    observations.map((observation, r) => pick(observation, base.scaleFactor[r]!));
  const { fluctuations } = study;
  const mode = fluctuations.kind === "planeWave" ? fluctuations.mode : undefined;
  // cos^2 averages to 1/2, but to 1 where the wave only takes the values +-1.
  const halving = mode?.every((n) => (2 * n) % lattice.points === 0) ? 0.5 : 1;
  return {
    ...base,
    mean: each((o) => o.fieldMean![0]!),
    // pi = a^3 dphi/dt.
    velocity: each((o, a) => o.momentumMean![0]! / a ** 3),
    variance: each((o) => o.fieldVariance![0]!),
    energy: {
      kinetic: each((o, a) => o.momentumSquare![0]! / (2 * a ** 6)),
      gradient: each((o, a) => o.gradient![0]! / (2 * a ** 2)),
      potential: each((o) => o.potential![0]!),
    },
    ...(mode
      ? { modes: [{ mode, ...waveNumbers(mode, lattice), amplitude: each((o) => halving * o.cosine![0]![0]!) }] }
      : {}),
  };
}

function allFinite(observation: Observation): boolean {
  const { fieldMean, fieldVariance, momentumSquare, potential } = observation;
  return [fieldMean, fieldVariance, momentumSquare, potential].every((values) => values!.every(Number.isFinite));
}

/**
 * Runs a field study; an engine is needed only where there is a lattice.
 * @throws InputError, ExpressionError; DivergenceError with a FieldResult of the records before; what the engine throws.
 */
export async function fieldStudy(
  study: FieldStudy,
  engine: Engine | undefined,
  control: JobControl = {},
): Promise<FieldRun> {
  const { lattice, time } = study;
  const potential = await compilePotential(study.field.potential, { path: "field.potential" });
  const background = createBackground(study.background, time.alpha);
  if (!lattice) return homogeneous(study, potential, background, control);

  const sites = lattice.points ** lattice.dimensions;
  if (sites > MAX_SITES) {
    throw new InputError(`${lattice.points}^${lattice.dimensions} sites do not fit any engine; use fewer points`, {
      path: "lattice.points",
    });
  }
  const steps = stepsTo(time, background);
  if (!engine) throw new EngineUnavailableError("a lattice needs an engine");
  const schedule = buildSchedule(time, background);
  const initial = planInitialState(study, lattice);
  const mode = study.fluctuations.kind === "planeWave" ? study.fluctuations.mode : undefined;
  const report: LatticeReport = await engine.evolveLattice(
    latticeJob(lattice, potential, initial, schedule, mode),
    control,
  );
  const bad = report.observations.findIndex((observation) => !allFinite(observation));
  if (bad === 0) {
    // Stored arrays are known to be finite, so that V is not, or the sums of what is too large for the engine's precision.
    const stored = study.fluctuations.kind === "file";
    throw outsideDomain("some site of the lattice", stored ? "fluctuations.field" : "field.mean");
  }
  const count = bad < 0 ? report.observations.length : bad;
  const measured = assemble(
    study,
    lattice,
    background,
    schedule.etas.slice(0, count),
    report.observations.slice(0, count),
  );
  if (bad >= 0) throw divergence(Math.round(schedule.etas[bad]! / time.step), { ...measured, warnings: [] });
  return {
    result: { ...measured, warnings: precisionWarnings(engine, measured, steps) },
    engineSeconds: report.engineSeconds,
    final: report.final,
  };
}
