/** Long runs in pieces, on a device that does what it is told when it is told: what is submitted when, and what an interruption leaves. */
import type { Gpu } from "@slowroll/core/engine/webgpu/gpu";
import { type Pace, runSteps } from "@slowroll/core/engine/webgpu/submit";
import { InterruptedError } from "@slowroll/core/errors";
import { afterEach, describe, expect, it, vi } from "vitest";

/** A device that ends its oldest submit when `work` is called. */
function device() {
  const log: string[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const pass = { end: () => log.push("submit") };
  const encoder = { beginComputePass: () => pass, finish: () => ({}) };
  const gpu = {
    device: { createCommandEncoder: () => encoder, queue: { submit: () => {} } },
    finished: () => new Promise<void>((resolve, reject) => waiting.push({ resolve, reject })),
  } as unknown as Gpu;
  let clock = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  /** Ends the oldest submits after so many milliseconds, and lets whoever waited for them go on. */
  const work = async (milliseconds = 1, count = 1): Promise<void> => {
    clock += milliseconds;
    for (const { resolve } of waiting.splice(0, count)) resolve();
    await new Promise(setImmediate);
  };
  return { gpu, log, waiting, work };
}

afterEach(() => vi.restoreAllMocks());

const encoded = (log: string[]) => (_pass: unknown, from: number, to: number) => log.push(`${from}..${to}`);

describe("runSteps", () => {
  it("feels its way by one step, then records each piece while the device works on the one before", async () => {
    const { gpu, log, waiting, work } = device();
    const pace: Pace = { secondsPerStep: 0 };
    const heard: number[] = [];
    const run = runSteps(gpu, "steps", pace, 30, encoded(log), {}, (finished) => heard.push(finished));
    await new Promise(setImmediate);
    expect(log).toEqual(["0..1", "submit"]);
    await work();
    // The second and, as its pace is that of the first, a third as large.
    expect(log.slice(2)).toEqual(["1..9", "submit", "9..17", "submit"]);
    expect([waiting.length, heard]).toEqual([2, [1]]);
    await work();
    expect(log.slice(6)).toEqual(["17..30", "submit"]);
    expect(heard).toEqual([1, 9]);
    await work();
    await work();
    expect(await run).toBe(0.004);
    expect(heard).toEqual([1, 9, 17, 30]);
    // A piece begins where the one before ends, and is measured with it.
    expect(pace.secondsPerStep).toBeCloseTo(0.002 / (8 + 13), 12);
  });

  it("takes no piece for short that has ended while the host was busy", async () => {
    const { gpu, log, waiting, work } = device();
    const pace: Pace = { secondsPerStep: 0.01 };
    const run = runSteps(gpu, "steps", pace, 200, encoded(log));
    await new Promise(setImmediate);
    expect(log).toEqual(["0..10", "submit", "10..20", "submit"]);
    // It looks after 200 ms, when both have ended: the one took as long as the other, and not no time.
    await work(200, 2);
    expect(log.slice(4)).toEqual(["20..25", "submit", "25..35", "submit"]);
    while (waiting.length > 0) await work(100);
    await run;
  });

  it("submits nothing more where it is interrupted", async () => {
    const { gpu, log, work } = device();
    const interruption = new AbortController();
    const run = runSteps(gpu, "steps", { secondsPerStep: 1 }, 30, encoded(log), interruption);
    const ended = expect(run).rejects.toThrow(InterruptedError);
    await new Promise(setImmediate);
    expect(log).toEqual(["0..1", "submit", "1..2", "submit"]);
    interruption.abort();
    await work();
    await ended;
    expect(log.length).toBe(4);
  });

  it("ends with what the device ends with", async () => {
    const { gpu, log, waiting } = device();
    const run = runSteps(gpu, "steps", { secondsPerStep: 1 }, 30, encoded(log));
    const ended = expect(run).rejects.toThrow("lost");
    await new Promise(setImmediate);
    for (const { reject } of waiting) reject(new Error("lost"));
    await ended;
  });
});
