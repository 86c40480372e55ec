/** What a stream that is no terminal, and one that is, gets to see of a run. */
import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Io } from "../src/io.ts";
import { createProgress } from "../src/progress.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function follow({ isTTY = false, quiet = false } = {}) {
  let text = "";
  const stream = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    }),
    { isTTY, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true },
  );
  const progress = await createProgress({ progress: stream as unknown as NodeJS.WriteStream } as Io, quiet);
  /** Lines since the last call. */
  const said = (): string[] => {
    const lines = stripVTControlCharacters(text.replaceAll("\u001b[1G", "\n"))
      .split(/[\r\n]+/)
      .filter((line) => line.includes("gone"));
    text = "";
    return lines;
  };
  return { progress, said };
}

it("a job is told after some seconds, then every few, and once when it is done, however long what follows takes", async () => {
  const { progress, said } = await follow();
  progress.onProgress(0, 100, "steps");
  vi.advanceTimersByTime(2000);
  progress.onProgress(20, 100, "steps");
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(2000);
  progress.onProgress(40, 100, "steps");
  expect(said()).toEqual(["40% | 10 steps/s | 4s gone, 6s left"]);
  vi.advanceTimersByTime(6000);
  progress.onProgress(100, 100, "steps");
  expect(said().at(-1)).toBe("100% | 10 steps/s | 10s gone, 0s left");
  vi.advanceTimersByTime(60_000);
  progress.onProgress(100, 100, "steps");
  expect(said()).toEqual([]);
  progress.stop();
});

it("what the host computes is told with its time, and makes room for the next job", async () => {
  const { progress, said } = await follow();
  progress.onStage("kernels of 9 data");
  vi.advanceTimersByTime(2500);
  progress.onStage("eigenvalues of 9 data");
  vi.advanceTimersByTime(2500);
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(said()).toEqual(["eigenvalues of 9 data | 3s gone"]);
  vi.advanceTimersByTime(50_000);
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(15_000);
  expect(said()).toEqual(["eigenvalues of 9 data | 1m03s gone"]);
  progress.onProgress(0, 100, "steps");
  said();
  vi.advanceTimersByTime(5000);
  progress.onProgress(50, 100, "steps");
  expect(said()).toEqual(["50% | 10 steps/s | 5s gone, 5s left"]);
  progress.stop();
  said();
  vi.advanceTimersByTime(120_000);
  expect(said()).toEqual([]);
});

it("on a terminal it counts the seconds, again after other words", async () => {
  const { progress, said } = await follow({ isTTY: true });
  progress.onStage("theory of 9 data");
  vi.advanceTimersByTime(5000);
  expect(said().at(-1)).toBe("theory of 9 data | 5s gone");
  progress.pause();
  vi.advanceTimersByTime(1000);
  expect(said().at(-1)).toBe("theory of 9 data | 6s gone");
  progress.stop();
});

it("nothing is told where nobody wants it", async () => {
  const { progress, said } = await follow({ quiet: true });
  progress.onStage("theory of 9 data");
  vi.advanceTimersByTime(1e6);
  progress.onProgress(1, 2, "steps");
  progress.pause();
  progress.stop();
  expect(said()).toEqual([]);
});
