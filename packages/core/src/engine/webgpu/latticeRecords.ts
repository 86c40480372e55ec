/** Observations of a lattice on the device: reduced into slots that are read once per stretch of the run. */
import { curvaturesOf, massMatrices, massPairs } from "../../potential/curvature.ts";
import { formOf } from "../../potential/form.ts";
import { type LatticeJob, type Observation, potentialsOf } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, loadKernel, type UniformValues } from "./kernel.ts";
import {
  type LatticeSpecialisation,
  latticeCosine,
  latticeMoments,
  potentialSpecialisation,
  uploadConstants,
  withoutPotential,
} from "./latticeKernels.ts";
import type { Numbers } from "./latticeNumbers.ts";
import type { ReductionLayout, Spread } from "./latticePictures.ts";
import { type Layout, type Slab, slabUniform, thickest } from "./latticeSlabs.ts";
import type { Buffers, RecordSlots, StateArrays, Steps } from "./latticeSteps.ts";
import { recordStride, slotData } from "./slots.ts";
import { type Dispatch, encode, submit } from "./submit.ts";

/** Sites that one workgroup of a reduction sums, where there are not so many sites that MAX_GROUPS would be passed. */
const SITES_PER_GROUP = 1024;
const MAX_GROUPS = 1024;
/** Bytes of observations kept on the device before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;
/** Sums in the Moments struct of lattice_moments.wgsl, which has a reference and a scale before them, float32 both. */
const SUMS = 8;
/** The first of them, of x to x^4, are in units of 1/scale. */
const POWERS = 4;
const momentWords = ({ words }: Numbers): number => 2 + words * SUMS;

/** Bytes of what one record of a reduction leaves of a slab. */
export function recordBytes(
  { realisations, fields }: Pick<LatticeJob, "realisations" | "fields">,
  { groups }: ReductionLayout,
  numbers: Numbers,
) {
  const sums = realisations * fields * groups;
  return { moments: 4 * momentWords(numbers) * sums, cosines: 4 * numbers.words * sums };
}

/** What is reduced for a job's observations and snapshots: moments, those of curvatures by pairs of fields too, and the amplitudes of modes. */
export function reducedBy(job: Pick<LatticeJob, "reductions" | "snapshots" | "potential" | "realisations">) {
  const { reductions, snapshots } = job;
  const pictured = (wanted: string): boolean => snapshots?.pictures.some(({ kind }) => kind === wanted) ?? false;
  const observesMoments = reductions.some(({ kind }) => kind !== "cosine");
  return {
    observesMoments,
    moments: observesMoments || pictured("histogram"),
    curvatures: pictured("oscillators") ? massPairs(potentialsOf(job)) : [],
    modes: reductions.filter((reduction) => reduction.kind === "cosine"),
  };
}

/** How many records are kept, and how the reductions into them are laid out. */
export function recordLayout(
  job: Pick<LatticeJob, "realisations" | "fields" | "observeAfter">,
  layout: Layout,
  numbers: Numbers,
): Pick<RecordSlots, "capacity"> & ReductionLayout {
  // Of the thickest slab: the others' last workgroups may find nothing to do.
  const sites = thickest(layout) * layout.plane;
  const sitesPerGroup = Math.max(SITES_PER_GROUP, Math.ceil(sites / MAX_GROUPS));
  const groups = Math.ceil(sites / sitesPerGroup);
  const reduction = { groups, sitesPerGroup };
  const bytes = recordBytes(job, reduction, numbers).moments * layout.slabs.length;
  const capacity = Math.max(1, Math.min(job.observeAfter.length, Math.floor(OBSERVATION_BYTES / bytes)));
  return { capacity, ...reduction };
}

/** The same with the slots that pick a record. */
export async function recordSlots(
  gpu: Gpu,
  job: LatticeJob,
  layout: Layout,
  numbers: Numbers,
  buffers: Buffers,
): Promise<RecordSlots & ReductionLayout> {
  const { capacity, ...reduction } = recordLayout(job, layout, numbers);
  const slot = await buffers.upload(
    "observation slots",
    slotData(recordStride(gpu.limits), capacity, (record) => [record]),
    GPUBufferUsage.UNIFORM,
  );
  return { capacity, slot, ...reduction };
}

