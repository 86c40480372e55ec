/**
 * Training and empirical kernels as benchmarks. Counts are of what the mathematics needs, whatever an engine does: of the products alone
 * (activations and reductions come on top), and of each weight's way from memory and back where a network has more than caches hold.
 */
import type { Engine } from "@slowroll/core/engine/engine";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { type JobBenchmark, largest, type Scale } from "./job.ts";
import { plainNetwork } from "./plainNetwork.ts";

/** Inputs on a circle. */
const INPUTS = 2;

export interface NetworkShape {
  readonly width: number;
  readonly depth: number;
  /** D. */
  readonly data: number;
  /** C, 1 where not given. */
  readonly outputs?: number;
}

type Amount = Partial<Pick<EnsembleJob, "steps" | "recordOutputs" | "recordKernels">> & { networks: number };

async function ensembleJob({ width, depth, data, outputs = 1 }: NetworkShape, amount: Amount): Promise<EnsembleJob> {
  const angle = (a: number): number => (2 * Math.PI * a) / data;
  return {
    architecture: {
      ...{ inputDimension: INPUTS, depth, width, outputs },
      ...{ activation: activationNamed("erf"), weightStd: 1.5, biasStd: 0.1 },
    },
    inputs: Float64Array.from(
      { length: INPUTS * data },
      (_, i) => Math.SQRT2 * (i % 2 ? Math.sin(angle(i >> 1)) : Math.cos(angle(i >> 1))),
    ),
    targets: Float64Array.from({ length: data * outputs }, (_, i) =>
      Math.sin(angle(Math.floor(i / outputs)) + (2 * Math.PI * (i % outputs)) / outputs),
    ),
    potential: await compilePotential("quadratic"),
    // The kernel's largest eigenvalue goes as D: the same stretch of descent for all.
    learningRate: 0.16 / data,
    momentum: 0,
    steps: amount.steps ?? 0,
    seed: 1,
    networks: { first: 0, count: amount.networks },
    recordOutputs: amount.recordOutputs ?? [],
    recordKernels: amount.recordKernels ?? [],
  };
}

/**
 * Forward, backward and descent: three products for each weight of an upper layer, two for those of the first. What comes back from one
 * output is no product, so that it has two as well.
 */
export function stepFlops({ width, depth, data, outputs = 1 }: NetworkShape): number {
  const products = (depth - 1) * width * 3 + (INPUTS + 1) * 2 + outputs * (outputs > 1 ? 3 : 2);
  return 2 * data * width * products;
}

/** flop/s that an engine is taken to reach (a thread of the CPU's), and the seconds that a run should take at that rate. */
const PACE: Readonly<Record<Scale, { readonly rate: number; readonly seconds: number; readonly networks: number }>> = {
  gpu: { rate: 2e12, seconds: 0.3, networks: 8192 },
  cpu: { rate: 5e9, seconds: 0.2, networks: Number.POSITIVE_INFINITY },
  software: { rate: 5e8, seconds: 0.2, networks: 64 },
};

/** Steps of a network before there are more networks, and at most. */
const STEPS = { usual: 100, most: 400, least: 2 };

/** Networks and steps of a run that lasts about as long as its scale's should. */
function amountOf(shape: NetworkShape, scale: Scale, threads: number): { networks: number; steps: number } {
  const { rate, seconds, networks: most } = PACE[scale];
  const workers = Math.max(1, threads);
  const networkSteps = (seconds * rate * workers) / stepFlops(shape);
  // Whole rounds of the workers.
  const networks = workers * Math.max(1, Math.floor(Math.min(most, networkSteps / STEPS.usual) / workers));
  return { networks, steps: Math.min(STEPS.most, Math.max(STEPS.least, Math.round(networkSteps / networks))) };
}

/** Why a shape is not trained at that scale, or undefined: on a software adapter one step of one network must take less than a second. */
export function leftOut(shape: NetworkShape, scale: Scale): string | undefined {
  const seconds = stepFlops(shape) / PACE[scale].rate;
  if (scale !== "software" || seconds < 1) return undefined;
  return `one step of one network takes a software adapter about ${seconds.toPrecision(2)} s`;
}

