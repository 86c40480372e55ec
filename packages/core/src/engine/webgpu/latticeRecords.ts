/** Observations of a lattice on the device: reduced into slots that are read once per stretch of the run. */
import type { LatticeJob, Observation } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import { type LatticeSpecialisation, latticeCosine, latticeMoments } from "./latticeKernels.ts";
import type { Numbers } from "./latticeNumbers.ts";
import type { ReductionLayout, Spread } from "./latticePictures.ts";
import { type Buffers, type RecordSlots, type Steps, slotData } from "./latticeSteps.ts";
import { type Dispatch, encode } from "./submit.ts";

/** Sites that one workgroup of a reduction sums, where there are not so many sites that MAX_GROUPS would be passed. */
const SITES_PER_GROUP = 1024;
const MAX_GROUPS = 1024;
/** Bytes of observations kept on the device before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;
/** Sums in the Moments struct of lattice_moments.wgsl, which has a reference and a scale before them, float32 both. */
const SUMS = 8;
const momentWords = ({ words }: Numbers): number => 2 + words * SUMS;

/** How many records are kept, and the slots that pick one. */
export async function recordSlots(
  gpu: Gpu,
  { grid, realisations, fields, observeAfter }: LatticeJob,
  numbers: Numbers,
  buffers: Buffers,
): Promise<RecordSlots & ReductionLayout> {
  const sites = grid.points ** grid.dimensions;
  const sitesPerGroup = Math.max(SITES_PER_GROUP, Math.ceil(sites / MAX_GROUPS));
  const groups = Math.ceil(sites / sitesPerGroup);
  const bytes = 4 * momentWords(numbers) * realisations * fields * groups;
  const capacity = Math.max(1, Math.min(observeAfter.length, Math.floor(OBSERVATION_BYTES / bytes)));
  const slot = await buffers.upload(
    "observation slots",
    slotData(gpu, capacity, (record) => [record]),
    GPUBufferUsage.UNIFORM,
  );
  return { capacity, slot, groups, sitesPerGroup };
}

export interface Records {
  /** Reduces the state that stands into a record. */
  encode(pass: GPUComputePassEncoder, record: number): void;
  /** The first records, made after these numbers of operations. */
  read(after: readonly number[]): Promise<Observation[]>;
  /** Mean and variance of the field that stands, where a histogram is among the job's pictures. */
  spread(): Promise<Spread>;
}