export interface Records {
  /** Reduces the state that stands into a record. */
  encode(pass: GPUComputePassEncoder, record: number): void;
  /** The first records, made after these numbers of operations. */
  read(after: readonly number[]): Promise<Observation[]>;
  /** Mean and variance of the field that stands, where a histogram is among the job's pictures. */
  spread(): Promise<Spread>;
  /** <d^2V/dphi_f dphi_g> of the fields that stand, [realisations][fields][fields], where oscillators are among the job's pictures. */
  curvature(): Promise<Float64Array>;
}

/** A reduction of every slab, and where each leaves its records. */
interface Reducer {
  dispatches(record: number): Dispatch[];
  readonly sums: readonly GPUBuffer[];
}

export async function openRecords(
  gpu: Gpu,
  job: LatticeJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  { arrays, standing, globals }: Steps,
  buffers: Buffers,
  { capacity, slot, groups, sitesPerGroup }: RecordSlots & ReductionLayout,
): Promise<Records> {
  const { grid, realisations, fields } = job;
  const { dimensions, points } = grid;
  const { slabs, plane } = layout;
  const { numbers } = specialisation;
  const stride = recordStride(gpu.limits);
  const { observesMoments, modes, ...asked } = reducedBy(job);
  const { moments: momentBytes, cosines: cosineBytes } = recordBytes(job, { groups, sitesPerGroup }, numbers);

  /** A kernel over every slab that leaves `bytes` a record in what it binds as `output`; `values` are its parameters for each. */
  const reducer = async (
    kernel: Kernel<string>,
    output: string,
    bytes: number,
    values: (slab: Slab) => UniformValues,
    inputs: (state: StateArrays) => Readonly<Record<string, GPUBuffer>>,
  ): Promise<Reducer> => {
    const sums: GPUBuffer[] = [];
    const bindings: GPUBindGroup[][] = arrays.map(() => []);
    for (const [s, slab] of slabs.entries()) {
      sums.push(await buffers.make(output, bytes * capacity));
      const data = new Uint32Array(
        kernel.uniform("params", { slab: slabUniform(grid, layout, slab), sitesPerGroup, ...values(slab) }),
      );
      const params = await buffers.upload(`parameters of ${output}`, data, GPUBufferUsage.UNIFORM);
      for (const [state, here] of arrays.entries()) {
        const given = { ...inputs(here[s]!), firstField: here[0]!.field, [output]: sums[s]! };
        bindings[state]!.push(await kernel.bind({ ...given, params, slot }));
      }
    }
    return {
      sums,
      dispatches: (record) =>
        bindings[standing()]!.map((group) => ({
          pipeline: kernel.pipeline,
          bindings: group,
          workgroups: [groups, fields, realisations],
          offsets: [record * stride],
        })),
    };
  };

  const sampledSites = plane * Math.min(...slabs.map(({ planes }) => planes));
  const momentsBy = async (of: LatticeSpecialisation, constants: GPUBuffer): Promise<Reducer> =>
    reducer(
      await loadKernel(gpu, latticeMoments, of),
      "moments",
      momentBytes,
      () => ({ sampledSites }),
      (state) => ({ ...state, constants }),
    );
  const moments = asked.moments
    ? await momentsBy(specialisation, await uploadConstants(job, specialisation, buffers))
    : undefined;
  const curvatures: Reducer[] = [];
  if (asked.curvatures.length > 0)
    for (const potential of curvaturesOf(potentialsOf(job), asked.curvatures)) {
      const of = potentialSpecialisation(grid, formOf(potential), numbers);
      curvatures.push(await momentsBy(of, await uploadConstants({ ...job, potential }, of, buffers)));
    }
  const cosineKernel =
    modes.length > 0 ? await loadKernel(gpu, latticeCosine, withoutPotential(specialisation, fields)) : undefined;
  const table = Float64Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points));
  const cosines = cosineKernel && (await buffers.upload("cosines", numbers.pack(table)));
  const waves: Reducer[] = [];
  for (const { mode } of modes) {
    // Grid indices run first to last; the kernel counts axes from the last.
    const reduced = [2, 1, 0].map((axis) => {
      const n = mode[axis - (3 - dimensions)] ?? 0;
      return ((n % points) + points) % points;
    });
    const shifted = ({ first }: Slab) => [0, 1, 2].map((axis) => (axis === dimensions - 1 ? first : 0));
    const values = (slab: Slab) => ({ mode: reduced, points, shift: shifted(slab) });
    waves.push(
      await reducer(cosineKernel!, "sums", cosineBytes, values, ({ field }) => ({ field, cosines: cosines! })),
    );
  }

  /** The first records of every slab. */
  const download = async ({ sums }: Reducer, bytes: number): Promise<Float32Array[]> => {
    const parts: Float32Array[] = [];
    for (const buffer of sums) parts.push(await gpu.download(buffer, bytes));
    return parts;
  };
  /** One kind of the moments of the state that stands. */
  const stoodMoments = async (
    of: Reducer,
    kind: "field" | "potential",
  ): Promise<Omit<Observation, "afterOperation">> => {
    submit(gpu, "moments of a snapshot", of.dispatches(0));
    return gatherMoments({ ...job, reductions: [{ kind }] }, await download(of, momentBytes), groups, numbers);
  };
  const pick = (parts: readonly Float32Array[], record: number, bytes: number): Float32Array[] =>
    parts.map((part) => part.subarray((record * bytes) / 4, ((record + 1) * bytes) / 4));
  return {
    encode(pass, record) {
      const observers = [...(observesMoments ? [moments!] : []), ...waves];
      for (const observer of observers) for (const dispatch of observer.dispatches(record)) encode(pass, dispatch);
      if (globals) encode(pass, globals.record(record));
    },
    async read(after) {
      if (after.length === 0) return [];
      const count = after.length;
      const momentData = observesMoments ? await download(moments!, momentBytes * count) : undefined;
      const cosineData: Float32Array[][] = [];
      for (const wave of waves) cosineData.push(await download(wave, cosineBytes * count));
      const global = await globals?.readRecords(count);
      return after.map((afterOperation, record) => ({
        afterOperation,
        ...(momentData ? gatherMoments(job, pick(momentData, record, momentBytes), groups, numbers) : {}),
        ...(modes.length > 0
          ? { cosine: cosineData.map((data) => gatherCosine(job, pick(data, record, cosineBytes), groups, numbers)) }
          : {}),
        ...(global ? { global: global[record]! } : {}),
      }));
    },
    spread: async () => (await stoodMoments(moments!, "field")) as Spread,
    async curvature() {
      const means: Float64Array[] = [];
      for (const curvature of curvatures) means.push((await stoodMoments(curvature, "potential")).potential!);
      const all = Float64Array.from(
        { length: realisations * curvatures.length },
        (_, rp) => means[rp % curvatures.length]![Math.floor(rp / curvatures.length)]!,
      );
      return massMatrices(all, asked.curvatures, fields);
    },
  };
}

