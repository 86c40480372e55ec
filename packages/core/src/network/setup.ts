/** From a network study to what an engine and the theory need: architecture, data, potential, infinite-width kernels, learning rate. */
import { cooperate } from "../cooperate.ts";
import type { JobControl } from "../engine/engine.ts";
import type { Architecture, EnsembleJob } from "../engine/ensembleJob.ts";
import { InputError } from "../errors.ts";
import { type Eigen, eigenAside } from "../linalg/eigen.ts";
import { compilePotential } from "../potential/compile.ts";
import type { Potential } from "../potential/potential.ts";
import { type Kernels, kernelRecursion } from "../theory/kernels.ts";
import { activationNamed } from "./activations.ts";
import { batchesDiverge } from "./batchStability.ts";
import { type Data, prepareData } from "./data.ts";
import { jointKernel } from "./outputs.ts";
import type { NetworkSpec, NetworkStudy, TrainingSpec } from "./study.ts";
import { drawSubsets, type Subsets } from "./subsets.ts";

export interface NetworkSetup {
  readonly architecture: Architecture;
  readonly data: Data;
  readonly potential: Potential;
  readonly kernels: Kernels;
  /** Theta (x) 1_C, [D C][D C]: the infinite-width NTK between all outputs at all data. */
  readonly jointNtk: Float64Array;
  /** Of the infinite-width NTK. */
  readonly spectrum: Eigen;
  readonly eta: number;
  readonly subsets: Subsets | undefined;
  readonly warnings: readonly string[];
}

function architectureOf(network: NetworkSpec, { dimension, outputs }: Data): Architecture {
  const { depth, width, activation, weightStd, biasStd } = network;
  return {
    inputDimension: dimension,
    depth,
    width,
    activation: activationNamed(activation),
    weightStd,
    biasStd,
    outputs,
  };
}

/**
 * A learning rate beyond which some mode of an infinitely wide network grows, x = eta lambda_max V'', as a line of warning. It is no more than
 * that: a finite network's kernel falls while its outputs grow, and up to x = 4 or more it mostly settles where eta lambda_max V'' < 2 (the
 * catapult of Lewkowycz et al., arXiv:2003.02218); and where V flattens outwards outputs oscillate without end.
 */
function divergenceWarning(x: number, { momentum, batch }: TrainingSpec): string {
  const bound = batch ? `what steps of ${batch.size} data bear` : String(2 * (1 + momentum));
  return `training.learningRate: eta lambda_max V'' = ${x.toPrecision(3)} is past ${bound}, where descent is unstable at infinite width; finite networks may settle as their kernels fall`;
}

/** Throws InputError where the recursion over layers has left float64's range. */
function assertFiniteKernels({ nngp, ntk, test }: Kernels, { inputs }: Data): void {
  const finite = (...parts: readonly Float64Array[]): boolean => parts.every((part) => part.every(Number.isFinite));
  if (finite(nngp, ntk)) {
    if (!test || finite(test.nngp, test.ntk, test.variance)) return;
    throw new InputError("the infinite-width kernels at the test inputs are not finite; scale the inputs", {
      path: "data.test.inputs",
    });
  }
  // A square of more than this overflows by itself.
  const huge = inputs.some((x) => Math.abs(x) > 1e150);
  throw huge
    ? new InputError("the inputs' squares are not finite; scale the inputs", { path: "data.inputs" })
    : new InputError("the infinite-width kernels are not finite; use a smaller weightStd or fewer layers", {
        path: "network.weightStd",
      });
}

/**
 * What of a study takes no eigenvalues, of which D data take D^3 where the kernels take D^2.
 * @throws InputError and ExpressionError with the config path; InterruptedError.
 */
export async function setupKernels(
  study: NetworkStudy,
  { signal, onStage }: JobControl = {},
): Promise<Pick<NetworkSetup, "architecture" | "data" | "potential" | "kernels">> {
  const { network, training } = study;
  const data = await prepareData(study.data);
  const architecture = architectureOf(network, data);
  const potential = await compilePotential(training.potential, { path: "training.potential" });
  const byLayer = study.observe?.kernelsByLayer;
  onStage?.(`infinite-width kernels of ${data.points} data`);
  const kernels = await cooperate(kernelRecursion(architecture, data.inputs, data.points, data.test, byLayer), signal);
  assertFiniteKernels(kernels, data);
  return { architecture, data, potential, kernels };
}

/** What a job is made of. */
export type JobSetup = Pick<NetworkSetup, "architecture" | "data" | "potential" | "eta" | "subsets">;

/**
 * What of a study its job is made of, and the kernels; the learning rate is not known before the eigenvalues, and 0.
 * @throws InputError and ExpressionError with the config path; InterruptedError.
 */
export async function setupJob(
  study: NetworkStudy,
  control: JobControl = {},
): Promise<JobSetup & Pick<NetworkSetup, "kernels">> {
  const { batch, steps } = study.training;
  const setup = await setupKernels(study, control);
  return { ...setup, subsets: batch && drawSubsets(setup.data.points, steps, batch), eta: 0 };
}

/**
 * Sets a study up. `check` may throw for what shows before the eigenvalues, which take minutes of thousands of data.
 * @throws InputError and ExpressionError with the config path; InterruptedError; what `check` throws.
 */
export async function setupNetwork(
  study: NetworkStudy,
  control: JobControl = {},
  check: (setup: JobSetup) => Promise<void> = async () => {},
): Promise<NetworkSetup> {
  const { training } = study;
  const { signal, onStage } = control;
  const before = await setupJob(study, control);
  const { data, potential, kernels } = before;
  const { batch, momentum } = training;
  await check(before);
  onStage?.(`eigenvalues of ${data.points} data`);
  const spectrum = await eigenAside(kernels.ntk, data.points, signal);
  const largest = spectrum.values[0]!;
  if (typeof training.learningRate !== "number" && !(largest > 0)) {
    throw new InputError("a relative learning rate needs a kernel with a positive eigenvalue: every weight is zero", {
      path: "training.learningRate.relative",
    });
  }
  const eta =
    typeof training.learningRate === "number" ? training.learningRate : training.learningRate.relative / largest;
  // The curvature where training starts, f = 0, at the targets.
  const curvature = Math.max(...Array.from(data.targets, (y) => potential.hessian(0, 0, -y)));
  const x = eta * largest * curvature;
  // Where V curves downwards phi rolls away from where it starts at any rate.
  const dynamics = { points: data.points, theta: kernels.ntk, learningRate: eta, momentum, curvature };
  const diverges =
    batch && curvature > 0 ? await cooperate(batchesDiverge({ ...dynamics, batch }), signal) : x > 2 * (1 + momentum);
  return {
    ...before,
    jointNtk: jointKernel(kernels.ntk, data.points, data.outputs),
    spectrum,
    eta,
    warnings: [...data.warnings, ...(diverges ? [divergenceWarning(x, training)] : [])],
  };
}

/** The engine's job for a study; what is recorded is the caller's choice. */
export function ensembleJob(
  { architecture, data, potential, eta, subsets }: JobSetup,
  { training, ensemble }: NetworkStudy,
  record: Pick<EnsembleJob, "recordOutputs" | "recordKernels" | "kernelParts" | "parameterNorms">,
): EnsembleJob {
  return {
    architecture,
    inputs: data.inputs,
    targets: data.targets,
    potential,
    learningRate: eta,
    momentum: training.momentum,
    steps: training.steps,
    subsets,
    seed: ensemble.seed,
    networks: { first: 0, count: ensemble.size },
    ...record,
  };
}
