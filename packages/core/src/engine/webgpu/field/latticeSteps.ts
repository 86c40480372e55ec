/** What moves a lattice's state on the device, operation by operation, and the prescribed schedule: one sweep each. */
import { OutOfDeviceMemoryError } from "../../../errors.ts";
import type { LatticeState, PrescribedSchedule } from "../../latticeJob.ts";
import type { PartJob } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { type Kernel, loadKernel, type UniformValues } from "../kernel.ts";
import { slotData, slotStride } from "../slots.ts";
import { type Dispatch, encode, submit } from "../submit.ts";
import { type LatticeSpecialisation, latticeStep, uploadConstants } from "./latticeKernels.ts";
import { marched, marchSharing, sweepKernel } from "./latticeMarch.ts";
import type { Numbers } from "./latticeNumbers.ts";
import { measuredChoice, type PairChoice, pairChoice, pairSweeps } from "./latticePairs.ts";
import { ghostCopies, type Layout, type Slab, slabUniform, writeState } from "./latticeSlabs.ts";

/** Field and momentum of a slab, [realisations][fields][stride] each. */
export interface StateArrays {
  readonly field: GPUBuffer;
  readonly momentum: GPUBuffer;
}

/** Bytes of a field's or momentum's array of a slab. */
export const arrayBytes = (
  { realisations, fields }: Pick<PartJob, "realisations" | "fields">,
  { stride }: Layout,
  { words }: Numbers,
): number => 4 * words * realisations * fields * stride;

/** Bytes from an operation's coefficients to the next one's. */
export const operationStride = (limits: GPUSupportedLimits, { words }: Numbers): number =>
  slotStride(limits, 3 * 4 * words);

/** Slots that dynamic offsets pick records by; the one after all records is none. */
export interface RecordSlots {
  /** Records that are kept before they are read. */
  readonly capacity: number;
  readonly slot: GPUBuffer;
}

/** What a coupled schedule records: q, q' and the clock, and what its sweep has summed of the momenta. */
export interface GlobalRecord {
  /** [realisations][3]. */
  readonly global: Float64Array;
  /** [realisations][fields] means of pi and of pi^2; of a state that no operation has led to, 0. */
  readonly momentumMean: Float64Array;
  readonly momentumSquare: Float64Array;
}

/** q, q' and the clock of a coupled schedule, where a state stands. */
export interface Globals {
  /** Puts them into a record before the first operation; after an operation, that does so itself. */
  record(record: number): Dispatch;
  readRecords(count: number): Promise<GlobalRecord[]>;
  read(): Promise<Float64Array>;
}

/** What is done between operations, by the number of those before. */
export interface Stops {
  /** Whether the state is wanted. */
  state(after: number): boolean;
  /** The record that an observation goes to, undefined where there is none. */
  record(after: number): number | undefined;
}

export interface Steps {
  readonly operations: number;
  /** The state stands in one of these, slab by slab. */
  readonly arrays: readonly (readonly StateArrays[])[];
  /** Where it stands after all that has been encoded. */
  standing(): number;
  /** Puts the initial state onto the device; the buffers are there before. Where it tries something, InterruptedError ends that. */
  begin(state: LatticeState, signal?: AbortSignal): Promise<void>;
  /** Operation `o`. */
  encode(pass: GPUComputePassEncoder, o: number, stops: Stops): void;
  readonly globals?: Globals;
}

/** Realisations that share their arrays: their job and how it lies, the device, and the buffers that all of theirs stand in. */
export interface Setting {
  readonly gpu: Gpu;
  readonly job: PartJob;
  readonly layout: Layout;
  readonly specialisation: LatticeSpecialisation;
  readonly buffers: Buffers;
}

/** An array of every slab. */
export async function makeArrays(
  { job, layout, specialisation: { numbers }, buffers }: Setting,
  label: string,
): Promise<GPUBuffer[]> {
  const bytes = arrayBytes(job, layout, numbers);
  const slabs: GPUBuffer[] = [];
  for (const _ of layout.slabs) slabs.push(await buffers.make(label, bytes));
  return slabs;
}

