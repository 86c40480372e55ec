/**
 * The lattice job on WebGPU: each operation of the schedule is one dispatch that kicks and drifts, its coefficients picked by a dynamic
 * offset; observations are reduced on the device into slots that are read once per stretch of the run.
 */
import { InputError, InterruptedError } from "../../errors.ts";
import { emitWgsl } from "../../potential/wgsl.ts";
import type { JobControl, LatticeJob, LatticeReport, LatticeState, Observation, Snapshot } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import { latticeCosine, latticeMoments, latticeSpecialisation, latticeStep } from "./latticeKernels.ts";
import { assertPictures, type Spread, takeSnapshot } from "./latticePictures.ts";
import { type Dispatch, encode, type Pace, runSteps } from "./submit.ts";

/** Sites that one workgroup of a reduction sums, where there are not so many sites that MAX_GROUPS would be passed. */
const SITES_PER_GROUP = 1024;
const MAX_GROUPS = 1024;
/** Bytes of observations kept on the device before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;
/** Seconds of a stretch where someone waits for its end. */
const STRETCH = 0.25;
/** Numbers in the Moments struct of lattice_moments.wgsl: reference, scale, and the sums. */
const MOMENTS = 10;

/** Bytes of dynamic-offset slots, each one aligned struct whose first words are `words`. */
function slotData(
  count: number,
  alignment: number,
  words: (slot: number, out: Uint32Array, at: number) => void,
): Uint32Array<ArrayBuffer> {
  const data = new Uint32Array((count * alignment) / 4);
  for (let s = 0; s < count; s++) words(s, data, (s * alignment) / 4);
  return data;
}

