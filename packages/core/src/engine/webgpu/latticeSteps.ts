/** What moves a lattice's state on the device, operation by operation, and the prescribed schedule: one sweep each. */
import type { LatticeJob, LatticeState, PrescribedSchedule } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import { type LatticeSpecialisation, latticeStep } from "./latticeKernels.ts";
import { ghostCopies, type Layout, slabUniform, writeState } from "./latticeSlabs.ts";
import { type Dispatch, encode, submit } from "./submit.ts";

/** Field and momentum of a slab, [realisations][fields][stride] each. */
export interface StateArrays {
  readonly field: GPUBuffer;
  readonly momentum: GPUBuffer;
}

/** Buffers that are destroyed together. */
export interface Buffers {
  /** Throws OutOfDeviceMemoryError. */
  make(label: string, bytes: number): Promise<GPUBuffer>;
  upload(label: string, data: Float32Array | Uint32Array, usage?: GPUBufferUsageFlags): Promise<GPUBuffer>;
  destroy(): void;
}

export function ownBuffers(gpu: Gpu): Buffers {
  const owned: GPUBuffer[] = [];
  const own = (buffer: GPUBuffer): GPUBuffer => {
    owned.push(buffer);
    return buffer;
  };
  return {
    make: async (label, bytes) => own(await gpu.buffer(label, bytes)),
    upload: async (label, data, usage) => own(await gpu.upload(label, data, usage)),
    destroy() {
      for (const buffer of owned) buffer.destroy();
    },
  };
}

/** Data of slots for dynamic offsets, each one aligned struct whose words are given. */
export function slotData(
  gpu: Gpu,
  count: number,
  words: (slot: number) => ArrayLike<number>,
): Uint32Array<ArrayBuffer> {
  const stride = gpu.limits.minUniformBufferOffsetAlignment / 4;
  const data = new Uint32Array(count * stride);
  for (let slot = 0; slot < count; slot++) data.set(words(slot), slot * stride);
  return data;
}

/** Slots that dynamic offsets pick records by. */
export interface RecordSlots {
  /** Records that are kept before they are read. */
  readonly capacity: number;
  readonly slot: GPUBuffer;
}

/** q, q' and the clock of a coupled schedule, where a state stands. */
export interface Globals {
  /** Puts them into a record. */
  record(record: number): Dispatch;
  /** The first `count` records, [realisations][3] each. */
  readRecords(count: number): Promise<Float64Array[]>;
  read(): Promise<Float64Array>;
}

export interface Steps {
  readonly operations: number;
  /** The state stands in the one or the other, slab by slab. */
  readonly arrays: readonly [readonly StateArrays[], readonly StateArrays[]];
  /** Where it stands after all that has been encoded. */
  standing(): 0 | 1;
  /** Puts the initial state onto the device; the buffers are there before. */
  begin(state: LatticeState): void;
  /** Operation `o`; `stops` tells of each number of operations whether the state is wanted after as many. */
  encode(pass: GPUComputePassEncoder, o: number, stops: (after: number) => boolean): void;
  readonly globals?: Globals;
}

/** Each operation kicks and drifts in one dispatch a slab, whose coefficients a dynamic offset picks; the field alternates between two arrays. */
export async function prescribedSteps(
  gpu: Gpu,
  job: LatticeJob,
  { coefficients }: PrescribedSchedule,
  layout: Layout,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
): Promise<Steps> {
  const { grid, realisations, fields } = job;
  const { numbers } = specialisation;
  const bytes = 4 * numbers.words * realisations * fields * layout.stride;
  const here: StateArrays[] = [];
  const next: StateArrays[] = [];
  for (const _ of layout.slabs) {
    const momentum = await buffers.make("momentum", bytes);
    here.push({ field: await buffers.make("field", bytes), momentum });
    next.push({ field: await buffers.make("field, next", bytes), momentum });
  }
  const arrays = [here, next] as const;
  const operations = coefficients.length / 3;
  const words = 3 * numbers.words;
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  const scaled = coefficients.map((value, i) => (i % 3 === 0 ? value / grid.spacing ** 2 : value));
  const data = new Uint32Array(numbers.pack(scaled).buffer);
  const operation = await buffers.upload(
    "operations",
    slotData(gpu, Math.max(1, operations), (o) => data.subarray(words * o, words * (o + 1))),
    GPUBufferUsage.UNIFORM,
  );

  const { pipeline, workgroup, uniform, bind } = await loadKernel(gpu, latticeStep, specialisation);
  /** The sweep over each slab that starts from the one or the other arrays, and then the new field's ghosts. */
  const sweeps: { readonly slabs: Dispatch[]; readonly ghosts: Dispatch[] }[] = [];
  for (const from of [0, 1] as const) {
    const slabs: Dispatch[] = [];
    for (const [s, planned] of layout.slabs.entries()) {
      const slab = slabUniform(grid, layout, planned);
      const [along, across, deep] = slab.own;
      const planes = realisations * deep;
      const params = await buffers.upload(
        "step parameters",
        new Uint32Array(uniform("params", { slab, planes })),
        GPUBufferUsage.UNIFORM,
      );
      const { field, momentum } = arrays[from][s]!;
      slabs.push({
        pipeline,
        bindings: await bind({ field, momentum, fieldNext: arrays[1 - from]![s]!.field, params, operation }),
        workgroups: [
          Math.ceil(along / workgroup[0]),
          Math.ceil(across / workgroup[1]),
          Math.min(planes, gpu.limits.maxComputeWorkgroupsPerDimension),
        ],
      });
    }
    const made = arrays[1 - from]!.map(({ field }) => field);
    sweeps.push({ slabs, ghosts: await ghostCopies(gpu, job, layout, specialisation, buffers, made) });
  }
  let standing: 0 | 1 = 0;
  return {
    operations,
    arrays,
    standing: () => standing,
    begin(state) {
      writeState(gpu, job, layout, numbers, here, state);
      submit(gpu, "first ghosts", sweeps[1]!.ghosts);
    },
    encode(pass, o) {
      const { slabs, ghosts } = sweeps[standing]!;
      for (const sweep of slabs) encode(pass, { ...sweep, offsets: [o * alignment] });
      for (const copy of ghosts) encode(pass, copy);
      standing = standing === 0 ? 1 : 0;
    },
  };
}
