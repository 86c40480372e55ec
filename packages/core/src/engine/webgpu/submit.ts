/**
 * Long runs as submits of bounded duration: many steps are recorded into one compute pass, and the number of them follows the measured
 * duration, because a driver kills a queue that runs for seconds and a submit for each step would cost more than the step.
 */
import { InterruptedError } from "../../errors.ts";
import type { JobControl } from "../engine.ts";
import type { Gpu } from "./gpu.ts";
import { notBefore } from "./patience.ts";

/** Duration of one submit that the number of steps is steered to, seconds. */
const TARGET_SECONDS = 0.1;
/** Steps that one submit has at most, whatever they cost. */
export const MAX_STEPS_PER_SUBMIT = 4096;

/** One dispatch: what it binds and how many workgroups it has. */
export interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  readonly offsets?: readonly number[];
}

export function encode(pass: GPUComputePassEncoder, { pipeline, bindings, workgroups, offsets }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings, offsets as number[] | undefined);
  pass.dispatchWorkgroups(...workgroups);
}

/** Submits a few dispatches, one after another, as a pass of their own. */
export function submit(gpu: Gpu, label: string, dispatches: Iterable<Dispatch>): void {
  const encoder = gpu.device.createCommandEncoder({ label });
  const pass = encoder.beginComputePass({ label });
  for (const dispatch of dispatches) encode(pass, dispatch);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

/** What has been measured of a job's steps; kept from batch to batch, so that only the first one has to feel its way. */
export interface Pace {
  /** Seconds a step took in the last submit; 0 before the first. */
  secondsPerStep: number;
}

/** Steps that were submitted together, and when. */
interface Piece {
  readonly steps: number;
  readonly submitted: number;
  readonly done: Promise<void>;
}

/**
 * Records steps `0 .. count - 1` piece by piece by `encodeSteps(pass, from, to)` and submits each while the device works on the one before:
 * recording a dispatch takes the host about as long as a small one takes the device, which would wait for it. Resolves with the seconds from
 * first submit to last end. `onSteps` is called after each piece with the number of finished steps.
 * @throws InterruptedError where the signal is aborted, DeviceLostError.
 */
export async function runSteps(
  gpu: Gpu,
  label: string,
  pace: Pace,
  count: number,
  encodeSteps: (pass: GPUComputePassEncoder, from: number, to: number) => void,
  control: Pick<JobControl, "signal"> = {},
  onSteps?: (finished: number) => void,
): Promise<number> {
  const start = performance.now();
  const wanted = (): number => Math.min(MAX_STEPS_PER_SUBMIT, Math.floor(TARGET_SECONDS / pace.secondsPerStep));
  let most = pace.secondsPerStep > 0 ? wanted() : 1;
  const submitted: Piece[] = [];
  let finished = 0;
  /** When the piece before was seen to end, when the device began with it, and its steps. */
  let before = { end: start, began: start, steps: 0 };
  const waitForOldest = async (): Promise<void> => {
    const { steps, ...piece } = submitted.shift()!;
    // What as many steps took before is known; half of it, lest they have become faster.
    const known = steps <= 2 * before.steps ? 500 * steps * pace.secondsPerStep : 0;
    await notBefore(Math.max(piece.submitted, before.end) + known, piece.done);
    const end = performance.now();
    // A host that was busy has seen the end of the piece before late, maybe when this one had ended too: the two are measured together.
    const follows = piece.submitted < before.end;
    const [began, measured] = follows ? [before.began, before.steps + steps] : [piece.submitted, steps];
    pace.secondsPerStep = Math.max((end - began) / 1000 / measured, 1e-7);
    before = { end, began: Math.max(before.end, piece.submitted), steps };
    // Grow at most eightfold at once: the first pieces carry start-up costs and say little.
    most = Math.min(8 * steps, wanted());
    finished += steps;
    onSteps?.(finished);
  };
  for (let step = 0; step < count; ) {
    if (control.signal?.aborted) throw new InterruptedError("interrupted");
    const end = Math.min(count, step + Math.max(1, most));
    const encoder = gpu.device.createCommandEncoder({ label: `${label} ${step}` });
    const pass = encoder.beginComputePass({ label: `${label} ${step}` });
    encodeSteps(pass, step, end);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const done = gpu.finished();
    // Awaited below, unless the run is interrupted before.
    done.catch(() => {});
    submitted.push({ steps: end - step, submitted: performance.now(), done });
    step = end;
    if (submitted.length > 1 || pace.secondsPerStep === 0) await waitForOldest();
  }
  while (submitted.length > 0) await waitForOldest();
  return (performance.now() - start) / 1000;
}
