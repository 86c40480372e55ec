/**
 * The ensemble job on the CPU: each worker trains one network at a time, all its steps at once, with weights and units in its own part of
 * the shared memory; the records stand in a part that the host reads while the next batch is trained.
 */
import { assemblePotential } from "../../potential/assemble.ts";
import { keyOfSeed } from "../../random/philox.ts";
import type { JobControl, JobMemory, JobReport } from "../engine.ts";
import { dataOf, type EnsembleJob, kernelPartsOf, type OnEnsembleBatch, outputsOf } from "../ensembleJob.ts";
import { LARGEST_MEMORY, planMemory } from "./control.ts";
import { upTo } from "./layout.ts";
import { type Call, elementOf, type Pool, type Session, tooLarge } from "./pool.ts";

type ElementPrecision = "float32" | "float64";

/** Bytes of one batch's records; where there are several, two batches stand in memory. */
const RECORD_BYTES = 64 * 2 ** 20;
/** Batches that an ensemble is cut into at least, so that the host works beside the workers. */
const BATCHES = 8;
/** Multiply-adds of each worker in a batch at least, some milliseconds, beside which the dispatch does not count. */
const BATCH_WORK = 5e7;

/** Where everything stands, for the workers that fit. */
interface EnsemblePlan {
  /** Of the shared memory. */
  readonly bytes: number;
  readonly memory: JobMemory;
  readonly workers: number;
  /** Networks of a batch. */
  readonly batch: number;
  /** Elements between rows of units and weights. */
  readonly stride: number;
  readonly inputRow: number;
  readonly weightBytes: number;
  /** Rows of each layer's units, slopes and deltas. */
  readonly layerRows: number;
  readonly shared: {
    readonly inputRows: number;
    readonly inputColumns: number;
    readonly targets: number;
    readonly outputSteps: number;
    readonly kernelSteps: number;
    readonly testRows: number;
    readonly subsets: number;
    readonly records: readonly Readonly<Record<keyof RecordSizes, number>>[];
  };
  /** Of each worker: weights (velocities behind them), units, resident units, outputs, phi, force, sums, Gram matrices, kernel, packed. */
  readonly workspaces: readonly number[][];
}

const testPoints = ({ test, architecture }: EnsembleJob): number => (test?.length ?? 0) / architecture.inputDimension;

/** Numbers of one network's records. */
interface RecordSizes {
  readonly outputs: number;
  readonly kernels: number;
  readonly norms: number;
  readonly test: number;
}

function recordSizes(job: EnsembleJob): RecordSizes {
  const D = dataOf(job);
  const C = outputsOf(job.architecture);
  const K = job.recordKernels.length;
  return {
    outputs: D * C * job.recordOutputs.length,
    kernels: (D * C) ** 2 * K * kernelPartsOf(job),
    norms: job.parameterNorms ? 2 * (job.architecture.depth + 1) * K : 0,
    test: C * testPoints(job),
  };
}

/**
 * Bytes of what packages/wasm/assembly/linalg/ lays out anew, in panels of three rows or columns with a vector of each a turn, and a free
 * cache line: one panel of a slice, and behind it the columns of a slice of a product, or [data][columns] both as columns and as rows, or
 * `rows` rows.
 */
export function packedBytes(data: number, columns: number, size: 4 | 8, rows = 0): number {
  const slice = 256;
  const vectors = (columns * size) / 16;
  const panels = (count: number, turns: number): number => Math.ceil(count / 3) * (48 * turns + 64);
  const layer = panels(vectors, data) + panels(data, vectors);
  return panels(1, slice) + Math.max(panels(Math.min(258, vectors), slice), layer, panels(rows, vectors));
}

/**
 * Lays the job out for `threads` workers, or as many as fit.
 * @throws InputError (path network.width) where not even one does.
 */
