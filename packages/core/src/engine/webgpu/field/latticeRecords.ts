/** Observations of a lattice on the device: reduced into slots that are read once per stretch of the run. */
import { curvaturesOf, massMatrices, massPairs } from "../../../potential/curvature.ts";
import { formOf } from "../../../potential/form.ts";
import { type LatticeJob, type Observation, potentialsOf } from "../../latticeJob.ts";
import type { PartJob } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { type Kernel, loadKernel, type UniformValues } from "../kernel.ts";
import { recordStride, slotData } from "../slots.ts";
import { type Dispatch, encode, submit } from "../submit.ts";
import {
  type LatticeSpecialisation,
  latticeCosine,
  latticeMoments,
  momentsSpecialisation,
  potentialSpecialisation,
  uploadConstants,
  withoutPotential,
} from "./latticeKernels.ts";
import { marched, marchSharing, sweepKernel } from "./latticeMarch.ts";
import type { Spread } from "./latticePictures.ts";
import { type Layout, type Slab, slabUniform, thickest } from "./latticeSlabs.ts";
import type { RecordSlots, StateArrays, Steps } from "./latticeSteps.ts";
import { gatherCosine, gatherMoments, type RecordLayout, recordBytes } from "./latticeSums.ts";

/** Sites that one workgroup of a reduction sums, where there are not so many sites that MAX_GROUPS would be passed. */
const SITES_PER_GROUP = 1024;
const MAX_GROUPS = 1024;
/** The record of what is not observed: lattice_global.wgsl. */
const NOWHERE = 2 ** 32 - 1;
/** Bytes of observations kept on the device before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;

/** How the workgroups that march for a slab's moments share it, all slabs as the thickest. */
const marchedMoments = (
  adapter: Gpu["adapter"],
  grid: LatticeJob["grid"],
  layout: Layout,
  march: LatticeSpecialisation,
) => marchSharing(adapter, grid, layout, { first: 0, planes: thickest(layout) }, march, MAX_GROUPS);

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

/** Whether a sweep of a coupled schedule, which sums the momenta, has led to the state after so many operations. */
const isSwept = ({ schedule, from = 0 }: Pick<PartJob, "schedule" | "from">, afterOperation: number): boolean =>
  schedule.kind === "coupled" && afterOperation > from;

/** The kinds of moments that a job's observations take, with momenta and without; one of them at least. */
export function momentKinds(job: Pick<PartJob, "schedule" | "from" | "observeAfter">): readonly boolean[] {
  const kinds = new Set(job.observeAfter.map((after) => !isSwept(job, after)));
  return kinds.size > 0 ? [...kinds] : [false];
}

/** How many records are kept, and how the reductions into them are laid out. */
export function recordLayout(
  { adapter }: Pick<Gpu, "adapter">,
  job: Pick<LatticeJob, "grid" | "realisations" | "fields" | "observeAfter">,
  layout: Layout,
  specialisation: LatticeSpecialisation,
): Pick<RecordSlots, "capacity"> & RecordLayout {
  // Of the thickest slab: the others' last workgroups may find nothing to do.
  const sites = thickest(layout) * layout.plane;
  const sitesPerGroup = Math.max(SITES_PER_GROUP, Math.ceil(sites / MAX_GROUPS));
  const groups = Math.ceil(sites / sitesPerGroup);
  const march = marched(job, specialisation);
  const [x, y, chunks] = march ? marchedMoments(adapter, job.grid, layout, march).workgroups : [1, 1, groups];
  const reduction = { groups, sitesPerGroup, momentGroups: x * y * chunks };
  const bytes = recordBytes(job, reduction, specialisation.numbers).moments * layout.slabs.length;
  const capacity = Math.max(1, Math.min(job.observeAfter.length, Math.floor(OBSERVATION_BYTES / bytes)));
  return { capacity, ...reduction };
}

/** The same with the slots that pick a record. */
export async function recordSlots(
  gpu: Gpu,
  job: LatticeJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
): Promise<RecordSlots & RecordLayout> {
  const { capacity, ...reduction } = recordLayout(gpu, job, layout, specialisation);
  const slot = await buffers.upload(
    "observation slots",
    slotData(recordStride(gpu.limits), capacity + 1, (record) => [record < capacity ? record : NOWHERE]),
    GPUBufferUsage.UNIFORM,
  );
  return { capacity, slot, ...reduction };
}

export interface Records {
  /** Reduces the state that stands into a record, after so many operations. */
  encode(pass: GPUComputePassEncoder, record: number, afterOperation: number): void;
  /** The first records, made after these numbers of operations. */
  read(after: readonly number[]): Promise<Observation[]>;
  /** Mean and variance of the field that stands, where a histogram is among the job's pictures. */
  spread(): Promise<Spread>;
  /** <d^2V/dphi_f dphi_g> of the fields that stand, [realisations][fields][fields], where oscillators are among the job's pictures. */
  curvature(): Promise<Float64Array>;
}

/** A reduction of every slab, by one of the kernels that it has, and where each leaves its records. */
interface Reducer {
  dispatches(record: number, by?: number): Dispatch[];
  readonly sums: readonly GPUBuffer[];
}

