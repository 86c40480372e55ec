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
import { cellsOf, joinedObservation, type PartJob } from "../../parts.ts";
import { ownBuffers } from "../buffers.ts";
import type { Gpu } from "../gpu.ts";
import { type Pace, runSteps } from "../submit.ts";
import { assertOperations } from "./errorFree.ts";
import { monomialsOf } from "./latticeKernels.ts";
import type { LatticePrecision } from "./latticeNumbers.ts";
import { type DeviceLattice, openLattice } from "./latticeOnDevice.ts";
import { compileKernels } from "./latticePipelines.ts";
import { planLattice } from "./latticePlan.ts";

/** Seconds of a stretch where someone waits for its end. */
const STRETCH = 0.25;

/** What its potential's code, that of the curvatures it observes and that of its schedule are made of. */
function operationsOfJob({ schedule, snapshots, ...job }: PartJob, form: Form): Set<CompensatedOperation> {
  const observed = snapshots?.pictures.some(({ kind }) => kind === "oscillators");
  const potentials = potentialsOf(job);
  return operationsOf(
    [form, ...(observed ? curvaturesOf(potentials, massPairs(potentials)).map(formOf) : [])],
    schedule.kind === "coupled" ? [monomialsOf(schedule)] : [],
  );
}

/** Stretch after stretch from a state that the device has begun with; what is read of it later goes into the same arrays. */
async function runStretches(
  gpu: Gpu,
  job: PartJob,
  lattice: DeviceLattice,
  state: LatticeState,
  control: JobControl,
): Promise<LatticeReport> {
  const { saving, observeAfter, snapshots: wanted = { after: [], pictures: [] } } = job;
  const { operations } = lattice;
  const cells = cellsOf(job);
  const observations: Observation[] = [];
  const snapshots: Snapshot[] = [];
  let engineSeconds = 0;
  const pace: Pace = { secondsPerStep: 0 };
  let done = job.from ?? 0;
  let saved = saving?.since ?? performance.now();
  const save = async (): Promise<void> => {
    await saving!.save({
      operation: done,
      state: await lattice.readState(state),
      ...(await lattice.readGlobal()),
      observations: [...observations],
      snapshots: [...snapshots],
    });
    saved = performance.now();
  };
  for (let next = 0; next < observeAfter.length || snapshots.length < wanted.after.length || done < operations; ) {
    // A stretch: the operations up to the next snapshot or the last observation before it that still finds a slot. Where the run can
    // be saved it ends soon: an interruption waits for it.
    const soon = saving ? done + Math.max(1, Math.floor(STRETCH / (pace.secondsPerStep || STRETCH))) : operations;
    const halt = Math.min(wanted.after[snapshots.length] ?? operations, soon, operations);
    const due = dueUntil(observeAfter, next, lattice.capacity, halt);
    const start = done;
    const end = (observeAfter[next + due.length] ?? halt + 1) <= halt ? due[due.length - 1]! : halt;
    engineSeconds += await runSteps(
      gpu,
      "lattice",
      pace,
      end - start + 1,
      lattice.stretch(start, end, due),
      saving ? {} : control,
      (finished) =>
        control.onProgress?.((start + Math.max(0, finished - 1)) * cells, operations * cells, "site updates"),
    );
    done = end;
    next += due.length;
    const read = await lattice.read(due);
    for (const record of due.keys()) observations.push(joinedObservation(read.map((batch) => batch[record]!)));
    if (wanted.after[snapshots.length] === done) {
      const began = performance.now();
      snapshots.push(await lattice.picture(done, read));
      engineSeconds += (performance.now() - began) / 1000;
    }
    if (endLost({ observations, snapshots }, job)) break;
    const interrupted = control.signal?.aborted ?? false;
    const left = done < operations;
    if (saving && left && (interrupted || performance.now() - saved >= 1000 * saving.seconds)) await save();
    if (left && interrupted) throw new InterruptedError("interrupted");
  }
  return { engineSeconds, observations, snapshots, final: await lattice.readState(state) };
}

export async function evolveLattice(
  gpu: Gpu,
  precision: LatticePrecision,
  job: PartJob,
  control: JobControl = {},
  ready = async (): Promise<void> => {},
): Promise<LatticeReport> {
  const plan = planLattice(gpu, precision, job);
  const compiling = compileKernels(gpu, job, plan);
  const buffers = ownBuffers(gpu);
  try {
    // Nothing is drawn, run or told of by a job whose numbers are not what they should be.
    if (precision === "compensated") await assertOperations(gpu, operationsOfJob(job, plan.form));
    const lattice = await openLattice(gpu, plan, buffers);
    await ready();
    const state = await job.initial();
    await lattice.begin(state, control.signal);
    return await runStretches(gpu, job, lattice, state, control);
  } catch (error) {
    if (!(error instanceof OutOfDeviceMemoryError)) throw error;
    const { bytes } = plan.memory.device!;
    throw new OutOfDeviceMemoryError(
      `${error.message} (the lattice takes ${describeBytes(bytes)} on the device; WebGPU does not tell beforehand what that has)`,
      { path: "lattice.points", cause: error },
    );
  } finally {
    await compiling;
    buffers.destroy();
  }
}
