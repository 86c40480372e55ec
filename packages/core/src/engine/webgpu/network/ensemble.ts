/**
 * The ensemble job on WebGPU: networks are drawn, trained and read batch by batch. One hidden layer with few data is trained by the
 * resident kernel, all else layer by layer; both work on the same weights, so that kernels can be recorded in between.
 */
import { totalmem } from "node:os";
import { InputError, InterruptedError } from "../../../errors.ts";
import type { JobControl, JobReport } from "../../engine.ts";
import { type EnsembleBatch, type EnsembleJob, kernelPartsOf, type OnEnsembleBatch } from "../../ensembleJob.ts";
import { describeBytes } from "../../memory.ts";
import { type Gpu, largestArray } from "../gpu.ts";
import { type Pace, runSteps } from "../submit.ts";
import { type EnsemblePlan, planEnsemble } from "./ensemblePlan.ts";
import { createState, type EnsembleState } from "./ensembleState.ts";
import { createLayeredTrainer } from "./layeredTrainer.ts";
import { createParameterNorms } from "./parameterNorms.ts";
import { createResidentTrainer, type EncodeSteps, residentShape } from "./residentTrainer.ts";

/** Bytes of a batch: on a software adapter what stays in the caches, on hardware what fills the device without crowding it. */
const BUDGET = { software: 16 * 2 ** 20, hardware: 2 ** 30 };

/** What only benchmarks and tests ask for. */
export interface EnsembleOptions {
  /** Measures the layered path's tiles even for a job that does not repay it. */
  readonly searchTiles?: boolean;
  /** Trains layer by layer what the resident kernel could train. */
  readonly layered?: boolean;
}

/** The plan on this device. Throws InputError where not even one network fits. */
function planOn(gpu: Gpu, job: EnsembleJob, { layered = false }: EnsembleOptions): EnsemblePlan {
  const plan = planEnsemble(job, {
    binding: largestArray(gpu.limits),
    workgroups: gpu.limits.maxComputeWorkgroupsPerDimension,
    budget: BUDGET[gpu.adapter.type],
    resident: !layered && residentShape(gpu, job) !== undefined,
  });
  // Filling a software adapter's memory, which is the machine's, would stop the machine.
  const { bytes, batch } = plan.memory;
  if (gpu.adapter.type !== "software" || batch > 1 || bytes <= totalmem()) return plan;
  throw new InputError(
    `one network does not fit: it takes ${describeBytes(bytes)}, and this machine, whose memory the software adapter uses, has ${describeBytes(totalmem())}; use a smaller width`,
    { path: "network.width" },
  );
}

/** @throws InputError where not even one network fits. */
export function assertRoom(gpu: Gpu, job: EnsembleJob, options: EnsembleOptions = {}): void {
  planOn(gpu, job, options);
}

/** A batch whose parts may still be on their way. */
type Coming<Batch> = { readonly [Part in keyof Batch]: Batch[Part] | Promise<Batch[Part]> };

/** The training of a batch with all that is recorded of it. */
interface Training {
  readonly encodeSteps: EncodeSteps;
  /** Of layeredTrainer.ts, where there are test inputs. */
  readonly encodeTest: EncodeSteps | undefined;
  /** The records of `count` networks: copied before it returns, sorted when the device is `busy` with something else. */
  read(count: number, busy: Promise<void>): Coming<Omit<EnsembleBatch, "first" | "count">>;
}

/** Throws ShaderCompileError, OutOfDeviceMemoryError, InterruptedError. */
async function openTraining(
  gpu: Gpu,
  job: EnsembleJob,
  plan: EnsemblePlan,
  state: EnsembleState,
  { searchTiles = false, layered: onlyLayered = false }: EnsembleOptions,
  signal: AbortSignal,
): Promise<Training> {
  const resident = onlyLayered ? undefined : await createResidentTrainer(gpu, job, plan, state);
  const layered = plan.layered ? await createLayeredTrainer(gpu, job, plan, state, searchTiles, signal) : undefined;
  const norms = job.parameterNorms ? await createParameterNorms(gpu, job, plan, state) : undefined;
  const encodeSteps = resident ?? layered!.encodeSteps;
  const kernelRecords = new Map(job.recordKernels.map((step, record) => [step, record]));
  return {
    encodeSteps(pass, from, to, count) {
      // Stretches of steps between the steps whose kernels are recorded, before that step's update.
      for (let start = from; start < to; ) {
        const record = kernelRecords.get(start);
        if (record !== undefined) {
          layered!.encodeKernels(pass, record, count);
          norms?.encode(pass, record, count);
        }
        let end = start + 1;
        while (end < to && !kernelRecords.has(end)) end++;
        encodeSteps(pass, start, end, count);
        start = end;
      }
    },
    encodeTest: layered?.encodeTest,
    read(count, busy) {
      const T = job.recordOutputs.length;
      const K = job.recordKernels.length * kernelPartsOf(job);
      const points = (job.test?.length ?? 0) / job.architecture.inputDimension;
      const none = new Float64Array();
      return {
        outputs: read(gpu, state.outputs, plan, T, count, "row", busy),
        kernels: layered?.kernels ? read(gpu, layered.kernels, plan, K, count, "matrix", busy) : none,
        test: job.test ? readTest(gpu, layered!.tested, plan, points, count, busy) : none,
        norms: norms ? norms.read(count) : none,
      };
    },
  };
}

