/** What moves a lattice's state on the device, operation by operation, and the prescribed schedule: one sweep each. */
import { OutOfDeviceMemoryError } from "../../../errors.ts";
import type { LatticeState, PrescribedSchedule } from "../../latticeJob.ts";
import type { PartJob } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { loadKernel, type UniformValues } from "../kernel.ts";
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

/**
 * Each operation kicks and drifts in one dispatch a slab, whose coefficients a dynamic offset picks; the field alternates between two arrays.
 * Where pairs are chosen two operations without a stop between them are one dispatch, and the momentum alternates too.
 */
export async function prescribedSteps(
  gpu: Gpu,
  job: PartJob,
  { coefficients }: PrescribedSchedule,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
  choice: PairChoice = measuredChoice,
): Promise<Steps> {
  const { grid, realisations, from = 0 } = job;
  const { numbers } = specialisation;
  const bytes = arrayBytes(job, layout, numbers);
  const make = async (label: string): Promise<GPUBuffer[]> => {
    const slabs: GPUBuffer[] = [];
    for (const _ of layout.slabs) slabs.push(await buffers.make(label, bytes));
    return slabs;
  };
  const operations = coefficients.length / 3;
  const field = [await make("field"), await make("field, next")] as const;
  const momentum = [await make("momentum")];
  let chosen = pairChoice(gpu, job, operations - from, layout, specialisation, choice);
  if (chosen) {
    try {
      momentum.push(await make("momentum, next"));
    } catch (error) {
      if (!(error instanceof OutOfDeviceMemoryError)) throw error;
      chosen = undefined;
    }
  }
  // A single sweep goes from each state to that with the other field, a pair to that with the other momentum too.
  const arrays = momentum.flatMap((pi) =>
    field.map((phi) => phi.map((slab, s): StateArrays => ({ field: slab, momentum: pi[s]! }))),
  );
  const words = 3 * numbers.words;
  const stride = operationStride(gpu.limits, numbers);
  const scaled = coefficients.map((value, i) => (i % 3 === 0 ? value / grid.spacing ** 2 : value));
  const data = new Uint32Array(numbers.pack(scaled).buffer);
  const operation = await buffers.upload(
    "operations",
    slotData(stride, Math.max(1, operations), (o) => data.subarray(words * o, words * (o + 1))),
    GPUBufferUsage.UNIFORM,
  );

  const constants = await uploadConstants(job, specialisation, buffers);
  const march = marched(job, specialisation);
  const { pipeline, workgroup, uniform, bind } = await loadKernel(
    gpu,
    ...sweepKernel(job, latticeStep, specialisation),
  );
  /** Workgroups [x, y, z] over a slab, z as many as all realisations want, and the kernel's parameters of it. */
  const sharing = (planned: Slab): { wanted: readonly [number, number, number]; params: UniformValues } => {
    if (march) {
      const { workgroups, params } = marchSharing(gpu.adapter, grid, layout, planned, march);
      const marches = realisations * params.chunks;
      return { wanted: [workgroups[0], workgroups[1], marches], params: { ...params, marches } };
    }
    const slab = slabUniform(grid, layout, planned);
    const [along, across, deep] = slab.own;
    const planes = realisations * deep;
    const wanted = [Math.ceil(along / workgroup[0]), Math.ceil(across / workgroup[1]), planes] as const;
    return { wanted, params: { slab, planes } };
  };
  const shares: { readonly params: GPUBuffer; readonly workgroups: readonly [number, number, number] }[] = [];
  for (const planned of layout.slabs) {
    const { wanted, params } = sharing(planned);
    const [x, y, z] = wanted;
    shares.push({
      params: await buffers.upload(
        "step parameters",
        new Uint32Array(uniform("params", params)),
        GPUBufferUsage.UNIFORM,
      ),
      workgroups: [x, y, Math.min(z, gpu.limits.maxComputeWorkgroupsPerDimension)],
    });
  }
  const ghostsOf = (slabs: readonly GPUBuffer[]) => ghostCopies(gpu, job, layout, specialisation, buffers, slabs);
  /** The sweep over each slab that starts from each state, and then the ghosts of the new field and, for pairs, of the momentum. */
  const sweeps: { readonly slabs: Dispatch[]; readonly ghosts: Dispatch[]; readonly momentumGhosts: Dispatch[] }[] = [];
  for (const [state, here] of arrays.entries()) {
    const slabs: Dispatch[] = [];
    const made = arrays[state ^ 1]!.map((slab) => slab.field);
    for (const [s, { params, workgroups }] of shares.entries()) {
      const bindings = await bind({ ...here[s]!, fieldNext: made[s]!, params, constants, operation });
      slabs.push({ pipeline, bindings, workgroups });
    }
    const momentumGhosts = chosen ? await ghostsOf(here.map((slab) => slab.momentum)) : [];
    sweeps.push({ slabs, ghosts: await ghostsOf(made), momentumGhosts });
  }
  /** Until a trial has told otherwise. */
  let paired = chosen !== undefined;
  const ends = chosen ? arrays.map((here, state) => [here, arrays[state ^ 3]!] as const) : [];
  const pairs = chosen ? await pairSweeps(gpu, chosen.form, buffers, ends, constants, operation) : [];
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
      if (!chosen) return;
      const singles = [...single(0, from), ...single(1, from + 1)];
      const [begun, other] = ends[0]!;
      const trial = { singles, pair: pair(0, from), begun: begun[0]!, other: other[0]! };
      paired = await chosen.choose(gpu, trial, signal);
      write();
      if (!paired) for (const buffer of momentum[1]!) buffer.destroy();
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