/** A second array of the momentum, which only pairs of operations want: undefined where the device has no memory left for it. */
async function makeSpareMomentum(setting: Setting): Promise<GPUBuffer[] | undefined> {
  try {
    return await makeArrays(setting, "momentum, next");
  } catch (error) {
    if (error instanceof OutOfDeviceMemoryError) return undefined;
    throw error;
  }
}

/** The coefficients of all operations, a slot each. */
function uploadOperations(
  { gpu, job: { grid }, specialisation: { numbers }, buffers }: Setting,
  coefficients: Float64Array,
): Promise<GPUBuffer> {
  const words = 3 * numbers.words;
  const scaled = coefficients.map((value, i) => (i % 3 === 0 ? value / grid.spacing ** 2 : value));
  const data = new Uint32Array(numbers.pack(scaled).buffer);
  return buffers.upload(
    "operations",
    slotData(operationStride(gpu.limits, numbers), Math.max(1, coefficients.length / 3), (o) =>
      data.subarray(words * o, words * (o + 1)),
    ),
    GPUBufferUsage.UNIFORM,
  );
}

/** Workgroups [x, y, z] of a sweep over a slab, and its kernel's parameters. */
function sharing(
  { gpu, job, layout, specialisation }: Setting,
  workgroup: Kernel<string>["workgroup"],
  planned: Slab,
): { workgroups: readonly [number, number, number]; params: UniformValues } {
  const { grid, realisations } = job;
  // All realisations may want more along z than a dispatch has: the kernels take what is left in further turns.
  const atMost = (z: number): number => Math.min(z, gpu.limits.maxComputeWorkgroupsPerDimension);
  const march = marched(job, specialisation);
  if (march) {
    const { workgroups, params } = marchSharing(gpu.adapter, grid, layout, planned, march);
    const marches = realisations * params.chunks;
    return { workgroups: [workgroups[0], workgroups[1], atMost(marches)], params: { ...params, marches } };
  }
  const slab = slabUniform(grid, layout, planned);
  const [along, across, deep] = slab.own;
  const planes = realisations * deep;
  return {
    workgroups: [Math.ceil(along / workgroup[0]), Math.ceil(across / workgroup[1]), atMost(planes)],
    params: { slab, planes },
  };
}

/** The sweep over each slab from one state to the next, the ghosts of the new field, and those of the momentum where pairs renew it. */
interface Sweep {
  readonly slabs: Dispatch[];
  readonly ghosts: Dispatch[];
  readonly momentumGhosts: Dispatch[];
}

/** Those that start from each of the states, to the one with the other field. */
async function bindSweeps(
  setting: Setting,
  arrays: Steps["arrays"],
  bound: { readonly constants: GPUBuffer; readonly operation: GPUBuffer },
): Promise<Sweep[]> {
  const { gpu, job, layout, specialisation, buffers } = setting;
  const { pipeline, workgroup, uniform, bind } = await loadKernel(
    gpu,
    ...sweepKernel(job, latticeStep, specialisation),
  );
  const shares: { readonly params: GPUBuffer; readonly workgroups: Dispatch["workgroups"] }[] = [];
  for (const planned of layout.slabs) {
    const { workgroups, params } = sharing(setting, workgroup, planned);
    const data = new Uint32Array(uniform("params", params));
    shares.push({ params: await buffers.upload("step parameters", data, GPUBufferUsage.UNIFORM), workgroups });
  }
  const sweeps: Sweep[] = [];
  for (const [state, here] of arrays.entries()) {
    const slabs: Dispatch[] = [];
    const made = arrays[state ^ 1]!.map((slab) => slab.field);
    for (const [s, { params, workgroups }] of shares.entries()) {
      const bindings = await bind({ ...here[s]!, fieldNext: made[s]!, params, ...bound });
      slabs.push({ pipeline, bindings, workgroups });
    }
    const momenta = here.map((slab) => slab.momentum);
    const momentumGhosts = arrays.length > 2 ? await ghostCopies(setting, momenta) : [];
    sweeps.push({ slabs, ghosts: await ghostCopies(setting, made), momentumGhosts });
  }
  return sweeps;
}

