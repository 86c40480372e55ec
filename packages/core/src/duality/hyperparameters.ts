/**
 * The dual universe against hyperparameters (physics.md section 4.5): friction, cosmological constant and masses measured on ensembles in
 * which one hyperparameter after another takes other values, beside what the dictionary and the infinite-width kernel say. Nothing is
 * fitted in the prediction. All outputs are of one universe and have the same masses: what is measured of several is of all together.
 */
import { cooperate, type Work } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleBatch, EnsembleJob } from "../engine/ensembleJob.ts";
import { DivergenceError, InputError } from "../errors.ts";
import { DivergenceWatch, divergenceError } from "../network/divergence.ts";
import { modeVariances } from "../network/observables.ts";
import { meanKernel } from "../network/outputs.ts";
import { ensembleJob, type JobSetup, type NetworkSetup, setupJob, setupNetwork } from "../network/setup.ts";
import { Moments, squaredNorm } from "../network/statistics.ts";
import type { InputsSpec, NetworkStudy } from "../network/study.ts";
import { firstSteps } from "../recordedSteps.ts";
import { resampled, spread } from "./bootstrap.ts";
import { dictionary } from "./dictionary.ts";
import { at } from "./place.ts";
import { accumulate, REGRESSION_STEPS, regress } from "./regression.ts";
import type { HyperparametersSpec } from "./study.ts";

/** Where each hyperparameter stands in a study. */
const SECTIONS = {
  learningRate: "training",
  momentum: "training",
  width: "network",
  depth: "network",
  weightStd: "network",
  biasStd: "network",
  activation: "network",
  points: "data",
} as const satisfies Record<keyof HyperparametersSpec, string>;
type Hyperparameter = keyof typeof SECTIONS;

/** A measurement with its error; null where the data cannot tell. */
interface Measured {
  readonly value: number | null;
  readonly error: number | null;
}

/** Keys as in the contract. */
export interface HyperparameterResult {
  /** The one hyperparameter that differs from the study's, with its value. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly measured: {
    readonly friction: Measured;
    readonly lambda: Measured;
    readonly lambdaEta: Measured;
    /**
     * u_i . Theta(0) u_i V''(0) with theory's eigenvectors u_i and Theta the mean over outputs of their own kernels, mean over networks, and
     * its standard error, [D] each.
     */
    readonly massSquared: { readonly values: number[]; readonly errors: (number | null)[] };
    /** As the scaling with width has it. */
    readonly kernelFluctuation: Measured;
  };
  readonly predicted: {
    readonly friction: number;
    readonly lambda: number;
    readonly lambdaEta: number;
    /** lambda_i V''(0), [D] descending. */
    readonly massSquared: number[];
  };
}

/** One value of one hyperparameter, and its place in the config. */
interface Setting {
  readonly name: Hyperparameter;
  readonly value: unknown;
  readonly path: string;
}

/** Each hyperparameter's values in their order. */
function settingsOf(spec: HyperparametersSpec): Setting[] {
  return Object.entries(spec).flatMap(([name, values]: [string, readonly unknown[]]) =>
    values.map((value, i) => ({
      name: name as Hyperparameter,
      value,
      path: `duality.hyperparameters.${name}[${i}]`,
    })),
  );
}

export const settingsIn = (spec: HyperparametersSpec): number => settingsOf(spec).length;

/** Inputs of which there can be any number. */
function made(inputs: InputsSpec): { readonly points: number } | undefined {
  if ("circle" in inputs) return inputs.circle;
  if ("sphere" in inputs) return inputs.sphere;
  return "gaussian" in inputs ? inputs.gaussian : undefined;
}

/** The study with another value of one hyperparameter. */
function studyAt(study: NetworkStudy, name: Hyperparameter, value: unknown): NetworkStudy {
  const section = SECTIONS[name];
  if (section !== "data") return { ...study, [section]: { ...study[section], [name]: value } };
  const kinds = Object.entries(study.data.inputs).map(([kind, spec]) => [kind, { ...spec, points: value }]);
  return { ...study, data: { ...study.data, inputs: Object.fromEntries(kinds) } };
}

/** Weights of a network times data, which its cost is in proportion to; where data cannot vary, weights alone. */
function costOf({ network: { width, depth }, data: { inputs } }: NetworkStudy): number {
  return width * (1 + (depth - 1) * width) * (made(inputs)?.points ?? 1);
}

/** Each value's own study, as far as its training is regressed. */
function ownStudies(study: NetworkStudy, spec: HyperparametersSpec): { setting: Setting; own: NetworkStudy }[] {
  const steps = Math.min(study.training.steps, REGRESSION_STEPS + 1);
  const short = { ...study, training: { ...study.training, steps } };
  return settingsOf(spec).map((setting) => ({ setting, own: studyAt(short, setting.name, setting.value) }));
}

function jobOf(setup: JobSetup, study: NetworkStudy): EnsembleJob {
  const { steps } = study.training;
  return ensembleJob(setup, study, {
    recordOutputs: firstSteps(steps + 1),
    recordKernels: firstSteps(recordsOf(steps)),
  });
}

/** Kernels that are recorded: masses are measured at step 0, whatever the steps. */
const recordsOf = (steps: number): number => Math.max(1, steps);

/**
 * @throws InputError where the number of data cannot be chosen, else at the first value that cannot be, or of which not one network fits the
 *   engine; InterruptedError.
 */
export async function assertHyperparameters(
  study: NetworkStudy,
  spec: HyperparametersSpec,
  engine: Engine,
  { signal }: JobControl,
): Promise<void> {
  if (spec.points && !made(study.data.inputs)) {
    throw new InputError("needs data.inputs that can have any number of points: a circle, a sphere or gaussian", {
      path: "duality.hyperparameters.points",
    });
  }
  for (const { setting, own } of ownStudies(study, spec)) {
    const fits = async (): Promise<void> => engine.assertRoom(jobOf(await setupJob(own, { signal }), own));
    await at(setting.path, fits());
  }
}

