/** All realisations of a job on the device: in batches that share their arrays, and to whoever evolves them as if there were one. */
import type { LatticeState, Observation, Snapshot } from "../../latticeJob.ts";
import { joined, joinedSnapshot, type PartJob, partOfState } from "../../parts.ts";
import type { Buffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { coupledSteps } from "./latticeCoupled.ts";
import { takeSnapshot } from "./latticePictures.ts";
import type { LatticePlan } from "./latticePlan.ts";
import { openRecords, type Records, recordSlots } from "./latticeRecords.ts";
import { readArray } from "./latticeSlabs.ts";
import { prescribedSteps, type StateArrays, type Steps, type Stops } from "./latticeSteps.ts";

/** Realisations that share their arrays. */
interface Batch {
  readonly job: PartJob;
  readonly steps: Steps;
  readonly records: Records;
}

export interface DeviceLattice {
  /** Of the whole schedule. */
  readonly operations: number;
  /** Observations that are kept before they are read. */
  readonly capacity: number;
  /** Puts the initial state onto the device. Throws InterruptedError where something is tried first. */
  begin(state: LatticeState, signal?: AbortSignal): Promise<void>;
  /**
   * What encodes the stretch of the operations `start` .. `end - 1`, observed after the operations `due`: of item 0 the observation before its
   * first operation, of item s the operation s - 1 of it and the observation after that.
   */
  stretch(
    start: number,
    end: number,
    due: readonly number[],
  ): (pass: GPUComputePassEncoder, from: number, to: number) => void;
  /** The observations after the operations `due`, of each batch. */
  read(due: readonly number[]): Promise<Observation[][]>;
  /** The pictures of the state that stands, after so many operations, with what has just been read. */
  picture(afterOperation: number, read: readonly (readonly Observation[])[]): Promise<Snapshot>;
  /** Reads the state that stands into arrays of the host. */
  readState(into: LatticeState): Promise<LatticeState>;
  /** q, q' and the clock where the schedule is coupled. */
  readGlobal(): Promise<{ global?: Float64Array }>;
}

/** Makes all that it needs of kernels and of `buffers`. Throws ShaderCompileError, OutOfDeviceMemoryError, InputError. */
export async function openLattice(
  gpu: Gpu,
  { numbers, specialisation, jobs, parts, layout }: LatticePlan,
  buffers: Buffers,
): Promise<DeviceLattice> {
  // The first batch is the largest: what its records take, the others' take too.
  const slots = await recordSlots(gpu, jobs[0]!, layout, specialisation, buffers);
  const batches: Batch[] = [];
  for (const job of jobs) {
    const setting = { gpu, job, layout, specialisation, buffers };
    const { schedule } = job;
    const steps =
      schedule.kind === "coupled"
        ? await coupledSteps(setting, schedule, slots)
        : await prescribedSteps(setting, schedule);
    batches.push({ job, steps, records: await openRecords(setting, steps, slots) });
  }
  const arraysNow = ({ steps }: Batch): readonly StateArrays[] => steps.arrays[steps.standing()]!;
  return {
    operations: batches[0]!.steps.operations,
    capacity: slots.capacity,
    async begin(state, signal) {
      for (const [b, part] of parts.entries()) await batches[b]!.steps.begin(partOfState(state, part), signal);
    },
    stretch(start, end, due) {
      const recordAfter = new Map(due.map((after, record) => [after, record]));
      const stops: Stops = { state: (after) => after >= end, record: (after) => recordAfter.get(after) };
      return (pass, from, to) => {
        for (let s = from; s < to; s++) {
          const record = recordAfter.get(start + s);
          for (const { steps, records } of batches) {
            if (s > 0) steps.encode(pass, start + s - 1, stops);
            if (record !== undefined) records.encode(pass, record, start + s);
          }
        }
      };
    },
    async read(due) {
      const read: Observation[][] = [];
      for (const { records } of batches) read.push(await records.read(due));
      return read;
    },
    async picture(afterOperation, read) {
      const snapshots: Snapshot[] = [];
      for (const [b, batch] of batches.entries()) {
        const seen = { made: read[b]![read[b]!.length - 1], records: batch.records };
        const arrays = arraysNow(batch);
        const setting = { gpu, job: batch.job, layout, specialisation };
        snapshots.push(await takeSnapshot(setting, slots, arrays, afterOperation, seen));
      }
      return joinedSnapshot(snapshots);
    },
    async readState(into) {
      for (const [b, batch] of batches.entries()) {
        const own = partOfState(into, parts[b]!);
        for (const name of ["field", "momentum"] as const) {
          const slabs = arraysNow(batch).map((arrays) => arrays[name]);
          await readArray(gpu, batch.job, layout, numbers, slabs, own[name]);
        }
      }
      return into;
    },
    async readGlobal() {
      const read: Float64Array[] = [];
      for (const { steps } of batches) if (steps.globals) read.push(await steps.globals.read());
      return read.length > 0 ? { global: joined(read) } : {};
    },
  };
}