function planEnsemble(job: EnsembleJob, size: 4 | 8, threads: number): EnsemblePlan {
  const { inputDimension, depth, width } = job.architecture;
  const D = dataOf(job);
  const C = outputsOf(job.architecture);
  const inputs = inputDimension + 1;
  const vector = 16 / size;
  // Whole cache lines, an odd number of them: rows a power of two apart would fall into the same few sets of the cache.
  const lines = Math.ceil((size * upTo(width + 1, 2 * vector)) / 64);
  const stride = ((width < 256 ? lines : lines | 1) * 64) / size;
  const inputRow = size * upTo(inputs, vector);
  const rows = inputs + (depth - 1) * (width + 1) + C;
  const weightBytes = rows * stride * size;
  const tests = testPoints(job);
  // Several outputs go layer by layer: by a resident kernel 3 and 10 of them were trained 0.84 to 1.00 times as fast, at 64 to 1,024 units and
  // 8 data, where one is 1.07 to 1.16 times as fast.
  const resident = depth === 1 && C === 1;
  const kernels = job.recordKernels.length > 0;
  const layered = !resident || tests > 0;
  // Training sums what comes back from the outputs; kernels keep it apart.
  const layerRows = (2 + (kernels ? C : 1)) * D;
  const workspace = [
    weightBytes * (job.momentum > 0 ? 2 : 1),
    // The sensitivities that a resident network's kernels are made of stand where a layer's deltas do, before all else that it has.
    (layered ? depth * layerRows : kernels ? D : 0) * stride * size,
    resident ? 2 * upTo(width, 2 * vector) * D * size : 0,
    ...[0, 1, 2].map(() => size * upTo(D * C, vector)),
    16 * D,
    kernels ? (D ** 2 + (D * C) ** 2) * size : 0,
    kernels ? 8 * (D * C) ** 2 : 0,
    layered ? packedBytes(D, upTo(width + 1, 2 * vector), size, kernels ? D * C : 0) : 0,
  ];
  const sizes = recordSizes(job);
  const work = D * rows * stride * (job.steps + 1);
  const recordBytes = 8 * (sizes.outputs + sizes.kernels + sizes.norms + sizes.test);
  let smallest = 0;
  for (let workers = Math.min(threads, Math.max(1, job.networks.count)); workers >= 1; workers--) {
    const batch = Math.max(
      1,
      Math.min(
        job.networks.count,
        upTo(Math.ceil(Math.max(job.networks.count / BATCHES, (workers * BATCH_WORK) / work)), workers),
        Math.floor(RECORD_BYTES / Math.max(1, recordBytes)),
      ),
    );
    const plan = planMemory();
    const regions = batch < job.networks.count ? [0, 1] : [0];
    const shared = {
      inputRows: plan.place(D * inputRow),
      inputColumns: plan.place(inputs * D * size),
      targets: plan.place(size * upTo(D * C, vector)),
      outputSteps: plan.place(4 * job.recordOutputs.length),
      kernelSteps: plan.place(4 * job.recordKernels.length),
      // The forward pass takes them D at a time.
      testRows: plan.place(upTo(tests, D) * inputRow),
      subsets: plan.place(job.subsets?.bits.byteLength ?? 0),
      records: regions.map(() => ({
        outputs: plan.place(8 * batch * sizes.outputs),
        kernels: plan.place(8 * batch * sizes.kernels),
        norms: plan.place(8 * batch * sizes.norms),
        test: plan.place(8 * batch * sizes.test),
      })),
    };
    const workspaces = Array.from({ length: workers }, () => workspace.map((bytes) => plan.place(bytes)));
    if (plan.bytes <= LARGEST_MEMORY) {
      const [weights, ...units] = workspace.map((bytes) => workers * bytes) as [number, ...number[]];
      const copies = batch * recordBytes;
      const parts = { weights, units: units.reduce((sum, bytes) => sum + bytes), records: regions.length * copies };
      const data = plan.bytes - parts.weights - parts.units - parts.records;
      const memory = { bytes: plan.bytes + copies, parts: { ...parts, data, copies }, batch };
      return {
        bytes: plan.bytes,
        memory,
        workers,
        batch,
        stride,
        inputRow,
        weightBytes,
        layerRows,
        shared,
        workspaces,
      };
    }
    smallest = plan.bytes;
  }
  throw tooLarge(smallest, "network.width", { instead: "a smaller width, fewer data or fewer records" });
}

function workspaceOf({ workspaces, weightBytes, layerRows }: EnsemblePlan, worker: number): Call {
  const [weights, units, ...rest] = workspaces[worker] as [number, number, ...number[]];
  return ["setWorkspace", weights, weightBytes, units, layerRows, ...rest];
}

