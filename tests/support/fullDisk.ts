/** A disk that takes no more of some files, and runs of `field` into a folder of their own beside it. */
import fs from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import path from "node:path";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, afterEach, vi } from "vitest";
import { slowroll as inProcess } from "../../apps/cli/test/inProcess.ts";

enableFusedMultiplyAdd();
export const cwd = fs.mkdtempSync(path.join(os.tmpdir(), "slowroll-unwritable-"));
export const at = (...names: string[]): string => path.join(cwd, ...names);
const { renameSync } = fs;
const { writeFile } = promises;
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});
afterAll(() => fs.rmSync(cwd, { recursive: true }));

export const LATTICE = `
precision: float64
background: { kind: selfConsistent, planckMass: 0.42746 }
field: { potential: { expression: "g*phi^4/4", parameters: { g: 1 } }, mean: 1, velocity: -0.5 }
lattice: { dimensions: 2, points: 64, length: 8 }
fluctuations: { kind: planeWave, mode: [1, 1], amplitude: 0.01 }
time: { alpha: 1, step: 0.001, end: 30, recordEvery: 1000 }
checkpoint: { everySeconds: 0.05 }
`;

/** Runs `field` into the folder `out`, and does what is asked for at each line that it says. */
export const run = (
  input: string,
  out: string,
  args: string[] = [],
  onError?: (text: string, interrupt: () => void) => void,
) =>
  inProcess(["field", ...(input ? ["-"] : []), "--out", out, "--engine", "cpu", ...args], {
    cwd,
    input,
    ...(onError ? { onError } : {}),
  });
export const resultOf = (out: string): object => {
  // What was left to be evolved takes less than all.
  const { engine, timings, memory, ...rest } = JSON.parse(fs.readFileSync(at(out, "result.json"), "utf8"));
  const plain = (entry: { engineSeconds?: number }) => ({ ...entry, engineSeconds: 0 });
  return rest.sweep ? { ...rest, sweep: rest.sweep.map(plain) } : rest;
};
export const lines = (text: string, start: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(start));

export const failing = (code: string): never => {
  throw Object.assign(new Error(`${code}: of this test`), { code });
};
/** Has the disk take files whose paths end so, or refuse them with the code that `refuse` gives at that moment. */
export function refuseWhole(ending: string, refuse: () => string | undefined): () => number {
  let asked = 0;
  vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
    const code = `${to}`.endsWith(ending) ? refuse() : undefined;
    if (`${to}`.endsWith(ending)) asked++;
    return code === undefined ? renameSync(from, to) : failing(code);
  });
  return () => asked;
}
/** Has the disk take half of what is appended to a file whose path ends so, while it is full. */
export function refuseLines(ending: string, isFull: () => boolean): void {
  vi.spyOn(promises, "writeFile").mockImplementation(async (file, data, options) => {
    const isAppended = typeof options === "object" && options?.flag === "a";
    if (!isAppended || !isFull() || !`${file}`.endsWith(ending)) return writeFile(file, data, options);
    const lines = [...(data as Iterable<string>)].join("");
    await writeFile(file, lines.slice(0, lines.length / 2), options);
    failing("ENOSPC");
  });
  syncBuiltinESMExports();
}