const DEPTHS = ["no", "one", "two"];
const si = new Intl.NumberFormat("en", { notation: "scientific", maximumSignificantDigits: 2 });

export const trainingName = ({ depth, data, outputs = 1 }: NetworkShape): string =>
  `train, ${DEPTHS[depth]} hidden layer${depth > 1 ? "s" : ""}, D ${data}${outputs > 1 ? `, ${outputs} outputs` : ""}`;

/** `way` ends the name of what is not trained in the engine's usual way. */
export async function training(engine: Engine, shape: NetworkShape, scale: Scale, way = ""): Promise<JobBenchmark> {
  const { width, depth } = shape;
  const { threads, precision } = engine.info;
  const { networks, steps } = amountOf(shape, scale, threads);
  const job = await ensembleJob(shape, { networks, steps, recordOutputs: [0] });
  const flops = stepFlops(shape);
  return {
    name: trainingName(shape) + way,
    size: `width ${width}, ${networks} network${networks > 1 ? "s" : ""}, ${si.format(flops)} flop a step`,
    work: networks * steps,
    unit: "network steps/s",
    flops: networks * steps * flops,
    // Each weight between hidden layers is read twice and written once a step.
    bytes: (precision === "float64" ? 8 : 4) * networks * steps * (depth - 1) * width * width * 3,
    run: async () => (await engine.trainEnsemble(job, () => {})).engineSeconds,
    async check() {
      // Fewer steps of more data, whose plain loops take as much longer.
      const checked = Math.max(5, Math.floor(320 / shape.data));
      const small = await ensembleJob(
        { ...shape, width: 67 },
        { networks: 1, steps: checked, recordOutputs: [checked] },
      );
      let got = new Float64Array();
      await engine.trainEnsemble(small, ({ outputs }) => {
        got = Float64Array.from(outputs);
      });
      const want = plainNetwork(small).outputs;
      return largest(want.map((value, a) => value - got[a]!)) / largest(want);
    },
  };
}

/** Ensembles of a run: one takes milliseconds. */
const ENSEMBLES = 10;

/**
 * Kernels of freshly drawn networks: the forward pass, the sensitivities and the Gram matrices of each. What a user waits for besides, the
 * job's set-up, the drawing and the handing over of the records, counts where `waited`.
 */
export async function empiricalKernels(
  engine: Engine,
  shape: NetworkShape,
  networks: number,
  waited = false,
): Promise<JobBenchmark> {
  const { width, data } = shape;
  if (shape.depth !== 1 || (shape.outputs ?? 1) !== 1)
    throw new Error("the operations of a kernel of several layers or outputs are not counted here");
  const job = await ensembleJob(shape, { networks, recordKernels: [0] });
  // The units, the output and, for each pair of data, the products of two units and of two signals.
  const flops = 2 * width * (data * (INPUTS + 2) + data * (data + 1));
  return {
    name: `empirical kernels, one hidden layer, D ${data}${waited ? ", with drawing" : ""}`,
    size: `width ${width}, ${networks} networks, ${si.format(flops)} flop each`,
    work: ENSEMBLES * networks,
    unit: "kernels/s",
    flops: ENSEMBLES * networks * flops,
    bytes: 0,
    async run() {
      const start = performance.now();
      let seconds = 0;
      for (let e = 0; e < ENSEMBLES; e++) seconds += (await engine.trainEnsemble(job, () => {})).engineSeconds;
      return waited ? (performance.now() - start) / 1000 : seconds;
    },
    async check() {
      const small = await ensembleJob({ ...shape, width: 67 }, { networks: 1, recordKernels: [0] });
      let got = new Float64Array();
      await engine.trainEnsemble(small, ({ kernels }) => {
        got = Float64Array.from(kernels);
      });
      const want = plainNetwork(small).kernel;
      return largest(want.map((value, i) => value - got[i]!)) / largest(want);
    },
  };
}
