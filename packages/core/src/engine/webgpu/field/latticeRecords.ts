/** Observations of a lattice on the device: reduced into slots that are read once per stretch of the run. */
import { massMatrices, massPairs } from "../../../potential/curvature.ts";
import { type LatticeJob, type Observation, potentialsOf } from "../../latticeJob.ts";
import type { PartJob } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { recordStride, slotData } from "../slots.ts";
import { encode, submit } from "../submit.ts";
import { type LatticeSpecialisation, uploadConstants } from "./latticeKernels.ts";
import { marched } from "./latticeMarch.ts";
import type { Spread } from "./latticePictures.ts";
import {
  curvatureReducers,
  MAX_GROUPS,
  marchedMoments,
  momentReducer,
  type Reducer,
  type Reducing,
  waveReducers,
} from "./latticeReducers.ts";
import { type Layout, thickest } from "./latticeSlabs.ts";
import type { RecordSlots, Setting, Steps } from "./latticeSteps.ts";
import { gatherCosine, gatherMoments, type RecordLayout, recordBytes } from "./latticeSums.ts";

/** Sites that one workgroup of a reduction sums, where there are not so many sites that MAX_GROUPS would be passed. */
const SITES_PER_GROUP = 1024;
/** The record of what is not observed: lattice_global.wgsl. */
const NOWHERE = 2 ** 32 - 1;
/** Bytes of observations kept on the device before they are read. */
const OBSERVATION_BYTES = 32 * 2 ** 20;

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

export async function openRecords(setting: Setting, steps: Steps, slots: RecordSlots & RecordLayout): Promise<Records> {
  const { gpu, job, specialisation, buffers } = setting;
  const { numbers } = specialisation;
  const { globals } = steps;
  const { groups, momentGroups } = slots;
  const { observesMoments, modes, ...asked } = reducedBy(job);
  const asksMomenta = job.reductions.some(({ kind }) => kind === "momentum");
  const reducing: Reducing = { ...setting, steps, slots };
  const kinds = momentKinds(job);
  const moments = asked.moments
    ? await momentReducer(reducing, specialisation, await uploadConstants(job, specialisation, buffers), kinds)
    : undefined;
  const curvatures = await curvatureReducers(reducing, asked.curvatures);
  const waves = await waveReducers(reducing, modes);

  /** One kind of the moments of the state that stands. */
  const stoodMoments = async (
    of: Reducer,
    kind: "field" | "potential",
  ): Promise<Omit<Observation, "afterOperation">> => {
    submit(gpu, "moments of a snapshot", of.dispatches(0));
    const sums = await of.read(1);
    return gatherMoments({ ...job, reductions: [{ kind }] }, sums(0), momentGroups, numbers);
  };
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
      const momentsOf = observesMoments ? await moments!.read(count) : undefined;
      const cosinesOf: ((record: number) => Float32Array[])[] = [];
      for (const wave of waves) cosinesOf.push(await wave.read(count));
      const driven = await globals?.readRecords(count);
      /** What a coupled schedule's sweep has summed, in place of what was not to be had later. */
      const sweptOf = (record: number): Partial<Observation> => {
        if (!driven) return {};
        const { global, ...momenta } = driven[record]!;
        return { global, ...(asksMomenta && isSwept(job, after[record]!) ? momenta : {}) };
      };
      return after.map((afterOperation, record) => ({
        afterOperation,
        ...(momentsOf ? gatherMoments(job, momentsOf(record), momentGroups, numbers) : {}),
        ...(waves.length > 0
          ? { cosine: cosinesOf.map((sums) => gatherCosine(job, sums(record), groups, numbers)) }
          : {}),
        ...sweptOf(record),
      }));
    },
    spread: async () => (await stoodMoments(moments!, "field")) as Spread,
    async curvature() {
      const means: Float64Array[] = [];
      for (const curvature of curvatures) means.push((await stoodMoments(curvature, "potential")).potential!);
      const all = Float64Array.from(
        { length: job.realisations * curvatures.length },
        (_, rp) => means[rp % curvatures.length]![Math.floor(rp / curvatures.length)]!,
      );
      return massMatrices(all, asked.curvatures, job.fields);
    },
  };
}
