/** The `field` command: homogeneous fields and single modes in float64, or a lattice on an engine. */
import { cooperate } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { LatticeState } from "../engine/latticeJob.ts";
import { EngineUnavailableError, InputError } from "../errors.ts";
import { evolveHomogeneous, type HomogeneousRecord } from "./homogeneous.ts";
import { type Checkpointing, runLattice } from "./lattice.ts";
import { divergence } from "./measure.ts";
import { evolveModes } from "./modes.ts";
import { averageOf, type FieldResult, summarise } from "./result.ts";
import { planResults, withResults } from "./resultMemory.ts";
import { prepare, type Setup, studyWarnings } from "./setup.ts";
import type { FieldStudy } from "./study.ts";

export interface FieldRun {
  readonly result: FieldResult;
  readonly engineSeconds: number;
  /** The state at the end, where there is a lattice. */
  readonly final?: LatticeState;
}

async function homogeneous(setup: Setup, signal: AbortSignal | undefined): Promise<FieldRun> {
  const { potential, study, fields } = setup;
  const { etas, records } = await cooperate(evolveHomogeneous(setup), signal);
  const hasNumbers = ({ mean, velocity, scaleFactor, hubble }: HomogeneousRecord): boolean =>
    [...mean, ...velocity, scaleFactor, hubble, potential.value(...mean)].every(Number.isFinite);
  // By a splitting the scale factor passes through 0, and steps go on as on a lattice.
  const bad = records.findIndex((record) => !hasNumbers(record) || record.scaleFactor <= 0);
  const good = bad < 0 ? records : records.slice(0, bad);
  const none = new Array<number>(fields).fill(0);
  const moments = good.map(({ time, scaleFactor, hubble, mean, velocity }, r) => ({
    alphaTime: etas[r]!,
    time,
    scaleFactor,
    hubble,
    mean,
    velocity,
    variance: none,
    kinetic: velocity.map((v) => (v * v) / 2),
    gradient: none,
    potential: potential.value(...mean),
  }));
  const averages = moments.map((moment) => averageOf(setup, [moment]));
  const result: FieldResult = { ...summarise(setup, averages), warnings: studyWarnings(setup) };
  // The last record is made at the end, which need not be a whole number of steps.
  if (good.length < etas.length) {
    const step = Math.ceil(etas[good.length]! / study.time.step - 1e-9);
    throw divergence(setup, step, result, bad >= 0 && hasNumbers(records[bad]!));
  }
  if (!study.modes) return { result, engineSeconds: 0 };
  return { result: { ...result, modes: await evolveModes(setup, study.modes, signal) }, engineSeconds: 0 };
}

/**
 * Runs a field study; an engine is needed only where there is a lattice.
 * @throws InputError, ExpressionError; DivergenceError with a FieldResult of the records before; InterruptedError, of a lattice with
 *   checkpoints likewise; what the engine throws.
 */
export async function fieldStudy(
  study: FieldStudy,
  engine: Engine | undefined,
  control: JobControl = {},
  checkpointing?: Checkpointing,
): Promise<FieldRun> {
  if ("sweep" in study && study.sweep) {
    throw new InputError("is for fieldSweep, which runs all points; fieldStudy runs one", { path: "sweep" });
  }
  const setup = await prepare(study);
  const results = planResults([setup]);
  if (!study.lattice) return homogeneous(setup, control.signal);
  if (!engine) throw new EngineUnavailableError("a lattice needs an engine");
  return runLattice(setup, study.lattice, engine, withResults(control, results), checkpointing);
}