/**
 * Each operation kicks and drifts in one dispatch a slab, whose coefficients a dynamic offset picks; the field alternates between two arrays.
 * Where pairs are chosen two operations without a stop between them are one dispatch, and the momentum alternates too.
 */
export async function prescribedSteps(
  setting: Setting,
  { coefficients }: PrescribedSchedule,
  choice: PairChoice = measuredChoice,
): Promise<Steps> {
  const { gpu, job, layout, specialisation, buffers } = setting;
  const { from = 0 } = job;
  const { numbers } = specialisation;
  const operations = coefficients.length / 3;
  const field = [await makeArrays(setting, "field"), await makeArrays(setting, "field, next")];
  const momentum = await makeArrays(setting, "momentum");
  const wanted = pairChoice(gpu, job, operations - from, layout, specialisation, choice);
  const spare = wanted && (await makeSpareMomentum(setting));
  const pairing = spare && wanted;
  // A single sweep goes from each state to that with the other field, a pair to that with the other momentum too.
  const arrays = [momentum, ...(spare ? [spare] : [])].flatMap((pi) =>
    field.map((phi) => phi.map((slab, s): StateArrays => ({ field: slab, momentum: pi[s]! }))),
  );
  const operation = await uploadOperations(setting, coefficients);
  const constants = await uploadConstants(job, specialisation, buffers);
  const sweeps = await bindSweeps(setting, arrays, { constants, operation });
  const ends = pairing ? arrays.map((here, state) => [here, arrays[state ^ 3]!] as const) : [];
  const pairs = pairing ? await pairSweeps(gpu, pairing.form, buffers, ends, constants, operation) : [];

  const stride = operationStride(gpu.limits, numbers);
  /** Until a trial has told otherwise. */
  let paired = pairing !== undefined;
  const single = (state: number, o: number): Dispatch[] => {
    const { slabs, ghosts, momentumGhosts } = sweeps[state]!;
    const made = slabs.map((slab) => ({ ...slab, offsets: [o * stride] }));
    return [...made, ...ghosts, ...(paired ? momentumGhosts : [])];
  };
  const pair = (state: number, o: number): Dispatch[] => {
    const made = pairs[state]!.map((slab) => ({ ...slab, offsets: [o * stride, (o + 1) * stride] }));
    return [...made, ...sweeps[state]!.ghosts, ...sweeps[state ^ 3]!.momentumGhosts];
  };

  let standing = 0;
  /** Whether the state is one operation ahead of those that were asked for. */
  let ahead = false;
  return {
    operations,
    arrays,
    standing: () => standing,
    async begin(state, signal) {
      const write = (): void => {
        writeState(gpu, job, layout, numbers, arrays[0]!, state);
        submit(gpu, "first ghosts", [...sweeps[1]!.ghosts, ...sweeps[0]!.momentumGhosts]);
      };
      write();
      if (!pairing) return;
      const singles = [...single(0, from), ...single(1, from + 1)];
      const [begun, other] = ends[0]!;
      const trial = { singles, pair: pair(0, from), begun: begun[0]!, other: other[0]! };
      paired = await pairing.choose(gpu, trial, signal);
      write();
      if (!paired) for (const buffer of spare!) buffer.destroy();
    },
    encode(pass, o, stops) {
      if (ahead) {
        ahead = false;
        return;
      }
      if (paired && o + 1 < operations && !stops.state(o + 1) && stops.record(o + 1) === undefined) {
        for (const dispatch of pair(standing, o)) encode(pass, dispatch);
        standing ^= 3;
        ahead = true;
        return;
      }
      for (const dispatch of single(standing, o)) encode(pass, dispatch);
      standing ^= 1;
    },
  };
}
