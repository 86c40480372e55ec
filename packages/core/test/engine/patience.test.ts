/** Waits for the device leave the core to others, end as what is awaited does, and overlap. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { notBefore, patiently } from "../../src/engine/webgpu/patience.ts";

/** Turns of the event loop until `promise` settles. */
async function turnsOf(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await promise;
  done = true;
  return turns;
}

/** What looks at every turn takes a hundred thousand in that time; a slow machine takes fewer, of either. */
const LONG = 300;
const FEW = 5000;

describe("a wait", () => {
  it("takes few turns of the event loop, however long it is", async () => {
    expect(await turnsOf(patiently(sleep(LONG)))).toBeLessThan(FEW);
  });
  it("looks hardly at all before anything is expected, and again once that has come", async () => {
    const begun = performance.now();
    const wait = patiently(sleep(LONG));
    expect(await turnsOf(notBefore(begun + LONG, wait))).toBeLessThan(50);
    const looks = vi.spyOn(Atomics, "wait");
    await notBefore(performance.now() + 1000 * LONG, patiently(sleep(5)));
    looks.mockClear();
    await patiently(sleep(20));
    // Without an expectation pauses are a part of the wait.
    expect(Math.min(...looks.mock.calls.map(([, , , milliseconds]) => milliseconds!))).toBeLessThan(16);
    looks.mockRestore();
  });
  it("ends as what is awaited does", async () => {
    expect(await patiently(sleep(5, "done"))).toBe("done");
    await expect(patiently(Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  });
  it("may begin and end within another, which goes on sleeping", async () => {
    const long = patiently(sleep(LONG));
    expect(await patiently(sleep(20, "short"))).toBe("short");
    expect(await turnsOf(long)).toBeLessThan(FEW);
  });
  it("sleeps a part of its time, never long, and no longer than it lasts", async () => {
    const wait = vi.spyOn(Atomics, "wait");
    await Promise.all([patiently(sleep(LONG)), patiently(sleep(20))]);
    const naps = wait.mock.calls.map(([, , , milliseconds]) => milliseconds!);
    expect(naps.length).toBeGreaterThan(0);
    expect(Math.max(...naps)).toBeLessThanOrEqual(16);
    wait.mockClear();
    await sleep(50);
    expect(wait).not.toHaveBeenCalled();
    wait.mockRestore();
  });
});