/** The means that were asked for, from one observation's partial sums of each slab, [realisations][fields][groups] of Moments, added in float64. */
function gatherMoments(
  job: LatticeJob,
  slabs: readonly Float32Array[],
  groups: number,
  numbers: Numbers,
): Omit<Observation, "afterOperation"> {
  const { fields, grid } = job;
  const sites = grid.points ** grid.dimensions;
  const words = momentWords(numbers);
  const stride = groups * words;
  /** One number of each realisation and field, from its reference, the first slab's scale and the means of its sums in that scale. */
  const each = (pick: (means: readonly number[], reference: number, scale: number) => number): Float64Array =>
    Float64Array.from({ length: slabs[0]!.length / stride }, (_, rf) => {
      const means = new Array<number>(SUMS).fill(0);
      const [reference, scale] = slabs[0]!.subarray(rf * stride) as unknown as [number, number];
      for (const data of slabs) {
        // A power of two: of one slab 1, and its sums stay as they are.
        const ratio = scale / data[rf * stride + 1]!;
        for (let g = 0; g < groups; g++) {
          const at = rf * stride + g * words;
          for (const [n, sum] of numbers.unpack(data.subarray(at + 2, at + words)).entries())
            means[n]! += (n < POWERS ? ratio ** (n + 1) * sum : sum) / sites;
        }
      }
      return pick(means, reference, scale);
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

/** 2 <phi cos(k.x)> from the partial sums of each slab, [realisations][fields][groups]. */
function gatherCosine(
  { grid, realisations, fields }: LatticeJob,
  slabs: readonly Float32Array[],
  groups: number,
  { unpack }: Numbers,
): Float64Array {
  const sites = grid.points ** grid.dimensions;
  const totals = new Float64Array(realisations * fields);
  for (const data of slabs) for (const [i, sum] of unpack(data).entries()) totals[Math.floor(i / groups)]! += sum;
  return totals.map((sum) => (2 * sum) / sites);
}