/**
 * Trains the ensemble at one value, of a study that has it.
 * @throws InputError and DivergenceError at the value; what the engine throws.
 */
async function measureAt(
  { name, value, path }: Setting,
  study: NetworkStudy,
  setup: NetworkSetup,
  bootstrap: number,
  engine: Engine,
  control: JobControl,
): Promise<{ result: HyperparameterResult; engineSeconds: number }> {
  const { data, jointNtk, spectrum, potential, eta } = setup;
  const { points: D, outputs: C, targets } = data;
  const { momentum, steps } = study.training;
  const kernelRecords = recordsOf(steps);
  const job = jobOf(setup, study);
  const watch = new DivergenceWatch(job);
  const sums: number[] = [];
  const curvature = potential.hessian(0, 0, 0);
  const masses = new Moments(D, { covariance: false });
  const fluctuations: number[] = [];
  const { length: square } = jointNtk;
  const norm = squaredNorm(jointNtk, 0, square);
  function* measure(batch: EnsembleBatch): Work<void> {
    accumulate(batch, { targets, potential, records: steps + 1, kernelRecords }, sums);
    for (let m = 0; m < batch.count; m++) {
      const first = m * kernelRecords * square;
      const theta = batch.kernels.subarray(first, first + square);
      const lambdas = yield* modeVariances(meanKernel(theta, D, C), spectrum);
      masses.add(lambdas.map((lambda) => lambda * curvature));
      fluctuations.push(squaredNorm(theta, 0, square, jointNtk) / norm);
    }
  }
  const training = engine.trainEnsemble(
    job,
    async (batch) => {
      watch.see(batch);
      if (!watch.first) await cooperate(measure(batch), control.signal);
    },
    control,
  );
  const { engineSeconds } = await at(path, training);
  if (watch.first) {
    const label = `${name} ${typeof value === "object" ? JSON.stringify(value) : String(value)}`;
    const mend =
      name === "learningRate" ? `use a smaller ${path}` : `use a smaller training.learningRate or leave out ${path}`;
    const cause = divergenceError(watch.first, `training at ${label}`, undefined, mend);
    throw cause instanceof DivergenceError
      ? new DivergenceError(cause.message, cause.step, { partial: undefined, path, cause })
      : new InputError(cause.message, { path, cause });
  }
  const regression = await cooperate(regress(sums, bootstrap, eta, momentum), control.signal);
  const size = job.networks.count;
  const rms = (weights?: Float64Array): number =>
    Math.sqrt(fluctuations.reduce((sum, one, m) => sum + (weights ? weights[m]! : 1) * one, 0) / size);
  const around = await cooperate(resampled(size, bootstrap, 3, rms), control.signal);
  const { friction, lambda, lambdaEta } = dictionary(eta, momentum);
  const result = {
    settings: { [name]: value },
    measured: {
      friction: measured(regression.friction),
      lambda: measured(regression.lambda),
      lambdaEta: measured(regression.lambdaEta),
      massSquared: {
        values: Array.from(masses.mean),
        errors: Array.from(masses.mean, (_, i) => (size > 1 ? Math.sqrt(masses.variance(i) / size) : null)),
      },
      kernelFluctuation: {
        value: rms(),
        error: size > 1 ? spread(around) : null,
      },
    },
    predicted: { friction, lambda, lambdaEta, massSquared: Array.from(spectrum.values, (of) => of * curvature) },
  };
  return { result, engineSeconds };
}

/** What the set-up at one value is warned of; what the data are is said once, of all. */
function warningsAt({ name, path }: Setting, { data, warnings }: NetworkSetup): string[] {
  // Of a learning rate the place is the value's own.
  const place = name === "learningRate" ? "training.learningRate: " : "";
  return warnings
    .slice(data.warnings.length)
    .map((warning) => `${path}: ${warning.slice(warning.startsWith(place) ? place.length : 0)}`);
}

/**
 * Trains one ensemble a value, and tells after each what is measured and warned of by then. Returns the engine's seconds.
 * @throws InputError and DivergenceError at the value; what `setupNetwork` and the engine throw.
 */
export async function measureHyperparameters(
  study: NetworkStudy,
  spec: HyperparametersSpec,
  bootstrap: number,
  engine: Engine,
  control: JobControl,
  onValue: (result: readonly HyperparameterResult[], warnings: readonly string[]) => void,
): Promise<number> {
  const { signal } = control;
  const settings = ownStudies(study, spec).map((one) => ({
    ...one,
    cost: costOf(one.own) / (made(study.data.inputs)?.points ?? 1),
  }));
  const networkSteps = Math.min(study.training.steps, REGRESSION_STEPS + 1) * study.ensemble.size;
  const work = settings.reduce((sum, { cost }) => sum + cost, 0) * networkSteps;
  const result: HyperparameterResult[] = [];
  const warnings: string[] = [];
  let engineSeconds = 0;
  let done = 0;
  for (const { setting, own, cost } of settings) {
    const setup = await at(setting.path, setupNetwork(own, { signal }));
    const point = await measureAt(setting, own, setup, bootstrap, engine, {
      signal,
      onProgress: (part, total) =>
        control.onProgress?.((done + (cost * part) / total) * networkSteps, work, "weight steps"),
    });
    result.push(point.result);
    engineSeconds += point.engineSeconds;
    warnings.push(...warningsAt(setting, setup));
    done += cost;
    onValue([...result], [...warnings]);
  }
  return engineSeconds;
}

const measured = ({ value, error }: Measured): Measured => ({ value, error });
