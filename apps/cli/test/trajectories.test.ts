/** --save-trajectories: what the file holds agrees with the result, and a run that is cut short leaves none. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { run } from "../src/program.ts";
import { slowroll } from "./inProcess.ts";

const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-trajectories-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const SMALL = "network: { width: 16 }\ntraining: { steps: 10, recordEvery: 4 }\nensemble: { size: 21 }";
const partials = (): string[] => readdirSync(cwd).filter((name) => name.endsWith(".partial"));

describe("--save-trajectories", () => {
  it.each([
    ["cpu", ["--engine", "cpu", "--threads", "2"]],
    ["webgpu", ["--adapter", "software"]],
  ])("writes what the statistics are of: %s", async (engine, choice) => {
    const file = `${engine}.npy`;
    const { code, out } = await slowroll(
      ["network", "-", ...choice, "--json", "--out", engine, "--save-trajectories", file],
      { cwd, input: SMALL },
    );
    expect(code).toBe(0);
    const { mean, times } = JSON.parse(out) as { mean: number[][]; times: number[] };
    const [networks, T, D] = [21, times.length, mean[0]!.length] as const;
    const bytes = readFileSync(path.join(cwd, file));
    const start = 10 + bytes.readUInt16LE(8);
    expect(bytes.toString("latin1", 10, start)).toContain(`'shape': (${networks}, ${T}, ${D})`);
    const values = new Float64Array(Uint8Array.from(bytes.subarray(start)).buffer);
    for (let t = 0; t < T; t++) {
      for (let a = 0; a < D; a++) {
        let sum = 0;
        for (let m = 0; m < networks; m++) sum += values[(m * T + t) * D + a]!;
        expect(sum / networks).toBeCloseTo(mean[t]![a]!, 12);
      }
    }
  });

  it("replaces a file only where it is told to", async () => {
    writeFileSync(path.join(cwd, "old.parquet"), "before");
    const argv = ["network", "-", "--engine", "cpu", "--out", "old", "--save-trajectories", "old.parquet"];
    const refused = await slowroll(argv, { cwd, input: SMALL });
    expect(refused.code).toBe(2);
    expect(refused.error).toMatch(/^slowroll: --save-trajectories: .*old\.parquet exists: .*--force\n$/);
    expect(existsSync(path.join(cwd, "old"))).toBe(false);
    expect((await slowroll([...argv, "--force"], { cwd, input: SMALL })).code).toBe(0);
    expect(readFileSync(path.join(cwd, "old.parquet")).toString("latin1", 0, 4)).toBe("PAR1");
  });

  it("says what another run is writing, or a killed one has left", async () => {
    writeFileSync(path.join(cwd, "left.npy.partial"), "");
    const { code, error } = await slowroll(["network", "-", "--engine", "cpu", "--save-trajectories", "left.npy"], {
      cwd,
      input: SMALL,
    });
    expect(code).toBe(2);
    expect(error).toContain("left.npy.partial exists");
    rmSync(path.join(cwd, "left.npy.partial"));
  });

  it.each(["npy", "parquet"])("leaves no file of a run that diverges, and says so: %s", async (ending) => {
    const input = `${SMALL.replace("steps: 10", "steps: 400, learningRate: { relative: 40 }, potential: quartic")}`;
    const file = `diverged.${ending}`;
    const argv = ["network", "-", "--engine", "cpu", "--out", `diverged-${ending}`, "--save-trajectories", file];
    const { code, error } = await slowroll(argv, { cwd, input });
    expect(code).toBe(4);
    expect(error).toContain(`not saved: ${file}`);
    expect(error.trimEnd().split("\n").at(-1)).toMatch(/diverged in \d+ of \d+ networks: .* at step \d+/);
    expect(existsSync(path.join(cwd, file))).toBe(false);
    expect(partials()).toEqual([]);
  });

  it("leaves no file of an interrupted run, and says so", async () => {
    const file = path.join(cwd, "interrupted.npy");
    const interrupt = new AbortController();
    // The first batch makes the file; the others are still to come.
    const watch = setInterval(() => {
      if (existsSync(`${file}.partial`)) interrupt.abort();
    }, 5);
    let error = "";
    const code = await run(["network", "-", "--engine", "cpu", "--out", "interrupted", "--save-trajectories", file], {
      out: () => {},
      error: (text) => {
        error += text;
      },
      progress: undefined,
      readInput: async () => "network: { width: 1024 }\nensemble: { size: 400 }",
      cwd,
      signal: interrupt.signal,
    });
    clearInterval(watch);
    expect(code).toBe(130);
    expect(error).toContain("not saved: ");
    expect(existsSync(file)).toBe(false);
    expect(partials()).toEqual([]);
  });
});