/** Hands a batch on when all of it is there. */
async function deliver(onBatch: OnEnsembleBatch, coming: Coming<EnsembleBatch>): Promise<void> {
  const parts = await Promise.all(Object.entries(coming).map(async ([part, value]) => [part, await value]));
  await onBatch(Object.fromEntries(parts));
}

/** What reads a batch and hands it on while the device trains the next: copied before the next one's first submit, sorted after it. */
function deliveryTo(onBatch: OnEnsembleBatch) {
  let isBusy = (): void => {};
  let delivered: Promise<void> = Promise.resolve();
  const stop = new AbortController();
  return {
    /** Ends what is trained beside a receiver that throws. */
    stopped: stop.signal,
    /** Tells what is to be sorted that the device has something else to do. */
    goOn: (): void => isBusy(),
    /** Begins with the next batch once the one before is delivered. Throws what its receiver has thrown. */
    async begin(read: (busy: Promise<void>) => Coming<EnsembleBatch>): Promise<void> {
      await delivered;
      const busy = new Promise<void>((resolve) => {
        isBusy = resolve;
      });
      delivered = deliver(onBatch, read(busy));
      // Awaited with the next batch, or at the end; it must not count as unhandled meanwhile.
      delivered.catch(() => stop.abort());
    },
    /** Resolves when all is delivered; throws likewise. */
    async end(): Promise<void> {
      isBusy();
      await delivered;
    },
  };
}

export async function trainEnsemble(
  gpu: Gpu,
  job: EnsembleJob,
  onBatch: OnEnsembleBatch,
  control: JobControl = {},
  options: EnsembleOptions = {},
): Promise<JobReport> {
  const plan = planOn(gpu, job, options);
  const { first, count: total } = job.networks;
  const state = await createState(gpu, job, plan);
  const pace: Pace = { secondsPerStep: 0 };
  const testPace: Pace = { secondsPerStep: 0 };
  let engineSeconds = 0;
  const delivery = deliveryTo(onBatch);
  const signal = AbortSignal.any([delivery.stopped, ...(control.signal ? [control.signal] : [])]);
  try {
    const training = await openTraining(gpu, job, plan, state, options, signal);
    // The kernels are compiled, and the buffers have not been touched: what the process has now is what it has beside a software adapter's.
    control.onMemory?.(plan.memory);
    for (let done = 0; done < total; done += plan.batch) {
      if (signal.aborted) throw new InterruptedError("interrupted");
      const count = Math.min(plan.batch, total - done);
      await state.initialise(first + done, count);
      engineSeconds += await runSteps(
        gpu,
        "ensemble",
        pace,
        job.steps + 1,
        (pass, from, to) => {
          training.encodeSteps(pass, from, to, count);
          // What waits for it runs when this function's caller has submitted and waits itself.
          delivery.goOn();
        },
        { signal },
        (finished) =>
          control.onProgress?.(
            done * job.steps + count * Math.min(finished, job.steps),
            total * job.steps,
            "network steps",
          ),
      );
      if (job.test) {
        engineSeconds += await runSteps(
          gpu,
          "test inputs",
          testPace,
          plan.testGroups,
          (pass, from, to) => training.encodeTest!(pass, from, to, count),
          { signal },
        );
      }
      await delivery.begin((busy) => ({ first: first + done, count, ...training.read(count, busy) }));
    }
    await delivery.end();
  } catch (error) {
    // What was trained before an interruption is delivered too; what its receiver throws has ended the run, and is told.
    await delivery.end();
    throw error;
  } finally {
    state.destroy();
  }
  return { engineSeconds };
}

/**
 * [records][networks] rows, or square matrices, of columns [outputs][4 chunks] on the device as float64 [networks][records] of columns
 * [data][outputs]. The device's copy is submitted before the function first waits; the host sorts it when the device is `busy` with
 * something else.
 */
async function read(
  gpu: Gpu,
  buffer: GPUBuffer,
  { data, outputs, chunks, outputChunks }: EnsemblePlan,
  records: number,
  count: number,
  shape: "row" | "matrix",
  busy: Promise<void>,
): Promise<Float64Array> {
  const columns = Uint32Array.from({ length: data * outputs }, (_, i) => {
    const a = Math.floor(i / outputs);
    return 4 * chunks * (i - a * outputs) + a;
  });
  const padded = 4 * outputChunks;
  const [lines, size] = shape === "row" ? [Uint32Array.of(0), padded] : [columns, padded ** 2];
  const result = new Float64Array(count * records * lines.length * columns.length);
  if (result.length === 0) return result;
  const raw = await gpu.download(buffer, 4 * records * count * size);
  await busy;
  let to = 0;
  for (let m = 0; m < count; m++) {
    for (let r = 0; r < records; r++) {
      for (const line of lines) {
        const from = (r * count + m) * size + line * padded;
        for (const column of columns) result[to++] = raw[from + column]!;
      }
    }
  }
  return result;
}

/** The outputs at `points` test inputs as float64 [networks][points][outputs], of which the last group may hold fewer than a group's. */
async function readTest(
  gpu: Gpu,
  buffer: GPUBuffer,
  plan: EnsemblePlan,
  points: number,
  count: number,
  busy: Promise<void>,
): Promise<Float64Array> {
  const whole = await read(gpu, buffer, plan, plan.testGroups, count, "row", busy);
  const stride = plan.testGroups * plan.data * plan.outputs;
  const size = points * plan.outputs;
  const result = new Float64Array(count * size);
  for (let m = 0; m < count; m++) result.set(whole.subarray(m * stride, m * stride + size), m * size);
  return result;
}
