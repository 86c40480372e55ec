/** The jobs that engine and peers are given, and their files for peers in processes of their own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import type { LatticeJob, LatticeState, PrescribedSchedule } from "@slowroll/core/engine/latticeJob";
import { createBackground } from "@slowroll/core/field/background";
import { buildSchedule } from "@slowroll/core/field/schedule";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";

/** Data of the trainings. */
const D = 8;

export interface TrainSize {
  readonly width: number;
  readonly depth: number;
  readonly networks: number;
  readonly steps: number;
  /** Only for the peers that are measured at every width. */
  readonly few?: true;
}

export interface LatticeSize {
  readonly points: number;
  readonly operations: number;
}

/** Networks on a circle by plain descent on least squares, erf units. */
export async function trainJob({ width, depth, networks, steps }: TrainSize): Promise<EnsembleJob> {
  const angles = Array.from({ length: D }, (_, a) => (2 * Math.PI * a) / D);
  return {
    architecture: { inputDimension: 2, depth, width, activation: activationNamed("erf"), weightStd: 1.5, biasStd: 0.1 },
    inputs: Float64Array.from(angles.flatMap((angle) => [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)])),
    targets: Float64Array.from(angles, (angle) => Math.sin(angle) + 0.5 * Math.cos(2 * angle)),
    potential: await compilePotential("quadratic"),
    learningRate: 0.02,
    momentum: 0,
    steps,
    seed: 1,
    networks: { first: 0, count: networks },
    recordOutputs: [steps],
    recordKernels: [],
  };
}

/** lambda of V = lambda phi^4/4. */
export const LAMBDA = 1;

/** A lattice job as the peers know it. */
export interface PrescribedJob extends LatticeJob {
  readonly schedule: PrescribedSchedule;
}

/** Velocity Verlet of a phi^4 field in a radiation-dominated universe, from fluctuations on a mean of 1. */
export async function latticeJob({ points, operations }: LatticeSize): Promise<PrescribedJob> {
  const step = 0.05;
  // The last operation is the half kick that completes the last step.
  const { coefficients } = buildSchedule(
    { alpha: 1, step, end: step * (operations - 1), integrator: "verlet2", recordEvery: operations },
    createBackground({ kind: "powerLaw", exponent: 0.5, hubble: 0.1 }, 1),
    [0, operations - 1],
  );
  return {
    grid: { dimensions: 3, points, spacing: 0.25, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential({ name: "quartic", parameters: { lambda: LAMBDA } }),
    initial: async () => initialLattice(points),
    schedule: { kind: "prescribed", coefficients },
    observeAfter: [],
    reductions: [],
  };
}

function initialLattice(points: number): LatticeState {
  const sites = points ** 3;
  return {
    field: Float64Array.from({ length: sites }, (_, i) => 1 + 0.1 * Math.sin(i)),
    momentum: Float64Array.from({ length: sites }, (_, i) => 0.1 * Math.cos(1.3 * i)),
  };
}

/** The schedule as peers take it: the Laplacian's kick multiplies the plain sum of neighbours minus six times the site. */
export function siteCoefficients({ schedule, grid }: PrescribedJob): Float64Array {
  return schedule.coefficients.map((value, i) => (i % 3 === 0 ? value / grid.spacing ** 2 : value));
}

/** The initial weights of every network, layer after layer, weights before biases. */
export function initialWeights({ architecture, networks, seed }: EnsembleJob): Float32Array {
  const { inputDimension, depth, width } = architecture;
  const layers = Array.from({ length: depth + 1 }, (_, l) => {
    const units = l === depth ? 1 : width;
    return [units * (l === 0 ? inputDimension : width), units];
  }).flat();
  const size = layers.reduce((sum, count) => sum + count, 0);
  const flat = new Float32Array(networks.count * size);
  for (let m = 0, at = 0; m < networks.count; m++) {
    for (const [layer, count] of layers.entries()) {
      flat.set(normals(seed, networks.first + m, layer, count), at);
      at += count;
    }
  }
  return flat;
}

/** A job's files in a folder of their own. */
export interface WorkFiles {
  /** Describes the work, in JSON. */
  readonly work: string;
  /** Where the peer puts its result. */
  readonly outcome: string;
  readonly state: string;
  readonly coefficients: string;
  remove(): Promise<void>;
}

export async function writeWork(job: EnsembleJob | PrescribedJob): Promise<WorkFiles> {
  const folder = await mkdtemp(path.join(tmpdir(), "slowroll-peer-"));
  const file = (name: string): string => path.join(folder, name);
  const files = {
    work: file("work.json"),
    outcome: file("outcome.f64"),
    state: file("state.f64"),
    coefficients: file("coefficients.f64"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  if ("architecture" in job) {
    const { inputDimension, depth, width, weightStd, biasStd } = job.architecture;
    const { learningRate, steps } = job;
    const weights = file("weights.f32");
    await writeFile(weights, initialWeights(job));
    const described = {
      ...{ inputDimension, depth, width, weightStd, biasStd, learningRate, steps },
      ...{ inputs: Array.from(job.inputs), targets: Array.from(job.targets) },
      ...{ networks: job.networks.count, weights, outcome: files.outcome },
    };
    await writeFile(files.work, JSON.stringify(described));
  } else {
    const { field, momentum } = await job.initial();
    await writeFile(files.state, field);
    await writeFile(files.state, momentum, { flag: "a" });
    await writeFile(files.coefficients, siteCoefficients(job));
    const { state, coefficients, outcome } = files;
    const { points } = job.grid;
    await writeFile(files.work, JSON.stringify({ points, lambda: LAMBDA, state, coefficients, outcome }));
  }
  return files;
}
