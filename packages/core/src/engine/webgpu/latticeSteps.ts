/** What moves a lattice's state on the device, operation by operation, and the prescribed schedule: one dispatch each. */
import type { LatticeJob, LatticeState, PrescribedSchedule } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { loadKernel } from "./kernel.ts";
import { type LatticeSpecialisation, latticeStep } from "./latticeKernels.ts";
import { type Dispatch, encode } from "./submit.ts";

/** Field and momentum, [realisations][fields][sites] each. */
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
  /** The state stands in the one or the other. */
  readonly arrays: readonly [StateArrays, StateArrays];
  /** Where it stands after all that has been encoded. */
  standing(): 0 | 1;
  /** Puts the initial state onto the device; the buffers are there before. */
  begin(state: LatticeState): void;
  /** Operation `o`; `stops` tells of each number of operations whether the state is wanted after as many. */
  encode(pass: GPUComputePassEncoder, o: number, stops: (after: number) => boolean): void;
  readonly globals?: Globals;
}

/** Each operation kicks and drifts in one dispatch whose coefficients a dynamic offset picks; the field alternates between two arrays. */
export async function prescribedSteps(
  gpu: Gpu,
  { grid, realisations, fields }: LatticeJob,
  { coefficients }: PrescribedSchedule,
  specialisation: LatticeSpecialisation,
  buffers: Buffers,
): Promise<Steps> {
  const { dimensions, points, spacing } = grid;
  const sites = points ** dimensions;
  const { numbers } = specialisation;
  const bytes = 4 * numbers.words * realisations * fields * sites;
  const momentum = await buffers.make("momentum", bytes);
  const arrays = [
    { field: await buffers.make("field", bytes), momentum },
    { field: await buffers.make("field, next", bytes), momentum },
  ] as const;
  const operations = coefficients.length / 3;
  const words = 3 * numbers.words;
  const alignment = gpu.limits.minUniformBufferOffsetAlignment;
  const scaled = coefficients.map((value, i) => (i % 3 === 0 ? value / spacing ** 2 : value));
  const data = new Uint32Array(numbers.pack(scaled).buffer);
  const operation = await buffers.upload(
    "operations",
    slotData(gpu, Math.max(1, operations), (o) => data.subarray(words * o, words * (o + 1))),
    GPUBufferUsage.UNIFORM,
  );

  const { pipeline, workgroup, uniform, bind } = await loadKernel(gpu, latticeStep, specialisation);
  const planes = dimensions === 3 ? realisations * points : realisations;
  const params = await buffers.upload(
    "step parameters",
    new Uint32Array(uniform("params", { points, sites, planes })),
    GPUBufferUsage.UNIFORM,
  );
  const workgroups = [
    Math.ceil(points / workgroup[0]),
    dimensions === 1 ? 1 : Math.ceil(points / workgroup[1]),
    Math.min(planes, gpu.limits.maxComputeWorkgroupsPerDimension),
  ] as const;
  const bindings: GPUBindGroup[] = [];
  for (const from of [0, 1] as const) {
    const { field } = arrays[from];
    bindings.push(await bind({ field, momentum, fieldNext: arrays[1 - from]!.field, params, operation }));
  }
  let standing: 0 | 1 = 0;
  return {
    operations,
    arrays,
    standing: () => standing,
    begin({ field, momentum: pi }) {
      gpu.device.queue.writeBuffer(arrays[0].field, 0, numbers.pack(field));
      gpu.device.queue.writeBuffer(momentum, 0, numbers.pack(pi));
    },
    encode(pass, o) {
      encode(pass, { pipeline, bindings: bindings[standing]!, workgroups, offsets: [o * alignment] });
      standing = standing === 0 ? 1 : 0;
    },
  };
}
