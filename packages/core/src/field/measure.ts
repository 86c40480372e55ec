/** What a study's result is made of on a lattice: the engine's observations as moments, and what they warn of. */
import type { EngineInfo, LatticeReport, Precision } from "../engine/engine.ts";
import type { LatticeState, Observation } from "../engine/latticeJob.ts";
import { DivergenceError } from "../errors.ts";
import { needsPositive } from "../potential/domain.ts";
import type { Album } from "./pictures.ts";
import { type Average, averageOf, type FieldResult, type ModeResult, type Moment, summarise } from "./result.ts";
import { outsideDomain, type Setup, storesState, studyWarnings } from "./setup.ts";
import { stabilityWarnings } from "./stability.ts";
import type { LatticeSpec } from "./study.ts";
import { waveNumbers } from "./waves.ts";

export interface LatticeRun {
  readonly result: FieldResult;
  readonly engineSeconds: number;
  readonly final: LatticeState;
}

/** Which steps a job's observations and snapshots are of. */
export interface Timeline {
  /** Steps in all. */
  readonly steps: number;
  /** Ascending steps of the result's records; other observations belong to snapshots. */
  readonly records: readonly number[];
  /** The step that is complete after so many operations. */
  stepAfter(operations: number): number;
  readonly album: Album;
}

/** Whether the study asks for fluctuations of field f, as a stored state is taken to. */
function fluctuates({ study: { fluctuations } }: Setup, f: number): boolean {
  if (fluctuations.kind === "none") return false;
  if (fluctuations.kind === "planeWave")
    return f === 0 && (fluctuations.amplitude !== 0 || fluctuations.velocity !== 0);
  return !("amplitude" in fluctuations) || fluctuations.amplitude !== 0;
}

/** Half the distance between neighbouring numbers at 1. */
const ROUNDING: Readonly<Partial<Record<Precision, number>>> = { float32: 6e-8, float64: 1.1e-16 };

/** Rounding that accumulates over a run against the fluctuations it carries (physics.md section 5). */
function precisionWarnings(info: EngineInfo, setup: Setup, averages: readonly Average[], steps: number): string[] {
  const unit = ROUNDING[info.precision];
  if (unit === undefined) return [];
  const { fluctuations } = setup.study;
  // In float64 only of what is drawn: the last digits may be all by which a stored state, or one without fluctuations, differs.
  const concerns = (rms: number, f: number): boolean =>
    info.precision === "float64" ? fluctuates(setup, f) && !storesState(fluctuations) : rms > 0 || fluctuates(setup, f);
  const last = averages[averages.length - 1]!;
  const better = `use precision: ${info.kind === "webgpu" ? "compensated, or float64 with --engine cpu" : "float64"}`;
  const mend = info.precision === "float64" ? "give the field as what it differs from a constant by" : better;
  for (const [f, name] of setup.potential.fields.entries()) {
    const largest = averages.reduce((most, { mean }) => Math.max(most, Math.abs(mean[f]!)), 0);
    const rounding = largest * unit * Math.sqrt(steps);
    const rms = Math.sqrt(last.variance[f]!);
    if (concerns(rms, f) && rounding > 0.01 * rms) {
      const lost =
        rms > 0 ? `exceeds 1% of its rms fluctuation ${rms.toExponential(1)}` : "leaves nothing of its fluctuations";
      return [`precision: ${info.precision} rounding of ${name}, about ${rounding.toExponential(1)}, ${lost}; ${mend}`];
    }
  }
  return [];
}

/** A variance in float32 whose parts, or those of energies and spectra beside it, are nearly too small to be told from 0. */
const FADING = 1e-32;

