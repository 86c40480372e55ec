/** Observations of a lattice on the device: reduced into slots that are read once per stretch of the run. */
import { curvaturesOf, massMatrices, massPairs } from "../../../potential/curvature.ts";
import { formOf } from "../../../potential/form.ts";
import { type LatticeJob, type Observation, potentialsOf } from "../../latticeJob.ts";
import type { Gpu } from "../gpu.ts";
import { type Kernel, loadKernel, type UniformValues } from "../kernel.ts";
import { recordStride, slotData } from "../slots.ts";
import { type Dispatch, encode, submit } from "../submit.ts";
import {
  type LatticeSpecialisation,
  latticeCosine,
  latticeMoments,
  potentialSpecialisation,
  uploadConstants,
  withoutPotential,
} from "./latticeKernels.ts";
import { marched, marchSharing, sweepKernel } from "./latticeMarch.ts";
import type { Spread } from "./latticePictures.ts";
import { type Layout, type Slab, slabUniform, thickest } from "./latticeSlabs.ts";
import type { Buffers, RecordSlots, StateArrays, Steps } from "./latticeSteps.ts";
import { gatherCosine, gatherMoments, type RecordLayout, recordBytes } from "./latticeSums.ts";

/** Sites that one workgroup of a reduction sums, where there are not so many sites that MAX_GROUPS would be passed. */
const SITES_PER_GROUP = 1024;
const MAX_GROUPS = 1024;
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
  { capacity, slot, ...reduction }: RecordSlots & RecordLayout,
): Promise<Records> {
  const { grid, realisations, fields } = job;
  const { dimensions, points } = grid;
  const { slabs, plane } = layout;
  const { numbers } = specialisation;
  const { groups, sitesPerGroup, momentGroups } = reduction;
  const stride = recordStride(gpu.limits);
  const { observesMoments, modes, ...asked } = reducedBy(job);
  const { moments: momentBytes, cosines: cosineBytes } = recordBytes(job, reduction, numbers);

  /**
   * A kernel over every slab, of so many workgroups a field, that leaves `bytes` a record in what it binds as `output`; `values` are its
   * parameters for each.
   */
  const reducer = async (
    kernel: Kernel<string>,
    output: string,
    groups: number,
    bytes: number,
    values: (slab: Slab) => UniformValues,
    inputs: (state: StateArrays) => Readonly<Record<string, GPUBuffer>>,
  ): Promise<Reducer> => {
    const sums: GPUBuffer[] = [];
    const bindings: GPUBindGroup[][] = arrays.map(() => []);
    for (const [s, slab] of slabs.entries()) {
      sums.push(await buffers.make(output, bytes * capacity));
      const data = new Uint32Array(kernel.uniform("params", values(slab)));
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
  const inStretches = (slab: Slab) => ({ slab: slabUniform(grid, layout, slab), sitesPerGroup });
  const momentsBy = async (of: LatticeSpecialisation, constants: GPUBuffer): Promise<Reducer> => {
    const march = marched(job, of);
    const inMarches = (planned: Slab): UniformValues => {
      const { workgroups, params } = marchedMoments(gpu.adapter, grid, layout, march!);
      const { slab } = marchSharing(gpu.adapter, grid, layout, planned, march!).params;
      return { slab, depth: params.depth, across: workgroups.slice(0, 2) };
    };
    return reducer(
      await loadKernel(gpu, ...sweepKernel(job, latticeMoments, of)),
      "moments",
      momentGroups,
      momentBytes,
      (slab) => ({ ...(march ? inMarches : inStretches)(slab), sampledSites }),
      (state) => ({ ...state, constants }),
    );
  };
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
    const values = (slab: Slab) => ({ ...inStretches(slab), mode: reduced, points, shift: shifted(slab) });
    waves.push(
      await reducer(cosineKernel!, "sums", groups, cosineBytes, values, ({ field }) => ({ field, cosines: cosines! })),
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
        ...(momentData ? gatherMoments(job, pick(momentData, record, momentBytes), momentGroups, numbers) : {}),
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
