/** Reductions of a lattice on the device: kernels that sum over every slab, and the records that they leave their partial sums in. */
import { curvaturesOf, type Pair } from "../../../potential/curvature.ts";
import { formOf } from "../../../potential/form.ts";
import { potentialsOf, type Reduction } from "../../latticeJob.ts";
import type { Gpu } from "../gpu.ts";
import { type Kernel, loadKernel, type UniformValues } from "../kernel.ts";
import { recordStride } from "../slots.ts";
import type { Dispatch } from "../submit.ts";
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
import { type Layout, type Slab, slabUniform, thickest } from "./latticeSlabs.ts";
import type { RecordSlots, Setting, StateArrays, Steps } from "./latticeSteps.ts";
import { type RecordLayout, recordBytes } from "./latticeSums.ts";

/** Workgroups of a reduction of a realisation's field at most: their sums are added on the host. */
export const MAX_GROUPS = 1024;

/** Realisations that share their arrays, the states that are reduced, and the slots that pick a record. */
export interface Reducing extends Setting {
  readonly steps: Steps;
  readonly slots: RecordSlots & RecordLayout;
}

/** A reduction of every slab, by one of the kernels that it has. */
export interface Reducer {
  /** Of the state that stands into a record. */
  dispatches(record: number, by?: number): Dispatch[];
  /** Reads the first `count` records, and gives each one's partial sums of every slab. */
  read(count: number): Promise<(record: number) => Float32Array[]>;
}

/** Kernels over every slab that differ in nothing that they bind. */
interface Reductions {
  readonly kernels: readonly Kernel<string>[];
  /** What they bind the records as. */
  readonly output: string;
  /** Workgroups a field. */
  readonly groups: number;
  /** Of what a record has of a slab. */
  readonly bytes: number;
  values(slab: Slab): UniformValues;
  inputs(state: StateArrays): Readonly<Record<string, GPUBuffer>>;
}

async function bindReducer(
  { gpu, job, layout, buffers, steps, slots }: Reducing,
  { kernels, output, groups, bytes, values, inputs }: Reductions,
): Promise<Reducer> {
  const { realisations, fields } = job;
  const { capacity, slot } = slots;
  const { arrays, standing } = steps;
  const stride = recordStride(gpu.limits);
  const sums: GPUBuffer[] = [];
  const bindings = kernels.map(() => arrays.map((): GPUBindGroup[] => []));
  for (const [s, slab] of layout.slabs.entries()) {
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
    dispatches: (record, by = 0) =>
      bindings[by]![standing()]!.map((group) => ({
        pipeline: kernels[by]!.pipeline,
        bindings: group,
        workgroups: [groups, fields, realisations],
        offsets: [record * stride],
      })),
    async read(count) {
      const slabs: Float32Array[] = [];
      for (const buffer of sums) slabs.push(await gpu.download(buffer, bytes * count));
      return (record) => slabs.map((data) => data.subarray((record * bytes) / 4, ((record + 1) * bytes) / 4));
    },
  };
}

/** How the workgroups that march for a slab's moments share it, all slabs as the thickest. */
export const marchedMoments = (
  adapter: Gpu["adapter"],
  grid: Setting["job"]["grid"],
  layout: Layout,
  march: LatticeSpecialisation,
) => marchSharing(adapter, grid, layout, { first: 0, planes: thickest(layout) }, march, MAX_GROUPS);

/** Parameters of kernels whose workgroups take stretches of sites. */
const inStretches = ({ job, layout, slots }: Reducing, slab: Slab) => ({
  slab: slabUniform(job.grid, layout, slab),
  sitesPerGroup: slots.sitesPerGroup,
});

/** Moments of the fields and of the potential that is given by a specialisation and constants, by a kernel with momenta or without, or by both. */
export async function momentReducer(
  reducing: Reducing,
  specialisation: LatticeSpecialisation,
  constants: GPUBuffer,
  momenta: readonly boolean[],
): Promise<Reducer> {
  const { gpu, job, layout, slots } = reducing;
  const { grid } = job;
  const sampledSites = layout.plane * Math.min(...layout.slabs.map(({ planes }) => planes));
  const march = marched(job, specialisation);
  const inMarches = (planned: Slab): UniformValues => {
    const { workgroups, params } = marchedMoments(gpu.adapter, grid, layout, march!);
    const { slab } = marchSharing(gpu.adapter, grid, layout, planned, march!).params;
    return { slab, depth: params.depth, across: workgroups.slice(0, 2) };
  };
  const kernels: Kernel<string>[] = [];
  for (const each of momenta)
    kernels.push(
      await loadKernel(gpu, ...sweepKernel(job, latticeMoments, momentsSpecialisation(specialisation, each))),
    );
  return bindReducer(reducing, {
    kernels,
    output: "moments",
    groups: slots.momentGroups,
    bytes: recordBytes(job, slots, specialisation.numbers).moments,
    values: (slab) => ({ ...(march ? inMarches(slab) : inStretches(reducing, slab)), sampledSites }),
    inputs: (state) => ({ ...state, constants }),
  });
}

/** Moments of d^2V/dphi_f dphi_g in the potential's place, for each of some pairs of fields. */
export async function curvatureReducers(reducing: Reducing, pairs: readonly Pair[]): Promise<Reducer[]> {
  const { job, specialisation, buffers } = reducing;
  const reducers: Reducer[] = [];
  if (pairs.length === 0) return reducers;
  for (const potential of curvaturesOf(potentialsOf(job), pairs)) {
    const own = potentialSpecialisation(job.grid, formOf(potential), specialisation.numbers);
    const constants = await uploadConstants({ ...job, potential }, own, buffers);
    reducers.push(await momentReducer(reducing, own, constants, [false]));
  }
  return reducers;
}

/** Cosine amplitudes, each of one mode. */
export async function waveReducers(
  reducing: Reducing,
  modes: readonly Extract<Reduction, { kind: "cosine" }>[],
): Promise<Reducer[]> {
  const { gpu, job, specialisation, buffers, slots } = reducing;
  const { dimensions, points } = job.grid;
  const { numbers } = specialisation;
  const reducers: Reducer[] = [];
  if (modes.length === 0) return reducers;
  const kernel = await loadKernel(gpu, latticeCosine, withoutPotential(specialisation, job.fields));
  const table = Float64Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points));
  const cosines = await buffers.upload("cosines", numbers.pack(table));
  for (const { mode } of modes) {
    // Grid indices run first to last; the kernel counts axes from the last.
    const reduced = [2, 1, 0].map((axis) => {
      const n = mode[axis - (3 - dimensions)] ?? 0;
      return ((n % points) + points) % points;
    });
    const shifted = ({ first }: Slab) => [0, 1, 2].map((axis) => (axis === dimensions - 1 ? first : 0));
    reducers.push(
      await bindReducer(reducing, {
        kernels: [kernel],
        output: "sums",
        groups: slots.groups,
        bytes: recordBytes(job, slots, numbers).cosines,
        values: (slab) => ({ ...inStretches(reducing, slab), mode: reduced, points, shift: shifted(slab) }),
        inputs: ({ field }) => ({ field, cosines }),
      }),
    );
  }
  return reducers;
}
