/** Whole jobs of the engine as benchmarks: what a user's run does, resident and layered training and a lattice's evolution. */
import type { EnsembleJob, LatticeJob } from "@slowroll/core/engine/engine";
import { trainEnsemble } from "@slowroll/core/engine/webgpu/ensemble";
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { evolveLattice } from "@slowroll/core/engine/webgpu/lattice";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { trainShallow } from "./plain.ts";

export interface JobBenchmark {
  readonly name: string;
  readonly size: string;
  /** Units of work in one run, as `unit` counts them. */
  readonly work: number;
  readonly unit: string;
  readonly flops: number;
  readonly bytes: number;
  /** Seconds of the engine for one run. */
  run(): Promise<number>;
  /** Largest relative difference from plain float64 loops, on a small size. */
  check(): Promise<number>;
}

const D = 8;
const RATE = 0.02;

async function ensembleJob(
  width: number,
  depth: number,
  networks: number,
  steps: number,
  record: number[],
): Promise<EnsembleJob> {
  const angle = (a: number): number => (2 * Math.PI * a) / D;
  return {
    architecture: { inputDimension: 2, depth, width, activation: activationNamed("erf"), weightStd: 1.5, biasStd: 0.1 },
    inputs: Float64Array.from(
      { length: 2 * D },
      (_, i) => Math.SQRT2 * (i % 2 ? Math.sin(angle(i >> 1)) : Math.cos(angle(i >> 1))),
    ),
    targets: Float64Array.from({ length: D }, (_, a) => Math.sin(angle(a))),
    potential: await compilePotential("quadratic"),
    learningRate: RATE,
    momentum: 0,
    steps,
    seed: 1,
    networks: { first: 0, count: networks },
    recordOutputs: record,
    recordKernels: [],
  };
}

/** The first network of a shallow job trained in plain float64 loops. */
function plainOutputs({ architecture, inputs, targets, steps }: EnsembleJob): Float64Array {
  const { width, weightStd, biasStd, activation } = architecture;
  const first = normals(1, 0, 0, 2 * width);
  const biases = normals(1, 0, 1, width);
  const weights = Float64Array.from({ length: 3 * width }, (_, i) =>
    i % 3 < 2 ? first[2 * Math.floor(i / 3) + (i % 3)]! : biases[Math.floor(i / 3)]!,
  );
  const output = Float64Array.from([...normals(1, 0, 2, width), ...normals(1, 0, 3, 1)]);
  const scaled = Float64Array.from({ length: 3 * D }, (_, i) =>
    i % 3 < 2 ? (weightStd / Math.SQRT2) * inputs[2 * Math.floor(i / 3) + (i % 3)]! : biasStd,
  );
  return trainShallow({ weights, output }, scaled, targets, activation, {
    width,
    scale: weightStd / Math.sqrt(width),
    bias: biasStd,
    rate: RATE,
    steps,
  });
}

const largest = (values: Iterable<number>): number => Math.max(...Array.from(values, Math.abs));

async function training(
  gpu: Gpu,
  width: number,
  depth: number,
  networks: number,
  steps: number,
): Promise<JobBenchmark> {
  const job = await ensembleJob(width, depth, networks, steps, [0]);
  // Forward, backward and descent: three products for each weight of an upper layer, two for the first and the output.
  const weights = (depth - 1) * width * width * 3 + width * (3 + 1) * 2;
  return {
    name: depth === 1 ? "train, one hidden layer" : `train, ${depth} hidden layers`,
    size: `width ${width}, D ${D}, ${networks} networks`,
    work: networks * steps,
    unit: "network steps/s",
    flops: 2 * networks * steps * D * weights,
    bytes: depth === 1 ? 0 : 4 * networks * steps * (depth - 1) * width * width * 4,
    run: async () => (await trainEnsemble(gpu, job, () => {})).engineSeconds,
    async check() {
      const small = await ensembleJob(67, 1, 1, 40, [40]);
      let outputs = new Float64Array();
      await trainEnsemble(gpu, small, (batch) => {
        outputs = Float64Array.from(batch.outputs);
      });
      const want = plainOutputs(small);
      return largest(want.map((value, a) => value - outputs[a]!)) / largest(want);
    },
  };
}

async function lattice(gpu: Gpu, points: number, operations: number): Promise<JobBenchmark> {
  const sites = points ** 3;
  const job: LatticeJob = {
    grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quartic"),
    initial: async () => ({
      field: Float64Array.from({ length: sites }, (_, i) => Math.sin(i)),
      momentum: new Float64Array(sites),
    }),
    schedule: {
      kind: "prescribed",
      coefficients: Float64Array.from({ length: 3 * operations }, (_, i) => [0.01, 0.01, 0.01][i % 3]!),
    },
    observeAfter: [operations],
    reductions: [{ kind: "field" }],
  };
  return {
    name: "lattice, phi^4, Verlet",
    size: `${points}^3`,
    work: sites * operations,
    unit: "site updates/s",
    flops: sites * operations * 20,
    bytes: 16 * sites * operations,
    run: async () => (await evolveLattice(gpu, job)).engineSeconds,
    async check() {
      const { observations, final } = await evolveLattice(gpu, job);
      const { field } = final;
      const mean = field.reduce((sum, value) => sum + value, 0) / sites;
      return Math.abs(observations[0]!.fieldMean![0]! - mean) / largest(field.subarray(0, 1000));
    },
  };
}

/** The jobs that are timed on this adapter. */
export async function jobBenchmarks(gpu: Gpu): Promise<JobBenchmark[]> {
  const software = gpu.adapter.type === "software";
  const networks = software ? 64 : 8192;
  const steps = software ? 100 : 400;
  return [
    await training(gpu, 64, 1, networks, steps),
    await training(gpu, 256, 1, networks, steps),
    await training(gpu, 1024, 1, software ? 32 : 4096, steps),
    await training(gpu, 4096, 1, software ? 8 : 1024, software ? 50 : 200),
    await training(gpu, 256, 2, software ? 8 : 1024, software ? 10 : 200),
    await lattice(gpu, software ? 64 : 256, software ? 20 : 400),
  ];
}
