/** The course of a lattice: all steps as a schedule that stops where there is something to see. */
import type { CoupledSchedule, LatticeJob, PrescribedSchedule } from "../engine/latticeJob.ts";
import { recordedSteps } from "../recordedSteps.ts";
import { coupling } from "./friedmann.ts";
import type { Timeline } from "./measure.ts";
import { planPictures } from "./pictures.ts";
import { buildSchedule, coupledDurations, stepsTo } from "./schedule.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";

/** The schedule of all steps, complete at the stops. */
function scheduleOf(setup: Setup, stops: readonly number[], realisations: number) {
  const { study, expansion } = setup;
  const { time } = study;
  if (expansion.kind === "prescribed") {
    const { coefficients, ...steps } = buildSchedule(time, expansion.background, stops);
    const schedule: PrescribedSchedule = { kind: "prescribed", coefficients };
    return { schedule, ...steps };
  }
  const { durations, ...steps } = coupledDurations(time, stops[stops.length - 1]!);
  const schedule: CoupledSchedule = {
    kind: "coupled",
    durations,
    initial: new Float64Array(3 * realisations),
    ...coupling(time.alpha, expansion.planckMass),
  };
  return { schedule, ...steps };
}

/** The steps of a study, or of several in one job. */
export interface Course extends Timeline {
  readonly schedule: LatticeJob["schedule"];
  /** Ascending numbers of operations done at the stops, which are records and pictures, and those at pictures. */
  readonly stops: readonly number[];
  readonly pictured: readonly number[];
  /** Steps whose drifts are done after so many operations. */
  stepsDone(operations: number): number;
}

/** Throws InputError (path time.end) where the end is no whole number of steps, or the background ends before. */
export function courseOf(setup: Setup, lattice: LatticeSpec, realisations: number): Course {
  const { time } = setup.study;
  const steps = stepsTo(time);
  const records = recordedSteps(steps, time.recordEvery);
  const album = planPictures(setup, lattice, steps);
  const stopped = [...new Set([...records, ...album.steps])].sort((p, q) => p - q);
  const { schedule, after, stepsDone } = scheduleOf(setup, stopped, realisations);
  const stepAfter = new Map(stopped.map((step) => [after(step), step]));
  return {
    steps,
    records,
    album,
    schedule,
    stops: stopped.map(after),
    pictured: album.steps.map(after),
    stepAfter: (operations) => stepAfter.get(operations)!,
    stepsDone,
  };
}