export async function openRecords(
  gpu: Gpu,
  job: PartJob,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  { arrays, standing, globals }: Steps,
  buffers: Buffers,
  { capacity, slot, ...reduction }: RecordSlots & RecordLayout,
): Promise<Records> {
  const { grid, realisations, fields } = job;
  const { dimensions, points } = grid;
  const { slabs, plane } = layout;
  const { numbers } = specialisation;
  const { groups, sitesPerGroup, momentGroups } = reduction;
  const stride = recordStride(gpu.limits);
  const { observesMoments, modes, ...asked } = reducedBy(job);
  const asksMomenta = job.reductions.some(({ kind }) => kind === "momentum");
  const { moments: momentBytes, cosines: cosineBytes } = recordBytes(job, reduction, numbers);

  /**
   * Kernels over every slab, of so many workgroups a field, that leave `bytes` a record in what they bind as `output`; `values` are their
   * parameters for each.
   */
  const reducer = async (
    kernels: readonly Kernel<string>[],
    output: string,
    groups: number,
    bytes: number,
    values: (slab: Slab) => UniformValues,
    inputs: (state: StateArrays) => Readonly<Record<string, GPUBuffer>>,
  ): Promise<Reducer> => {
    const sums: GPUBuffer[] = [];
    const bindings = kernels.map(() => arrays.map((): GPUBindGroup[] => []));
    for (const [s, slab] of slabs.entries()) {
      sums.push(await buffers.make(output, bytes * capacity));
      const data = new Uint32Array(kernels[0]!.uniform("params", values(slab)));
      const params = await buffers.upload(`parameters of ${output}`, data, GPUBufferUsage.UNIFORM);
      for (const [state, here] of arrays.entries()) {
        const given = { ...inputs(here[s]!), firstField: here[0]!.field, [output]: sums[s]! };
        for (const [k, kernel] of kernels.entries())
          bindings[k]![state]!.push(await kernel.bind({ ...given, params, slot }));
      }
    }
    return {
      sums,
      dispatches: (record, by = 0) =>
        bindings[by]![standing()]!.map((group) => ({
          pipeline: kernels[by]!.pipeline,
          bindings: group,
          workgroups: [groups, fields, realisations],
          offsets: [record * stride],
        })),
    };
  };

  const sampledSites = plane * Math.min(...slabs.map(({ planes }) => planes));
  const inStretches = (slab: Slab) => ({ slab: slabUniform(grid, layout, slab), sitesPerGroup });
  /** By a kernel with momenta or without, or by both. */
  const momentsBy = async (
    of: LatticeSpecialisation,
    constants: GPUBuffer,
    momenta: readonly boolean[],
  ): Promise<Reducer> => {
    const march = marched(job, of);
    const inMarches = (planned: Slab): UniformValues => {
      const { workgroups, params } = marchedMoments(gpu.adapter, grid, layout, march!);
      const { slab } = marchSharing(gpu.adapter, grid, layout, planned, march!).params;
      return { slab, depth: params.depth, across: workgroups.slice(0, 2) };
    };
    const kernels: Kernel<string>[] = [];
    for (const each of momenta)
      kernels.push(await loadKernel(gpu, ...sweepKernel(job, latticeMoments, momentsSpecialisation(of, each))));
    return reducer(
      kernels,
      "moments",
      momentGroups,
      momentBytes,
      (slab) => ({ ...(march ? inMarches : inStretches)(slab), sampledSites }),
      (state) => ({ ...state, constants }),
    );
  };
  const kinds = momentKinds(job);
  const moments = asked.moments
    ? await momentsBy(specialisation, await uploadConstants(job, specialisation, buffers), kinds)
    : undefined;
  const curvatures: Reducer[] = [];
  if (asked.curvatures.length > 0)
    for (const potential of curvaturesOf(potentialsOf(job), asked.curvatures)) {
      const of = potentialSpecialisation(grid, formOf(potential), numbers);
      curvatures.push(await momentsBy(of, await uploadConstants({ ...job, potential }, of, buffers), [false]));
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
    const values = (slab: Slab) => ({ ...inStretches(slab), mode: reduced, points, shift: shifted(slab) });
    waves.push(
      await reducer([cosineKernel!], "sums", groups, cosineBytes, values, ({ field }) => ({
        field,
        cosines: cosines!,
      })),
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
    return gatherMoments({ ...job, reductions: [{ kind }] }, await download(of, momentBytes), momentGroups, numbers);
  };
  const pick = (parts: readonly Float32Array[], record: number, bytes: number): Float32Array[] =>
    parts.map((part) => part.subarray((record * bytes) / 4, ((record + 1) * bytes) / 4));
  return {
    encode(pass, record, afterOperation) {
      const swept = isSwept(job, afterOperation);
      const dispatches = [
        ...(observesMoments ? moments!.dispatches(record, kinds.indexOf(!swept)) : []),
        ...waves.flatMap((wave) => wave.dispatches(record)),
        ...(globals && !swept ? [globals.record(record)] : []),
      ];
      for (const dispatch of dispatches) encode(pass, dispatch);
    },
    async read(after) {
      if (after.length === 0) return [];
      const count = after.length;
      const momentData = observesMoments ? await download(moments!, momentBytes * count) : undefined;
      const cosineData: Float32Array[][] = [];
      for (const wave of waves) cosineData.push(await download(wave, cosineBytes * count));
      const driven = await globals?.readRecords(count);
      /** What a coupled schedule's sweep has summed, in place of what was not to be had later. */
      const sweptOf = (record: number): Partial<Observation> => {
        if (!driven) return {};
        const { global, ...momenta } = driven[record]!;
        return { global, ...(asksMomenta && isSwept(job, after[record]!) ? momenta : {}) };
      };
      return after.map((afterOperation, record) => ({
        afterOperation,
        ...(momentData ? gatherMoments(job, pick(momentData, record, momentBytes), momentGroups, numbers) : {}),
        ...(modes.length > 0
          ? { cosine: cosineData.map((data) => gatherCosine(job, pick(data, record, cosineBytes), groups, numbers)) }
          : {}),
        ...sweptOf(record),
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
