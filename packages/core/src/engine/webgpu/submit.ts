/**
 * Long runs as submits of bounded duration: many steps are recorded into one compute pass, and the number of them follows the measured
 * duration, because a driver kills a queue that runs for seconds and a submit for each step would cost more than the step.
 */
import { InterruptedError } from "../../errors.ts";
import type { JobControl } from "../engine.ts";
import type { Gpu } from "./gpu.ts";

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

/**
 * Records steps `0 .. count - 1` piece by piece by `encodeSteps(pass, from, to)` and submits each. Resolves with the seconds from first
 * submit to last end. `onSteps` is called after each piece with the number of finished steps.
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
  let piece =
    pace.secondsPerStep > 0 ? Math.min(MAX_STEPS_PER_SUBMIT, Math.floor(TARGET_SECONDS / pace.secondsPerStep)) : 1;
  for (let step = 0; step < count; ) {
    if (control.signal?.aborted) throw new InterruptedError("interrupted");
    const end = Math.min(count, step + Math.max(1, piece));
    const encoder = gpu.device.createCommandEncoder({ label: `${label} ${step}` });
    const pass = encoder.beginComputePass({ label: `${label} ${step}` });
    encodeSteps(pass, step, end);
    pass.end();
    const submitted = performance.now();
    gpu.device.queue.submit([encoder.finish()]);
    // Sleeping for a part of the expected time only, so that steps that have become faster are noticed.
    await gpu.finished(0.7 * pace.secondsPerStep * (end - step));
    pace.secondsPerStep = Math.max((performance.now() - submitted) / 1000 / (end - step), 1e-7);
    // Grow at most eightfold at once: the first pieces carry start-up costs and say little.
    piece = Math.min(8 * (end - step), MAX_STEPS_PER_SUBMIT, Math.floor(TARGET_SECONDS / pace.secondsPerStep));
    step = end;
    onSteps?.(step);
  }
  return (performance.now() - start) / 1000;
}
