/** Files of trajectories: what readers that are not ours find in them, whatever the batches were, and that a half file never has the name. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { EnsembleBatch, EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { UnwritableError } from "@slowroll/core/errors";
import { createTrajectoryFile } from "@slowroll/core/files/trajectories";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { parse } from "npyjs";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-trajectories-"));
const named = (name: string): string => path.join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const STEPS = [0, 7, 14, 15];
const D = 3;
const jobOf = (first: number, count: number, outputs = 1): EnsembleJob =>
  ({
    architecture: { outputs },
    networks: { first, count },
    recordOutputs: STEPS,
    targets: new Float64Array(D),
  }) as unknown as EnsembleJob;
const outputOf = (network: number, t: number, a: number): number => network + t / 8 + Math.PI * a;

function batchOf(first: number, count: number): EnsembleBatch {
  const outputs = Float64Array.from({ length: count * STEPS.length * D }, (_, i) =>
    outputOf(first + Math.floor(i / (STEPS.length * D)), Math.floor(i / D) % STEPS.length, i % D),
  );
  return { first, count, outputs, kernels: new Float64Array(), norms: new Float64Array(), test: new Float64Array() };
}

/** Writes networks 5 .. 5 + the sum of `batches` - 1; of several outputs as many share the D numbers. */
async function write(file: string, batches: readonly number[], outputs = 1): Promise<void> {
  const job = jobOf(
    5,
    batches.reduce((sum, count) => sum + count, 0),
    outputs,
  );
  const stored = await createTrajectoryFile(file);
  let first = 5;
  for (const count of batches) {
    stored.add(batchOf(first, count), job);
    first += count;
  }
  expect(existsSync(file)).toBe(false);
  stored.finish();
  expect(stored.abandon()).toBe(false);
}

describe("trajectories as .npy", () => {
  it("are float64 [networks][records][data]", async () => {
    await write(named("a.npy"), [4, 1, 6]);
    const bytes = readFileSync(named("a.npy"));
    expect((bytes.byteLength - 8 * 11 * STEPS.length * D) % 64).toBe(0);
    const { data, shape, dtype, fortranOrder } = parse(new Uint8Array(bytes).buffer);
    expect([shape, dtype, fortranOrder]).toEqual([[11, STEPS.length, D], "f8", false]);
    const want = [...batchOf(5, 11).outputs];
    expect([...(data as Float64Array)]).toEqual(want);
  });
  it("have an index of their own for several outputs", async () => {
    await write(named("several.npy"), [4, 1, 6], D);
    const { data, shape } = parse(new Uint8Array(readFileSync(named("several.npy"))).buffer);
    expect(shape).toEqual([11, STEPS.length, 1, D]);
    expect([...(data as Float64Array)]).toEqual([...batchOf(5, 11).outputs]);
  });
  it("go to the disk batch by batch", async () => {
    const job = jobOf(0, 300);
    const stored = await createTrajectoryFile(named("stream.npy"));
    const sizes = [0, 1, 2].map((batch) => {
      stored.add(batchOf(100 * batch, 100), job);
      return statSync(named("stream.npy.partial")).size;
    });
    expect([sizes[1]! - sizes[0]!, sizes[2]! - sizes[1]!]).toEqual([1, 1].map(() => 8 * 100 * STEPS.length * D));
    stored.finish();
    expect(statSync(named("stream.npy")).size).toBe(sizes[2]);
  });
});

describe("trajectories as .parquet", () => {
  it("are rows of network, step, datum and output", async () => {
    await write(named("a.parquet"), [4, 1, 6]);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(named("a.parquet")) });
    const want = Array.from({ length: 11 }, (_, m) =>
      STEPS.flatMap((step, t) =>
        Array.from({ length: D }, (_, a) => ({ network: 5 + m, step, datum: a, output: outputOf(5 + m, t, a) })),
      ),
    ).flat();
    expect(rows).toEqual(want);
  });
  it("tell several outputs apart by their component", async () => {
    await write(named("several.parquet"), [2, 1], D);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(named("several.parquet")) });
    const want = [5, 6, 7].flatMap((network) =>
      STEPS.flatMap((step, t) =>
        Array.from({ length: D }, (_, c) => ({
          network,
          step,
          datum: 0,
          component: c,
          output: outputOf(network, t, c),
        })),
      ),
    );
    expect(rows).toEqual(want);
  });
  it("have row groups of one size that say which networks are in them", async () => {
    const networks = 50_000;
    await write(named("groups.parquet"), [networks / 2, networks / 2]);
    const file = await asyncBufferFromFile(named("groups.parquet"));
    const { row_groups: groups, num_rows: length } = await parquetMetadataAsync(file);
    expect(Number(length)).toBe(networks * STEPS.length * D);
    expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([2 ** 18, 2 ** 18, networks * 12 - 2 ** 19]);
    const { min_value, max_value } = groups[1]!.columns[0]!.meta_data!.statistics!;
    expect([min_value, max_value].map(Number)).toEqual([
      5 + Math.floor(2 ** 18 / 12),
      5 + Math.floor((2 ** 19 - 1) / 12),
    ]);
    const [row] = await parquetReadObjects({ file, rowStart: 2 ** 18, rowEnd: 2 ** 18 + 1 });
    const network = 5 + Math.floor(2 ** 18 / 12);
    const within = 2 ** 18 % 12;
    const t = Math.floor(within / D);
    expect(row).toEqual({ network, step: STEPS[t], datum: within % D, output: outputOf(network, t, within % D) });
  });
});

describe.each([".npy", ".parquet"])("a %s file", (ending) => {
  it("is the same whatever the batches", async () => {
    await write(named(`one${ending}`), [12]);
    await write(named(`many${ending}`), [1, 2, 3, 6]);
    expect(readFileSync(named(`many${ending}`))).toEqual(readFileSync(named(`one${ending}`)));
  });
  it("that is abandoned leaves what was there before", async () => {
    const file = named(`kept${ending}`);
    writeFileSync(file, "before");
    const stored = await createTrajectoryFile(file);
    expect(stored.abandon()).toBe(false);
    stored.add(batchOf(0, 2), jobOf(0, 4));
    expect(existsSync(`${file}.partial`)).toBe(true);
    expect(stored.abandon()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });
  it("in a folder that is missing is refused in words", async () => {
    const stored = await createTrajectoryFile(path.join(folder, "nowhere", `a${ending}`), "--save-trajectories");
    expect(() => stored.add(batchOf(0, 1), jobOf(0, 1))).toThrow(
      expect.objectContaining({
        name: UnwritableError.name,
        path: "--save-trajectories",
        message: expect.stringContaining("no folder is there; make it or name a file in another folder"),
      }),
    );
  });
});

it("refuses other endings", async () => {
  for (const name of ["a.csv", "npy", ""])
    await expect(createTrajectoryFile(name, "--save-trajectories")).rejects.toThrow(/must end with \.npy or \.parquet/);
});