/** Writes what all workers read. */
function writeShared(session: Session, job: EnsembleJob, plan: EnsemblePlan, size: 4 | 8): void {
  const { buffer } = session.memory;
  const { inputDimension: d, weightStd, biasStd } = job.architecture;
  const D = dataOf(job);
  const elements = size === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  const words = new Int32Array(buffer);
  const { inputRows, inputColumns, targets, outputSteps, kernelSteps, testRows, subsets } = plan.shared;
  const scale = weightStd / Math.sqrt(d);
  const inputAt = (inputs: Float64Array, a: number, i: number): number =>
    i < d ? scale * inputs[a * d + i]! : biasStd;
  for (let i = 0; i <= d; i++) {
    for (let a = 0; a < D; a++) {
      const value = inputAt(job.inputs, a, i);
      elements[(inputRows + a * plan.inputRow) / size + i] = value;
      elements[inputColumns / size + i * D + a] = value;
    }
    for (let p = 0; p < testPoints(job); p++)
      elements[(testRows + p * plan.inputRow) / size + i] = inputAt(job.test!, p, i);
  }
  elements.set(job.targets, targets / size);
  words.set(job.recordOutputs, outputSteps / 4);
  words.set(job.recordKernels, kernelSteps / 4);
  if (job.subsets) words.set(job.subsets.bits, subsets / 4);
}

/** @throws InputError (path network.width) where not even one network fits. */
export function assertRoom(pool: Pool, precision: ElementPrecision, job: EnsembleJob): void {
  planEnsemble(job, elementOf(precision).size, pool.threads);
}

export async function trainEnsemble(
  pool: Pool,
  precision: ElementPrecision,
  job: EnsembleJob,
  onBatch: OnEnsembleBatch,
  control: JobControl = {},
): Promise<JobReport> {
  const { size, suffix } = elementOf(precision);
  const plan = planEnsemble(job, size, pool.threads);
  const { depth, width, inputDimension, weightStd, biasStd, activation } = job.architecture;
  const { first: firstNetwork, count: total } = job.networks;
  const { shared } = plan;
  const sizes = recordSizes(job);
  const session = await pool.open(
    {
      activation: `${activation.name}Row${suffix}`,
      potential: await assemblePotential(job.potential, precision),
      bytes: plan.bytes,
      workers: plan.workers,
      setup: (worker) => [
        ["setSeed", ...keyOfSeed(job.seed)],
        [
          "setShape",
          ...[depth, width, inputDimension + 1, dataOf(job), outputsOf(job.architecture), plan.stride],
          ...[weightStd / Math.sqrt(width), biasStd, job.learningRate, job.momentum],
        ],
        ["setData", shared.inputRows, plan.inputRow, shared.inputColumns, shared.targets],
        workspaceOf(plan, worker),
        [
          "setRecords",
          job.steps,
          ...[shared.outputSteps, job.recordOutputs.length, shared.kernelSteps, job.recordKernels.length],
          ...[Number(kernelPartsOf(job) > 1), Number(job.parameterNorms ?? false)],
        ],
        ["setTest", shared.testRows, testPoints(job)],
        // Each job sets them, since workers keep what the last one set.
        job.subsets ? ["setSubsets", shared.subsets, job.subsets.words, job.subsets.weight] : ["setSubsets", 0, 0, 1],
      ],
    },
    "network.width",
  );
  // The workers and their modules are there, and the job's memory has not been touched: what the process has now is all that it has beside.
  control.onMemory?.(plan.memory);
  writeShared(session, job, plan, size);

  // Ends what runs beside a receiver that throws.
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(control.signal ? [control.signal] : [])]);
  const start = (done: number, region: number) => {
    const { outputs, kernels, norms, test } = shared.records[region]!;
    const count = Math.min(plan.batch, total - done);
    const call = [`trainEnsemble${suffix}`, firstNetwork + done, count, outputs, kernels, norms, test] as const;
    const running = session.run(
      () => [call],
      { signal },
      (units) => control.onProgress?.(done * job.steps + units, total * job.steps, "network steps"),
    );
    running.catch(() => {});
    return { done, count, region, running };
  };
  const read = (address: number, length: number): Float64Array =>
    new Float64Array(session.memory.buffer, address, length).slice();

  let engineSeconds = 0;
  let current = start(0, 0);
  for (;;) {
    const { done, count, region, running } = current;
    const { values, seconds } = await running;
    // The value of each worker is its seconds of drawing weights, which are no steps.
    engineSeconds += seconds - values.reduce((sum, drawn) => sum + drawn, 0) / values.length;
    const more = done + count < total;
    if (more) current = start(done + count, 1 - region);
    try {
      await onBatch({
        first: firstNetwork + done,
        count,
        outputs: read(shared.records[region]!.outputs, count * sizes.outputs),
        kernels: read(shared.records[region]!.kernels, count * sizes.kernels),
        norms: read(shared.records[region]!.norms, count * sizes.norms),
        test: read(shared.records[region]!.test, count * sizes.test),
      });
    } catch (error) {
      stop.abort();
      if (more) await current.running.catch(() => {});
      throw error;
    }
    if (!more) return { engineSeconds };
  }
}