export async function evolveLattice(gpu: Gpu, job: LatticeJob, control: JobControl = {}): Promise<LatticeReport> {
  const { dimensions, points, spacing } = job.grid;
  const { realisations, fields } = job;
  const sites = points ** dimensions;
  const cells = realisations * fields * sites;
  const largest = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  if (4 * cells > largest) {
    throw new InputError(
      `the lattice does not fit: ${cells} values take ${4 * cells} bytes, one binding of this adapter holds ${largest}; use fewer points`,
      { path: "lattice.points" },
    );
  }

  const columns = dimensions === 1 ? 64 : 32;
  if (Math.ceil(points / columns) > gpu.limits.maxComputeWorkgroupsPerDimension) {
    throw new InputError(
      `the lattice does not fit: one dispatch of this adapter reaches ${columns * gpu.limits.maxComputeWorkgroupsPerDimension} points along a side, not ${points}; use fewer points or --engine cpu`,
      { path: "lattice.points" },
    );
  }

  assertPictures(gpu, job);
  const { from: first = 0, snapshots: wanted = { after: [], pictures: [] } } = job;

  const owned: GPUBuffer[] = [];
  const own = async (buffer: Promise<GPUBuffer>): Promise<GPUBuffer> => {
    owned.push(await buffer);
    return owned[owned.length - 1]!;
  };
  try {
    const initial = await job.initial();
    const state = [
      await own(gpu.upload("field", Float32Array.from(initial.field))),
      await own(gpu.buffer("field, next", 4 * cells)),
    ] as const;
    const momentum = await own(gpu.upload("momentum", Float32Array.from(initial.momentum)));
    const uniform = (label: string, data: Uint32Array) => own(gpu.upload(label, data, GPUBufferUsage.UNIFORM));

    const specialisation = latticeSpecialisation(job.grid, emitWgsl(job.potential));
    const alignment = gpu.limits.minUniformBufferOffsetAlignment;
    if (job.schedule.kind !== "prescribed")
      throw new InputError("a self-consistent background is not on the webgpu engine; use --engine cpu", {
        path: "background",
      });
    const { coefficients } = job.schedule;
    const operations = coefficients.length / 3;
    const floats = new Float32Array(3);
    const operation = await uniform(
      "operations",
      slotData(Math.max(1, operations), alignment, (o, out, at) => {
        floats[0] = (coefficients[3 * o] ?? 0) / spacing ** 2;
        floats[1] = coefficients[3 * o + 1] ?? 0;
        floats[2] = coefficients[3 * o + 2] ?? 0;
        out.set(new Uint32Array(floats.buffer), at);
      }),
    );

    const step = await loadKernel(gpu, latticeStep, specialisation);
    const planes = dimensions === 3 ? realisations * points : realisations;
    const maxGroups = gpu.limits.maxComputeWorkgroupsPerDimension;
    const stepParams = await uniform(
      "step parameters",
      new Uint32Array(step.uniform("params", { points, sites, planes })),
    );
    const workgroups = [
      Math.ceil(points / step.workgroup[0]),
      dimensions === 1 ? 1 : Math.ceil(points / step.workgroup[1]),
      Math.min(planes, maxGroups),
    ] as const;
    // The field alternates between two arrays: one bind group for each direction.
    const stepBindings: GPUBindGroup[] = [];
    for (const from of [0, 1] as const) {
      stepBindings.push(
        await step.bind({ field: state[from], momentum, fieldNext: state[1 - from]!, params: stepParams, operation }),
      );
    }

    const sitesPerGroup = Math.max(SITES_PER_GROUP, Math.ceil(sites / MAX_GROUPS));
    const groups = Math.ceil(sites / sitesPerGroup);
    const wantsMoments = job.reductions.some(({ kind }) => kind !== "cosine");
    const wantsSpread = wanted.pictures.some(({ kind }) => kind === "histogram");
    const modes = job.reductions.filter((reduction) => reduction.kind === "cosine");
    const sumsPerRecord = realisations * fields * groups;
    const bytesPerRecord = 4 * sumsPerRecord * MOMENTS;
    const capacity = Math.max(1, Math.min(job.observeAfter.length, Math.floor(OBSERVATION_BYTES / bytesPerRecord)));
    const slot = await uniform(
      "observation slots",
      slotData(capacity, alignment, (s, out, at) => out.set([s], at)),
    );
    const reduceGroups = [groups, fields, realisations] as const;

    /** The dispatches of one observation, for the field in array `from` and the slot's number. */
    const observers: ((from: 0 | 1, record: number) => Dispatch)[] = [];
    const moments = await own(gpu.buffer("moments", wantsMoments || wantsSpread ? capacity * bytesPerRecord : 16));
    let encodeMoments: (from: 0 | 1, record: number) => Dispatch = () => {
      throw new RangeError("no moments were asked for");
    };
    if (wantsMoments || wantsSpread) {
      const kernel = await loadKernel(gpu, latticeMoments, specialisation);
      const params = await uniform(
        "moment parameters",
        new Uint32Array(kernel.uniform("params", { points, sites, sitesPerGroup })),
      );
      const bindings = [
        await kernel.bind({ field: state[0], momentum, moments, params, slot }),
        await kernel.bind({ field: state[1], momentum, moments, params, slot }),
      ] as const;
      encodeMoments = (from, record) => ({
        pipeline: kernel.pipeline,
        bindings: bindings[from],
        workgroups: reduceGroups,
        offsets: [record * alignment],
      });
      if (wantsMoments) observers.push(encodeMoments);
    }
    const cosineSums: GPUBuffer[] = [];
    if (modes.length > 0) {
      const kernel = await loadKernel(gpu, latticeCosine, specialisation);
      const cosines = await own(
        gpu.upload(
          "cosines",
          Float32Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points)),
        ),
      );
      for (const { mode } of modes) {
        // Grid indices run first to last; the kernel counts axes from the last.
        const reduced = [2, 1, 0].map((axis) => {
          const n = mode[axis - (3 - dimensions)] ?? 0;
          return ((n % points) + points) % points;
        });
        const sums = await own(gpu.buffer("cosine sums", 4 * sumsPerRecord * capacity));
        cosineSums.push(sums);
        const params = await uniform(
          "cosine parameters",
          new Uint32Array(kernel.uniform("params", { mode: reduced, points, sites, sitesPerGroup })),
        );
        const bindings = [
          await kernel.bind({ field: state[0], cosines, sums, params, slot }),
          await kernel.bind({ field: state[1], cosines, sums, params, slot }),
        ] as const;
        observers.push((from, record) => ({
          pipeline: kernel.pipeline,
          bindings: bindings[from],
          workgroups: reduceGroups,
          offsets: [record * alignment],
        }));
      }
    }

    /** Mean and variance of the field in array `from`, for the pictures. */
    const spreadOf = async (from: 0 | 1): Promise<Spread> => {
      const encoder = gpu.device.createCommandEncoder({ label: "spread" });
      const pass = encoder.beginComputePass({ label: "spread" });
      encode(pass, encodeMoments(from, 0));
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      const data = await gpu.download(moments, bytesPerRecord);
      return gatherMoments({ ...job, reductions: [{ kind: "field" }] }, data, groups) as Spread;
    };

    const readState = async (from: 0 | 1): Promise<LatticeState> => ({
      field: Float64Array.from(await gpu.download(state[from], 4 * cells)),
      momentum: Float64Array.from(await gpu.download(momentum, 4 * cells)),
    });

    const observations: Observation[] = [];
    const snapshots: Snapshot[] = [];
    let engineSeconds = 0;
    const pace: Pace = { secondsPerStep: 0 };
    /** Which array the field stands in after so many operations. */
    const arrayAfter = (after: number): 0 | 1 => ((after - first) % 2) as 0 | 1;
    /** Where the run can be saved, a stretch must end soon: an interruption waits for it. */
    const { checkpoint } = job;
    let saved = performance.now();
    const save = async (): Promise<void> => {
      await checkpoint!.save({
        operation: done,
        state: await readState(arrayAfter(done)),
        observations: [...observations],
        snapshots: [...snapshots],
      });
      saved = performance.now();
    };
    let done = first;
    for (
      let next = 0;
      next < job.observeAfter.length || snapshots.length < wanted.after.length || done < operations;
    ) {
      // A stretch: the operations up to the next snapshot or the last observation before it that still finds a slot.
      const soon = checkpoint ? done + Math.max(1, Math.floor(STRETCH / (pace.secondsPerStep || STRETCH))) : operations;
      const halt = Math.min(wanted.after[snapshots.length] ?? operations, soon, operations);
      const due = job.observeAfter.slice(next, next + capacity).filter((after) => after <= halt);
      const start = done;
      const end = (job.observeAfter[next + due.length] ?? halt + 1) <= halt ? due[due.length - 1]! : halt;
      const slotAfter = new Map(due.map((after, record) => [after, record]));
      const observe = (pass: GPUComputePassEncoder, after: number): void => {
        const record = slotAfter.get(after);
        if (record !== undefined) for (const observer of observers) encode(pass, observer(arrayAfter(after), record));
      };
      engineSeconds += await runSteps(
        gpu,
        "lattice",
        pace,
        end - start + 1,
        (pass, from, to) => {
          // Item 0 is the observation before the stretch's first operation, item s the operation s - 1 and the observation after it.
          for (let s = from; s < to; s++) {
            const o = start + s - 1;
            if (s > 0)
              encode(pass, {
                pipeline: step.pipeline,
                bindings: stepBindings[arrayAfter(o)]!,
                workgroups,
                offsets: [o * alignment],
              });
            observe(pass, start + s);
          }
        },
        checkpoint ? {} : control,
        (finished) =>
          control.onProgress?.((start + Math.max(0, finished - 1)) * cells, operations * cells, "site updates"),
      );
      done = end;
      next += due.length;
      const momentData =
        wantsMoments && due.length > 0 ? await gpu.download(moments, bytesPerRecord * due.length) : new Float32Array();
      const cosineData: Float32Array[] = [];
      for (const sums of due.length > 0 ? cosineSums : [])
        cosineData.push(await gpu.download(sums, 4 * sumsPerRecord * due.length));
      for (const [record, afterOperation] of due.entries()) {
        const first = record * sumsPerRecord;
        observations.push({
          afterOperation,
          ...(wantsMoments
            ? gatherMoments(job, momentData.subarray(first * MOMENTS, (first + sumsPerRecord) * MOMENTS), groups)
            : {}),
          ...(modes.length > 0
            ? {
                cosine: cosineData.map((data) =>
                  gatherCosine(data.subarray(first, first + sumsPerRecord), groups, sites),
                ),
              }
            : {}),
        });
      }
      if (wanted.after[snapshots.length] === done) {
        const began = performance.now();
        const array = arrayAfter(done);
        const layout = { groups, sitesPerGroup };
        snapshots.push(await takeSnapshot(gpu, job, specialisation, layout, state[array], done, () => spreadOf(array)));
        engineSeconds += (performance.now() - began) / 1000;
      }
      const interrupted = control.signal?.aborted ?? false;
      const left = done < operations;
      if (checkpoint && left && (interrupted || performance.now() - saved >= 1000 * checkpoint.seconds)) await save();
      if (left && interrupted) throw new InterruptedError("interrupted");
    }

    return {
      engineSeconds,
      observations,
      snapshots,
      final: await readState(arrayAfter(operations)),
    };
  } finally {
    for (const buffer of owned) buffer.destroy();
  }
}