/** Squares that float32 may round to 0 where their sums are made in it: on a device all, here those that drive an expansion. */
function underflowWarnings(info: EngineInfo, setup: Setup, averages: readonly Average[]): string[] {
  const onDevice = info.kind === "webgpu";
  const drives = setup.expansion.kind === "selfConsistent";
  if (!onDevice && !(drives && info.precision === "float32")) return [];
  const lost = onDevice ? "energies and spectra" : "energies, which drive the expansion";
  const better = drives ? `${onDevice ? "--engine cpu with " : ""}precision: float64` : "--engine cpu";
  for (const [f, name] of setup.potential.fields.entries()) {
    const least = averages.reduce(
      (small, { variance }) => (variance[f]! > 0 ? Math.min(small, variance[f]!) : small),
      Infinity,
    );
    if (least < FADING) {
      return [
        `precision: the fluctuations of ${name} are down to ${Math.sqrt(least).toExponential(1)} rms, whose squares float32 may round to 0 in ${lost}; give fields in a smaller unit, or use ${better}`,
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

/** Whether a realisation's scale factor has passed through 0: steps go on beyond a collapse that no solution does. */
const hasCollapsed = ({ global }: Observation): boolean =>
  global?.some((value, i) => i % 3 === 0 && value <= 0) ?? false;

/** One observation as moments, [R]. */
export function momentsOf(setup: Setup, observation: Observation, step: number): Moment[] {
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

/** `collapsed`: where it is the scale factor that has come to 0. */
export function divergence(
  { potential }: Setup,
  step: number,
  partial: FieldResult,
  collapsed = false,
): DivergenceError<FieldResult> {
  const domain = needsPositive(potential.tree.value)
    ? ", which has no value where its logarithms, roots or powers that are not whole are of negative numbers"
    : "";
  const message = collapsed
    ? `space collapsed: its scale factor is not above 0 at step ${step}; end earlier or check the potential`
    : `the field diverged: it is not finite at step ${step}; use a smaller time.step, end earlier or check the potential${domain}`;
  return new DivergenceError(message, step, { partial, path: collapsed ? "time.end" : "time.step" });
}

/** Decades of the largest pi^2 = (a^3 dphi/dt)^2 that an engine holds: where it sums in float32, and where only pi is in it. */
const DECADES = { webgpu: 38, float32: 77, float64: 308 };
/** Decades within which sites may differ from their mean, and steps from the last record. */
const LEEWAY = 4;

/** The error where momenta have outgrown the engine's numbers with a^3, as after many e-folds they do; undefined where it is the field. */
function outgrown(
  setup: Setup,
  { kind, precision }: EngineInfo,
  step: number,
  averages: readonly Average[],
  partial: FieldResult,
): DivergenceError<FieldResult> | undefined {
  const { expansion, study } = setup;
  const largest = kind === "webgpu" ? DECADES.webgpu : precision === "float32" ? DECADES.float32 : DECADES.float64;
  const last = averages.at(-1);
  if (!last) return undefined;
  const folds =
    expansion.kind === "prescribed" ? Math.log(expansion.background.scaleFactor(step * study.time.step)) : last.efolds;
  const decades = (6 * folds) / Math.LN10;
  const all = decades + Math.log10(2 * Math.max(...last.kinetic));
  if (decades <= largest && (decades <= largest / 2 || all <= largest - LEEWAY)) return undefined;
  const mend =
    largest === DECADES.float64 ? "" : ` or use ${kind === "webgpu" ? "--engine cpu with " : ""}precision: float64`;
  return new DivergenceError(
    `the momentum a^3 dphi/dt or its square is beyond ${largest === DECADES.float64 ? "float64" : "float32"} at step ${step}, after ${folds.toFixed(0)} e-folds; end earlier${mend}`,
    step,
    { partial, path: "time.end" },
  );
}

/**
 * The result of a study whose realisations are all those of the report.
 * @throws InputError; DivergenceError with a FieldResult of the records before.
 */
export function measure(
  setup: Setup,
  lattice: LatticeSpec,
  { steps, records, stepAfter, album }: Timeline,
  report: LatticeReport,
  info: EngineInfo,
): LatticeRun {
  const recorded = new Set(records);
  const observed = report.observations.filter(({ afterOperation }) => recorded.has(stepAfter(afterOperation)));
  const bad = report.observations.find((observation) => !allFinite(observation) || hasCollapsed(observation));
  if (bad?.afterOperation === 0) {
    // Stored arrays are known to be finite, so that V is not, or the sums of what is too large for the engine's precision.
    throw outsideDomain(
      "some site of the lattice",
      storesState(setup.study.fluctuations) ? "fluctuations" : "field.mean",
      info.precision !== "float64",
    );
  }
  const good = observed.filter(({ afterOperation }) => !bad || afterOperation < bad.afterOperation);
  const averages = good.map((observation) =>
    averageOf(setup, momentsOf(setup, observation, stepAfter(observation.afterOperation))),
  );
  const modes = planeWaveMode(setup, lattice, good);
  const made = new Map(report.observations.map((observation) => [observation.afterOperation, observation]));
  const madeWith = (afterOperation: number) => {
    const step = stepAfter(afterOperation);
    return { step, moments: momentsOf(setup, made.get(afterOperation)!, step) };
  };
  const snapshots = report.snapshots.filter(({ afterOperation }) => !bad || afterOperation < bad.afterOperation);
  const measured = {
    ...summarise(setup, averages),
    ...(modes.length > 0 ? { modes } : {}),
    ...album.develop(snapshots, madeWith),
  };
  const unstable = stabilityWarnings(setup, lattice, averages);
  if (bad) {
    const step = stepAfter(bad.afterOperation);
    const partial = { ...measured, warnings: unstable };
    throw outgrown(setup, info, step, averages, partial) ?? divergence(setup, step, partial, allFinite(bad));
  }
  const imprecise = [...precisionWarnings(info, setup, averages, steps), ...underflowWarnings(info, setup, averages)];
  return {
    result: {
      ...measured,
      warnings: [...studyWarnings(setup), ...unstable, ...imprecise],
    },
    engineSeconds: report.engineSeconds,
    final: report.final,
  };
}
