/** Whole jobs of an engine as benchmarks: what a user's run does, resident and layered training and a lattice's evolution. */
import type { CoupledSchedule, Engine, EnsembleJob, LatticeJob } from "@slowroll/core/engine/engine";
import { coupling } from "@slowroll/core/field/friedmann";
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
  engine: Engine,
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
    bytes:
      depth === 1
        ? 0
        : (engine.info.precision === "float64" ? 8 : 4) * networks * steps * (depth - 1) * width * width * 4,
    run: async () => (await engine.trainEnsemble(job, () => {})).engineSeconds,
    async check() {
      const small = await ensembleJob(67, 1, 1, 40, [40]);
      let outputs = new Float64Array();
      await engine.trainEnsemble(small, (batch) => {
        outputs = Float64Array.from(batch.outputs);
      });
      const want = plainOutputs(small);
      return largest(want.map((value, a) => value - outputs[a]!)) / largest(want);
    },
  };
}

async function lattice(engine: Engine, points: number, operations: number): Promise<JobBenchmark> {
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
    bytes: (engine.info.precision === "float64" ? 32 : 16) * sites * operations,
    run: async () => (await engine.evolveLattice(job)).engineSeconds,
    async check() {
      const { observations, final } = await engine.evolveLattice(job);
      const { field } = final;
      const mean = field.reduce((sum, value) => sum + value, 0) / sites;
      return Math.abs(observations[0]!.fieldMean![0]! - mean) / largest(field.subarray(0, 1000));
    },
  };
}

/** Self-consistent expansion, as preheating runs it: energies every ten steps. */
async function expandingLattice(engine: Engine, points: number, operations: number): Promise<JobBenchmark> {
  const sites = points ** 3;
  const every = 10;
  const step = 0.01;
  const initial = async () => ({
    field: Float64Array.from({ length: sites }, (_, i) => 1 + 0.01 * Math.sin(i)),
    momentum: new Float64Array(sites).fill(-0.5),
  });
  const hubble = 1;
  const job: LatticeJob = {
    grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quartic"),
    initial,
    schedule: {
      kind: "coupled",
      durations: new Float64Array(operations).fill(step),
      initial: Float64Array.of(1, hubble, 0),
      ...coupling(1, 0.42746),
    },
    observeAfter: Array.from({ length: Math.floor(operations / every) + 1 }, (_, o) => o * every),
    reductions: [{ kind: "field" }, { kind: "momentum" }, { kind: "gradient" }, { kind: "potential" }],
  };
  return {
    name: "lattice, phi^4, self-consistent",
    size: `${points}^3, energies every ${every}`,
    work: sites * operations,
    unit: "site updates/s",
    flops: sites * operations * 30,
    bytes: (engine.info.precision === "float64" ? 32 : 16) * sites * operations,
    run: async () => (await engine.evolveLattice(job)).engineSeconds,
    async check() {
      // All sites alike, whose fields are those of one.
      const uniform = { field: new Float64Array(64).fill(1), momentum: new Float64Array(64).fill(-0.5) };
      const small = {
        ...job,
        grid: { ...job.grid, points: 4 },
        initial: async () => uniform,
        schedule: { ...job.schedule, durations: new Float64Array(100).fill(step) } as CoupledSchedule,
        observeAfter: [100],
      };
      const { final, observations } = await engine.evolveLattice(small);
      const [a, phi] = plainExpansion(small.schedule, 1, -0.5);
      return Math.max(Math.abs(observations[0]!.global![0]! / a - 1), Math.abs(final.field[5]! / phi - 1));
    },
  };
}

/** a and phi at the end of a coupled schedule of V = phi^4/4 for one site, in plain loops. */
function plainExpansion(schedule: CoupledSchedule, start: number, momentum: number): [number, number] {
  const { acceleration, force, drift } = schedule;
  const at = ({ factor, power }: { factor: number; power: number }, q: number): number => factor * q ** power;
  let [q, rate] = schedule.initial as unknown as [number, number];
  let phi = start;
  let pi = momentum;
  for (const h of schedule.durations) {
    const pull = (): number =>
      at(acceleration.momentumSquare, q) * pi ** 2 + (at(acceleration.potential, q) * phi ** 4) / 4;
    rate += (h / 2) * pull();
    pi -= (h / 2) * at(force, q) * phi ** 3;
    const next = q + h * rate;
    phi += h * at(drift, (q + next) / 2) * pi;
    q = next;
    pi -= (h / 2) * at(force, q) * phi ** 3;
    rate += (h / 2) * pull();
  }
  return [q, phi];
}

/** Widths, depths, networks and steps of the trainings, and sides and operations of the lattices. */
const SIZES = {
  gpu: {
    trainings: [
      [64, 1, 8192, 400],
      [256, 1, 8192, 400],
      [1024, 1, 4096, 400],
      [4096, 1, 1024, 200],
      [256, 2, 1024, 200],
    ],
    lattices: [[256, 400]],
    expanding: [[256, 200]],
  },
  cpu: {
    trainings: [
      [64, 1, 1024, 400],
      [256, 1, 512, 400],
      [1024, 1, 128, 400],
      [4096, 1, 32, 400],
      [256, 2, 64, 100],
    ],
    lattices: [
      [128, 200],
      [256, 40],
    ],
    expanding: [[128, 100]],
  },
  software: {
    trainings: [
      [64, 1, 64, 100],
      [256, 1, 64, 100],
      [1024, 1, 32, 100],
      [4096, 1, 8, 50],
      [256, 2, 8, 10],
    ],
    lattices: [[64, 20]],
    expanding: [[32, 20]],
  },
} as const;

/** The jobs that are timed on an engine of that scale. */
export async function jobBenchmarks(engine: Engine, scale: keyof typeof SIZES): Promise<JobBenchmark[]> {
  const { trainings, lattices, expanding } = SIZES[scale];
  return Promise.all([
    ...trainings.map(([width, depth, networks, steps]) => training(engine, width, depth, networks, steps)),
    ...lattices.map(([points, operations]) => lattice(engine, points, operations)),
    ...expanding.map(([points, operations]) => expandingLattice(engine, points, operations)),
  ]);
}