/** The means that were asked for, from one observation's partial sums [realisations][fields][groups][MOMENTS], added in float64. */
function gatherMoments(job: LatticeJob, data: Float32Array, groups: number): Omit<Observation, "afterOperation"> {
  const { fields, grid } = job;
  const sites = grid.points ** grid.dimensions;
  const stride = groups * MOMENTS;
  /** One number of each realisation and field, from its reference, its scale and the means of its sums. */
  const each = (pick: (means: readonly number[], reference: number, scale: number) => number): Float64Array =>
    Float64Array.from({ length: data.length / stride }, (_, rf) => {
      const means = new Array<number>(MOMENTS - 2).fill(0);
      for (let g = 0; g < groups; g++)
        for (let n = 0; n < means.length; n++) means[n]! += data[rf * stride + g * MOMENTS + 2 + n]! / sites;
      return pick(means, data[rf * stride]!, data[rf * stride + 1]!);
    });
  const asked = new Set(job.reductions.map(({ kind }) => kind));
  return {
    ...(asked.has("field")
      ? {
          fieldMean: each(([m1], reference, scale) => reference + m1! / scale),
          fieldVariance: each(([m1, m2], _reference, scale) => Math.max(0, m2! - m1! ** 2) / scale ** 2),
        }
      : {}),
    ...(asked.has("shape")
      ? {
          fieldThird: each(([m1, m2, m3], _reference, scale) => (m3! - 3 * m1! * m2! + 2 * m1! ** 3) / scale ** 3),
          fieldFourth: each(
            ([m1, m2, m3, m4], _reference, scale) =>
              Math.max(0, m4! - 4 * m1! * m3! + 6 * m1! ** 2 * m2! - 3 * m1! ** 4) / scale ** 4,
          ),
        }
      : {}),
    ...(asked.has("momentum")
      ? { momentumMean: each((means) => means[4]!), momentumSquare: each((means) => means[5]!) }
      : {}),
    ...(asked.has("gradient") ? { gradient: each((means) => means[6]! / grid.spacing ** 2) } : {}),
    ...(asked.has("potential") ? { potential: each((means) => means[7]!).filter((_, rf) => rf % fields === 0) } : {}),
  };
}

/** 2 <phi cos(k.x)> from the partial sums [realisations][fields][groups]. */
function gatherCosine(data: Float32Array, groups: number, sites: number): Float64Array {
  return Float64Array.from({ length: data.length / groups }, (_, rf) => {
    let sum = 0;
    for (let g = 0; g < groups; g++) sum += data[rf * groups + g]!;
    return (2 * sum) / sites;
  });
}
