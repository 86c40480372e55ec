/**
 * The lattice job on WebGPU: stretches of the schedule without a word from the host, each operation a dispatch or two; a stretch ends where
 * the host has something to do: records are full, a snapshot is due, a checkpoint, or an interruption that must find a whole state.
 */
import { InterruptedError, OutOfDeviceMemoryError } from "../../../errors.ts";
import { type CompensatedOperation, operationsOf } from "../../../potential/compensated.ts";
import { curvaturesOf, massPairs } from "../../../potential/curvature.ts";
import { type Form, formOf } from "../../../potential/form.ts";
import type { JobControl, LatticeReport } from "../../engine.ts";
import { dueUntil, type LatticeState, type Observation, potentialsOf, type Snapshot } from "../../latticeJob.ts";
import { endLost } from "../../lost.ts";
import { describeBytes } from "../../memory.ts";
import { cellsOf, joined, joinedObservation, joinedSnapshot, type PartJob, partOfState } from "../../parts.ts";
import { ownBuffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { type Pace, runSteps } from "../submit.ts";
import { assertOperations } from "./errorFree.ts";
import { coupledSteps } from "./latticeCoupled.ts";
import { monomialsOf } from "./latticeKernels.ts";
import type { LatticePrecision } from "./latticeNumbers.ts";
import { takeSnapshot } from "./latticePictures.ts";
import { compileKernels } from "./latticePipelines.ts";
import { planLattice } from "./latticePlan.ts";
import { openRecords, type Records, recordSlots } from "./latticeRecords.ts";
import { readArray } from "./latticeSlabs.ts";
import { prescribedSteps, type StateArrays, type Steps, type Stops } from "./latticeSteps.ts";

/** Seconds of a stretch where someone waits for its end. */
const STRETCH = 0.25;

/** Realisations that share their arrays. */
interface Batch {
  readonly job: PartJob;
  readonly steps: Steps;
  readonly records: Records;
}

/** What its potential's code, that of the curvatures it observes and that of its schedule are made of. */
function operationsOfJob({ schedule, snapshots, ...job }: PartJob, form: Form): Set<CompensatedOperation> {
  const observed = snapshots?.pictures.some(({ kind }) => kind === "oscillators");
  const potentials = potentialsOf(job);
  return operationsOf(
    [form, ...(observed ? curvaturesOf(potentials, massPairs(potentials)).map(formOf) : [])],
    schedule.kind === "coupled" ? [monomialsOf(schedule)] : [],
  );
}

export async function evolveLattice(
  gpu: Gpu,
  precision: LatticePrecision,
  job: PartJob,
  control: JobControl = {},
  ready = async (): Promise<void> => {},
): Promise<LatticeReport> {
  const plan = planLattice(gpu, precision, job);
  const { numbers, form, specialisation, jobs, parts, layout, memory } = plan;
  const compiling = compileKernels(gpu, job, plan);
  const { saving, observeAfter, from: first = 0 } = job;
  const { snapshots: wanted = { after: [], pictures: [] } } = job;
  const cells = cellsOf(job);

  const buffers = ownBuffers(gpu);
  try {
    // Nothing is drawn, run or told of by a job whose numbers are not what they should be.
    if (precision === "compensated") await assertOperations(gpu, operationsOfJob(job, form));
    // The first batch is the largest: what its records take, the others' take too.
    const slots = await recordSlots(gpu, jobs[0]!, layout, specialisation, buffers);
    const batches: Batch[] = [];
    for (const part of jobs) {
      const setting = { gpu, job: part, layout, specialisation, buffers };
      const { schedule } = part;
      const steps =
        schedule.kind === "coupled"
          ? await coupledSteps(setting, schedule, slots)
          : await prescribedSteps(gpu, part, schedule, layout, specialisation, buffers);
      const records = await openRecords(setting, steps, slots);
      batches.push({ job: part, steps, records });
    }
    const { operations } = batches[0]!.steps;
    await ready();
    const state = await job.initial();
    for (const [b, part] of parts.entries()) await batches[b]!.steps.begin(partOfState(state, part), control.signal);

    const arraysNow = ({ steps }: Batch): readonly StateArrays[] => steps.arrays[steps.standing()]!;
    /** Into the arrays that the job began with. */
    const readState = async (): Promise<LatticeState> => {
      for (const [b, batch] of batches.entries()) {
        const own = partOfState(state, parts[b]!);
        for (const name of ["field", "momentum"] as const) {
          const slabs = arraysNow(batch).map((arrays) => arrays[name]);
          await readArray(gpu, batch.job, layout, numbers, slabs, own[name]);
        }
      }
      return state;
    };
    const readGlobal = async (): Promise<{ global?: Float64Array }> => {
      const parts: Float64Array[] = [];
      for (const { steps } of batches) if (steps.globals) parts.push(await steps.globals.read());
      return parts.length > 0 ? { global: joined(parts) } : {};
    };

    const observations: Observation[] = [];
    const snapshots: Snapshot[] = [];
    let engineSeconds = 0;
    const pace: Pace = { secondsPerStep: 0 };
    let saved = saving?.since ?? performance.now();
    const save = async (): Promise<void> => {
      await saving!.save({
        operation: done,
        state: await readState(),
        ...(await readGlobal()),
        observations: [...observations],
        snapshots: [...snapshots],
      });
      saved = performance.now();
    };
    let done = first;
    for (let next = 0; next < observeAfter.length || snapshots.length < wanted.after.length || done < operations; ) {
      // A stretch: the operations up to the next snapshot or the last observation before it that still finds a slot. Where the run can
      // be saved it ends soon: an interruption waits for it.
      const soon = saving ? done + Math.max(1, Math.floor(STRETCH / (pace.secondsPerStep || STRETCH))) : operations;
      const halt = Math.min(wanted.after[snapshots.length] ?? operations, soon, operations);
      const due = dueUntil(observeAfter, next, slots.capacity, halt);
      const start = done;
      const end = (observeAfter[next + due.length] ?? halt + 1) <= halt ? due[due.length - 1]! : halt;
      const recordAfter = new Map(due.map((after, record) => [after, record]));
      const stops: Stops = { state: (after) => after >= end, record: (after) => recordAfter.get(after) };
      engineSeconds += await runSteps(
        gpu,
        "lattice",
        pace,
        end - start + 1,
        (pass, from, to) => {
          // Item 0 is the observation before the stretch's first operation, item s the operation s - 1 and the observation after it.
          for (let s = from; s < to; s++) {
            const record = recordAfter.get(start + s);
            for (const { steps, records } of batches) {
              if (s > 0) steps.encode(pass, start + s - 1, stops);
              if (record !== undefined) records.encode(pass, record, start + s);
            }
          }
        },
        saving ? {} : control,
        (finished) =>
          control.onProgress?.((start + Math.max(0, finished - 1)) * cells, operations * cells, "site updates"),
      );
      done = end;
      next += due.length;
      const read: Observation[][] = [];
      for (const { records } of batches) read.push(await records.read(due));
      for (const record of due.keys()) observations.push(joinedObservation(read.map((batch) => batch[record]!)));
      if (wanted.after[snapshots.length] === done) {
        const began = performance.now();
        const parts: Snapshot[] = [];
        for (const [b, batch] of batches.entries()) {
          const { job: part, records } = batch;
          const seen = { made: read[b]![read[b]!.length - 1], records };
          parts.push(await takeSnapshot(gpu, part, layout, specialisation, slots, arraysNow(batch), done, seen));
        }
        snapshots.push(joinedSnapshot(parts));
        engineSeconds += (performance.now() - began) / 1000;
      }
      if (endLost({ observations, snapshots }, job)) break;
      const interrupted = control.signal?.aborted ?? false;
      const left = done < operations;
      if (saving && left && (interrupted || performance.now() - saved >= 1000 * saving.seconds)) await save();
      if (left && interrupted) throw new InterruptedError("interrupted");
    }
    return { engineSeconds, observations, snapshots, final: await readState() };
  } catch (error) {
    if (!(error instanceof OutOfDeviceMemoryError)) throw error;
    const { bytes } = memory.device!;
    throw new OutOfDeviceMemoryError(
      `${error.message} (the lattice takes ${describeBytes(bytes)} on the device; WebGPU does not tell beforehand what that has)`,
      { path: "lattice.points", cause: error },
    );
  } finally {
    await compiling;
    buffers.destroy();
  }
}
