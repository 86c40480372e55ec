/**
 * The lattice job on WebGPU: stretches of the schedule without a word from the host, each operation a dispatch or two; a stretch ends where
 * the host has something to do: records are full, a snapshot is due, a checkpoint, or an interruption that must find a whole state.
 */
import { InputError, InterruptedError } from "../../errors.ts";
import { emitWgsl } from "../../potential/wgsl.ts";
import type { JobControl, LatticeJob, LatticeReport, LatticeState, Observation, Snapshot } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { coupledSteps } from "./latticeCoupled.ts";
import { latticeSpecialisation } from "./latticeKernels.ts";
import { assertPictures, takeSnapshot } from "./latticePictures.ts";
import { openRecords, recordSlots } from "./latticeRecords.ts";
import { ownBuffers, prescribedSteps } from "./latticeSteps.ts";
import { type Pace, runSteps } from "./submit.ts";

/** Seconds of a stretch where someone waits for its end. */
const STRETCH = 0.25;

/** @throws InputError where the adapter's limits do not hold the job. */
function assertFits({ limits }: Gpu, { grid, realisations, fields }: LatticeJob): void {
  const { dimensions, points } = grid;
  const bytes = 4 * realisations * fields * points ** dimensions;
  const largest = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  if (bytes > largest) {
    throw new InputError(
      `the lattice does not fit: ${bytes / 4} values take ${bytes} bytes, one binding of this adapter holds ${largest}; use fewer points or --engine cpu`,
      { path: "lattice.points" },
    );
  }
  const most = limits.maxComputeWorkgroupsPerDimension;
  const columns = dimensions === 1 ? 64 : 32;
  if (Math.ceil(points / columns) > most) {
    throw new InputError(
      `the lattice does not fit: one dispatch of this adapter reaches ${columns * most} points along a side, not ${points}; use fewer points or --engine cpu`,
      { path: "lattice.points" },
    );
  }
  if (realisations > most) {
    throw new InputError(
      `${realisations} realisations do not fit: one dispatch of this adapter reaches ${most}; use fewer or --engine cpu`,
      { path: "fluctuations.realisations" },
    );
  }
}

export async function evolveLattice(gpu: Gpu, job: LatticeJob, control: JobControl = {}): Promise<LatticeReport> {
  assertFits(gpu, job);
  assertPictures(gpu, job);
  const { grid, realisations, fields, schedule, checkpoint, observeAfter, from: first = 0 } = job;
  const { snapshots: wanted = { after: [], pictures: [] } } = job;
  const cells = realisations * fields * grid.points ** grid.dimensions;
  const specialisation = latticeSpecialisation(grid, emitWgsl(job.potential));

  const buffers = ownBuffers(gpu);
  try {
    const slots = await recordSlots(gpu, job, buffers);
    const steps =
      schedule.kind === "coupled"
        ? await coupledSteps(gpu, job, schedule, specialisation, buffers, slots)
        : await prescribedSteps(gpu, job, schedule, specialisation, buffers);
    const { operations } = steps;
    const records = await openRecords(gpu, job, specialisation, steps, buffers, slots);
    steps.begin(await job.initial());

    const readState = async (): Promise<LatticeState> => {
      const { field, momentum } = steps.arrays[steps.standing()];
      return {
        field: new Float64Array(await gpu.download(field, 4 * cells)),
        momentum: new Float64Array(await gpu.download(momentum, 4 * cells)),
      };
    };

    const observations: Observation[] = [];
    const snapshots: Snapshot[] = [];
    let engineSeconds = 0;
    const pace: Pace = { secondsPerStep: 0 };
    let saved = performance.now();
    const save = async (): Promise<void> => {
      await checkpoint!.save({
        operation: done,
        state: await readState(),
        ...(steps.globals ? { global: await steps.globals.read() } : {}),
        observations: [...observations],
        snapshots: [...snapshots],
      });
      saved = performance.now();
    };
    let done = first;
    for (let next = 0; next < observeAfter.length || snapshots.length < wanted.after.length || done < operations; ) {
      // A stretch: the operations up to the next snapshot or the last observation before it that still finds a slot. Where the run can
      // be saved it ends soon: an interruption waits for it.
      const soon = checkpoint ? done + Math.max(1, Math.floor(STRETCH / (pace.secondsPerStep || STRETCH))) : operations;
      const halt = Math.min(wanted.after[snapshots.length] ?? operations, soon, operations);
      const due = observeAfter.slice(next, next + slots.capacity).filter((after) => after <= halt);
      const start = done;
      const end = (observeAfter[next + due.length] ?? halt + 1) <= halt ? due[due.length - 1]! : halt;
      const recordAfter = new Map(due.map((after, record) => [after, record]));
      engineSeconds += await runSteps(
        gpu,
        "lattice",
        pace,
        end - start + 1,
        (pass, from, to) => {
          // Item 0 is the observation before the stretch's first operation, item s the operation s - 1 and the observation after it.
          for (let s = from; s < to; s++) {
            if (s > 0) steps.encode(pass, start + s - 1, (after) => after >= end || recordAfter.has(after));
            const record = recordAfter.get(start + s);
            if (record !== undefined) records.encode(pass, record);
          }
        },
        checkpoint ? {} : control,
        (finished) =>
          control.onProgress?.((start + Math.max(0, finished - 1)) * cells, operations * cells, "site updates"),
      );
      done = end;
      next += due.length;
      observations.push(...(await records.read(due)));
      if (wanted.after[snapshots.length] === done) {
        const began = performance.now();
        const { field } = steps.arrays[steps.standing()];
        snapshots.push(await takeSnapshot(gpu, job, specialisation, slots, field, done, records.spread));
        engineSeconds += (performance.now() - began) / 1000;
      }
      const interrupted = control.signal?.aborted ?? false;
      const left = done < operations;
      if (checkpoint && left && (interrupted || performance.now() - saved >= 1000 * checkpoint.seconds)) await save();
      if (left && interrupted) throw new InterruptedError("interrupted");
    }
    return { engineSeconds, observations, snapshots, final: await readState() };
  } finally {
    buffers.destroy();
  }
}