export async function openRecords(
  gpu: Gpu,
  job: LatticeJob,
  specialisation: LatticeSpecialisation,
  { arrays, standing, globals }: Steps,
  buffers: Buffers,
  { capacity, slot, groups, sitesPerGroup }: RecordSlots & ReductionLayout,
): Promise<Records> {
  const { grid, realisations, fields, reductions, snapshots } = job;
  const { dimensions, points } = grid;
  const sites = points ** dimensions;
  const { numbers } = specialisation;
  const words = momentWords(numbers);
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  const wantsMoments = reductions.some(({ kind }) => kind !== "cosine");
  const wantsSpread = snapshots?.pictures.some(({ kind }) => kind === "histogram") ?? false;
  const modes = reductions.filter((reduction) => reduction.kind === "cosine");
  const sumsPerRecord = realisations * fields * groups;
  const bytesPerRecord = 4 * sumsPerRecord * words;
  const workgroups = [groups, fields, realisations] as const;
  const uniform = (label: string, data: ArrayBuffer) =>
    buffers.upload(label, new Uint32Array(data), GPUBufferUsage.UNIFORM);
  const dispatch = (pipeline: GPUComputePipeline, bindings: readonly GPUBindGroup[], record: number): Dispatch => ({
    pipeline,
    bindings: bindings[standing()]!,
    workgroups,
    offsets: [record * alignment],
  });

  const observers: ((record: number) => Dispatch)[] = [];
  const moments = await buffers.make("moments", wantsMoments || wantsSpread ? capacity * bytesPerRecord : 16);
  let reduceMoments = (_record: number): Dispatch => {
    throw new RangeError("no moments were asked for");
  };
  if (wantsMoments || wantsSpread) {
    const kernel = await loadKernel(gpu, latticeMoments, specialisation);
    const params = await uniform("moment parameters", kernel.uniform("params", { points, sites, sitesPerGroup }));
    const bindings = await Promise.all(arrays.map((state) => kernel.bind({ ...state, moments, params, slot })));
    reduceMoments = (record) => dispatch(kernel.pipeline, bindings, record);
    if (wantsMoments) observers.push(reduceMoments);
  }
  const cosineSums: GPUBuffer[] = [];
  if (modes.length > 0) {
    const kernel = await loadKernel(gpu, latticeCosine, specialisation);
    const table = Float64Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points));
    const cosines = await buffers.upload("cosines", numbers.pack(table));
    for (const { mode } of modes) {
      // Grid indices run first to last; the kernel counts axes from the last.
      const reduced = [2, 1, 0].map((axis) => {
        const n = mode[axis - (3 - dimensions)] ?? 0;
        return ((n % points) + points) % points;
      });
      const sums = await buffers.make("cosine sums", 4 * numbers.words * sumsPerRecord * capacity);
      cosineSums.push(sums);
      const values = { mode: reduced, points, sites, sitesPerGroup };
      const params = await uniform("cosine parameters", kernel.uniform("params", values));
      const bindings = await Promise.all(
        arrays.map(({ field }) => kernel.bind({ field, cosines, sums, params, slot })),
      );
      observers.push((record) => dispatch(kernel.pipeline, bindings, record));
    }
  }
  if (globals) observers.push(globals.record);

  return {
    encode(pass, record) {
      for (const observer of observers) encode(pass, observer(record));
    },
    async read(after) {
      if (after.length === 0) return [];
      const count = after.length;
      const momentData = wantsMoments ? await gpu.download(moments, bytesPerRecord * count) : undefined;
      const cosineData: Float64Array[] = [];
      for (const sums of cosineSums)
        cosineData.push(numbers.unpack(await gpu.download(sums, 4 * numbers.words * sumsPerRecord * count)));
      const global = await globals?.readRecords(count);
      return after.map((afterOperation, record) => {
        const first = record * sumsPerRecord;
        const end = first + sumsPerRecord;
        return {
          afterOperation,
          ...(momentData ? gatherMoments(job, momentData.subarray(first * words, end * words), groups, numbers) : {}),
          ...(modes.length > 0
            ? { cosine: cosineData.map((data) => gatherCosine(data.subarray(first, end), groups, sites)) }
            : {}),
          ...(global ? { global: global[record]! } : {}),
        };
      });
    },
    async spread() {
      const encoder = gpu.device.createCommandEncoder({ label: "spread" });
      const pass = encoder.beginComputePass({ label: "spread" });
      encode(pass, reduceMoments(0));
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      const data = await gpu.download(moments, bytesPerRecord);
      return gatherMoments({ ...job, reductions: [{ kind: "field" }] }, data, groups, numbers) as Spread;
    },
  };
}

/** The means that were asked for, from one observation's partial sums [realisations][fields][groups] of Moments, added in float64. */
function gatherMoments(
  job: LatticeJob,
  data: Float32Array,
  groups: number,
  numbers: Numbers,
): Omit<Observation, "afterOperation"> {
  const { fields, grid } = job;
  const sites = grid.points ** grid.dimensions;
  const words = momentWords(numbers);
  const stride = groups * words;
  /** One number of each realisation and field, from its reference, its scale and the means of its sums. */
  const each = (pick: (means: readonly number[], reference: number, scale: number) => number): Float64Array =>
    Float64Array.from({ length: data.length / stride }, (_, rf) => {
      const means = new Array<number>(SUMS).fill(0);
      for (let g = 0; g < groups; g++) {
        const at = rf * stride + g * words;
        for (const [n, sum] of numbers.unpack(data.subarray(at + 2, at + words)).entries()) means[n]! += sum / sites;
      }
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
function gatherCosine(data: Float64Array, groups: number, sites: number): Float64Array {
  return Float64Array.from({ length: data.length / groups }, (_, rf) => {
    let sum = 0;
    for (let g = 0; g < groups; g++) sum += data[rf * groups + g]!;
    return (2 * sum) / sites;
  });
}
