/** The choice of tiles: measured once, kept on disk, and never hindered by what is wrong with what is kept. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { drawFrom, loadCase } from "@slowroll/core/engine/webgpu/cases/case";
import { forwardTiled } from "@slowroll/core/engine/webgpu/cases/denseCases";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { trainEnsemble } from "@slowroll/core/engine/webgpu/network/ensemble";
import { readTiles, writeTiles } from "@slowroll/core/engine/webgpu/network/tileCache";
import { chooseTile, classOf, type Product, type Search } from "@slowroll/core/engine/webgpu/network/tileSearch";
import { nameOf, permittedTiles, TILES, type Tile, tileConstants } from "@slowroll/core/engine/webgpu/network/tiles";
import { sampler } from "@slowroll/core/engine/webgpu/timing";
import { InterruptedError, ShaderCompileError } from "@slowroll/core/errors";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

const SHAPE = { networks: 2, width: 40, below: 39, data: 20 };
const PRODUCT: Product = { kind: "forward", rows: 40, columns: 20, inner: 40, networks: 2 };
const AHEAD = Number.POSITIVE_INFINITY;

let opened: Gpu;
let root: string;
beforeAll(async () => {
  opened = await openGpu("software");
});
afterAll(() => opened.close());
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "slowroll-tiles-"));
  return () => rmSync(root, { recursive: true });
});

/** As a device that a new process opens: what was measured in this one is not known of it. */
const reopened = (more: Partial<Gpu> = {}): Gpu => ({ ...opened, ...more });

/** Runs a dispatch, but says what a machine without any other load would. */
const steady: typeof sampler = async (gpu, dispatch) => {
  const sample = await sampler(gpu, dispatch, 0);
  return async () => Math.ceil(await sample());
};

/** Chooses a tile for a small product and says how many were measured. */
async function choose(
  gpu: Gpu,
  ahead = AHEAD,
  folder = root,
  compiles: (tile: Tile) => boolean = () => true,
  { signal, prepare = steady }: Pick<Search, "signal" | "prepare"> = {},
): Promise<{ tile: Tile; measured: number }> {
  let measured = 0;
  const loaded: { destroy(): void }[] = [];
  const tile = await chooseTile(
    gpu,
    PRODUCT,
    ahead,
    async (candidate) => {
      measured++;
      if (!compiles(candidate)) throw new ShaderCompileError("too many registers");
      const built = await loadCase(
        opened,
        forwardTiled.declaration,
        forwardTiled.build({ ...SHAPE, tile: candidate }, drawFrom(1)),
      );
      loaded.push(built);
      return built.dispatch;
    },
    { root: folder, signal, prepare },
  );
  for (const built of loaded) built.destroy();
  return { tile, measured };
}

const fileOf = (folder: string): string => path.join(folder, readdirSync(folder)[0]!);

describe("the choice of a tile", () => {
  it("measures once, and knows the result in this run and the next", async () => {
    const gpu = reopened();
    const first = await choose(gpu);
    expect(first.measured).toBeGreaterThan(1);
    expect(await choose(gpu)).toEqual({ tile: first.tile, measured: 0 });
    expect(await choose(reopened())).toEqual({ tile: first.tile, measured: 0 });
    expect(readdirSync(root)).toHaveLength(1);
  });
  it("does not measure for little work, and keeps nothing then", async () => {
    expect((await choose(reopened(), 1e6)).measured).toBe(0);
    expect(readdirSync(root)).toEqual([]);
  });
  it("measures again where the file is broken, another adapter's, another version's or other kernels', and mends it", async () => {
    const { tile } = await choose(reopened());
    const file = fileOf(root);
    const good = readFileSync(file, "utf8");
    const spoilt = [
      "",
      good.slice(0, good.length / 2),
      "[]",
      JSON.stringify({ ...JSON.parse(good), tiles: { [classOf(PRODUCT)]: "7x7x7 in 1x1" } }),
      ...["adapter", "version", "kernels"].map((key) => JSON.stringify({ ...JSON.parse(good), [key]: "other" })),
    ];
    for (const text of spoilt) {
      writeFileSync(file, text);
      expect(readTiles(opened, root).size).toBe(0);
      expect((await choose(reopened())).measured).toBeGreaterThan(1);
      expect(readTiles(opened, root).get(classOf(PRODUCT))).toBeDefined();
    }
    writeFileSync(file, good);
    expect(await choose(reopened())).toEqual({ tile, measured: 0 });
  });
  it("does without a folder that cannot be made or a file that cannot be replaced", async () => {
    const blocked = path.join(root, "file");
    writeFileSync(blocked, "");
    expect((await choose(reopened(), AHEAD, path.join(blocked, "cache"))).measured).toBeGreaterThan(1);
    await choose(reopened());
    const file = path.join(root, readdirSync(root).find((name) => name.startsWith("tiles"))!);
    rmSync(file);
    mkdirSync(file);
    const gpu = reopened();
    const { tile } = await choose(gpu);
    expect(await choose(gpu)).toEqual({ tile, measured: 0 });
    expect(readdirSync(root).sort()).toEqual(["file", path.basename(file)]);
  });
  it("keeps adapters apart, and adds to what another process has kept", () => {
    const [first, second] = TILES as [Tile, Tile];
    writeTiles(opened, new Map([["one", first]]), root);
    writeTiles(opened, new Map([["two", second]]), root);
    writeTiles(reopened({ identity: "another" }), new Map([["one", second]]), root);
    expect(readTiles(opened, root)).toEqual(
      new Map([
        ["one", first],
        ["two", second],
      ]),
    );
    expect(readTiles(reopened({ identity: "another" }), root)).toEqual(new Map([["one", second]]));
  });
  it("passes over tiles that do not compile, unless it is the usual one", async () => {
    const { tile } = await choose(reopened(), AHEAD, root, ({ rows, columns }) => rows === 64 && columns === 32);
    expect([tile.rows, tile.columns]).toEqual([64, 32]);
    rmSync(fileOf(root));
    await expect(choose(reopened(), AHEAD, root, () => false)).rejects.toThrow(ShaderCompileError);
    expect(readdirSync(root)).toEqual([]);
  });
  it("hears of an interruption between measurements, and keeps nothing then", async () => {
    const abort = new AbortController();
    let compiled = 0;
    const compiles = (): boolean => {
      // The usual tile, and the first that is compared.
      if (++compiled === 2) abort.abort();
      return true;
    };
    await expect(choose(reopened(), AHEAD, root, compiles, { signal: abort.signal })).rejects.toThrow(InterruptedError);
    expect(compiled).toBe(2);
    expect(readdirSync(root)).toEqual([]);
  });
  it("measures by the host's clock where there are no timestamps", async () => {
    const features = new Set([...opened.features].filter((feature) => feature !== "timestamp-query"));
    const { tile, measured } = await choose(reopened({ features }), AHEAD, root, () => true, { prepare: sampler });
    expect(measured).toBeGreaterThan(1);
    expect(TILES).toContain(tile);
  });
  it("puts products of about a size into one class, others into others", () => {
    const wide = { ...PRODUCT, rows: 1024, columns: 128, inner: 1025, networks: 16 };
    expect(classOf({ ...wide, rows: 1000, networks: 20 })).toBe(classOf(wide));
    expect(classOf({ ...wide, rows: 16384 })).toBe(classOf({ ...wide, rows: 4096 }));
    for (const other of [
      { rows: 512 },
      { columns: 64 },
      { inner: 256 },
      { networks: 1 },
      { kind: "backward" as const },
    ])
      expect(classOf({ ...wide, ...other })).not.toBe(classOf(wide));
  });
});

/** A device of which only the timings given here are known; a new one is as in a new process. */
const timed = (): Gpu => ({ ...opened, adapter: { ...opened.adapter, type: "hardware" }, identity: "timed" });
/** Chooses where sample number `n` of all takes `secondsOf(tile, n)`, and says which tiles the samples were of. */
async function chooseTimed(gpu: Gpu, secondsOf: (tile: string, n: number) => number) {
  const sampled: string[] = [];
  const tileOf = new Map<unknown, Tile>();
  // One network's rows are one tile of each: what a dispatch takes is what an operation takes.
  const product: Product = { kind: "forward", rows: 32, columns: 20, inner: 40, networks: 1 };
  const tile = await chooseTile(
    gpu,
    product,
    AHEAD,
    async (candidate) => {
      const bindings = {} as GPUBindGroup;
      tileOf.set(bindings, candidate);
      return { pipeline: {} as GPUComputePipeline, bindings, workgroups: [1, 1, 1] };
    },
    {
      root,
      async prepare(_gpu, { bindings }) {
        const name = nameOf(tileOf.get(bindings)!);
        return async () => {
          sampled.push(name);
          return secondsOf(name, sampled.length - 1);
        };
      },
    },
  );
  return { tile: nameOf(tile), sampled };
}

describe("the measurement", () => {
  const names = TILES.map(nameOf);
  const [GOOD, POOR] = [names[4]!, names[2]!];
  /** Samples of a round, and of the pilot before the first. */
  const [ROUND, PILOT] = [names.length, 2];
  const seconds = (tile: string): number => (tile === GOOD ? 1 : tile === POOR ? 1.3 : 2);
  const kept = (): string[] => Array.from(readTiles(timed(), root).values(), nameOf);

  it("takes one sample of each tile a round, and keeps the fastest", async () => {
    const { tile, sampled } = await chooseTimed(timed(), seconds);
    expect(tile).toBe(GOOD);
    expect(sampled.slice(PILOT)).toEqual(Array.from({ length: 5 }, () => names).flat());
    expect(kept()).toEqual([GOOD]);
  });
  it("finds the fastest under a load that comes and goes, which would have hidden it from samples in a row", async () => {
    // Of three rounds' length, longer than all samples of a tile in a row.
    const loaded = (tile: string, n: number): number => seconds(tile) * (n < PILOT + 3 * ROUND ? 3 : 1);
    expect((await chooseTimed(timed(), loaded)).tile).toBe(GOOD);
    expect(kept()).toEqual([GOOD]);
  });
  it("goes on as long as another tile's samples scatter so far that it might be the fastest", async () => {
    // The good tile has one sample in seven rounds undisturbed.
    const rare = (tile: string, n: number): number =>
      tile === GOOD && Math.floor((n - PILOT) / ROUND) % 7 < 6 ? 1.5 + (n % 5) / 2 : seconds(tile);
    const { tile, sampled } = await chooseTimed(timed(), rare);
    expect(tile).toBe(GOOD);
    expect((sampled.length - PILOT) / ROUND).toBe(7);
  });
  it("keeps what stays unsure for this process only, so that the next measures again", async () => {
    // Never undisturbed, in the first round least: how little it takes cannot be known.
    const noisy = (tile: string, n: number): number => (tile === GOOD ? (n < PILOT + ROUND ? 1.5 : 3) : seconds(tile));
    const gpu = timed();
    const { tile, sampled } = await chooseTimed(gpu, noisy);
    expect(tile).toBe(POOR);
    expect(sampled).toHaveLength(PILOT + 15 * ROUND);
    expect(await chooseTimed(gpu, seconds)).toEqual({ tile: POOR, sampled: [] });
    expect(kept()).toEqual([]);
    expect((await chooseTimed(timed(), seconds)).tile).toBe(GOOD);
    expect(kept()).toEqual([GOOD]);
  });
  it("keeps one of two that are as good", async () => {
    const even = (tile: string, n: number): number => (tile === POOR ? 1 : seconds(tile)) + 0.002 * (n % 3);
    const { tile, sampled } = await chooseTimed(timed(), even);
    expect([GOOD, POOR]).toContain(tile);
    expect(sampled).toHaveLength(PILOT + 5 * ROUND);
    expect(kept()).toEqual([tile]);
  });
});

describe("the tiles", () => {
  it("are whole blocks, and give each lane a share of every slice", () => {
    for (const tile of TILES) {
      const { LANES, SLICE, ROW_GROUPS, COLUMN_GROUPS, BLOCK_ROW_GROUPS, BLOCK_COLUMN_GROUPS, STAGES } = tileConstants(
        tile,
      ) as Record<string, number>;
      expect(LANES! * BLOCK_ROW_GROUPS! * BLOCK_COLUMN_GROUPS!).toBe(ROW_GROUPS! * COLUMN_GROUPS!);
      expect(ROW_GROUPS! % BLOCK_ROW_GROUPS! || COLUMN_GROUPS! % BLOCK_COLUMN_GROUPS! || SLICE! % 4).toBe(0);
      expect(STAGES! * LANES! * 4).toBeGreaterThanOrEqual((ROW_GROUPS! + COLUMN_GROUPS!) * SLICE!);
    }
  });
  it("stay within the least that WebGPU promises where an adapter has no more", () => {
    const least = {
      ...{ maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupSizeX: 256 },
      maxComputeWorkgroupStorageSize: 16384,
    } as GPUSupportedLimits;
    const permitted = permittedTiles(least);
    expect(permitted.length).toBeLessThan(TILES.length);
    expect(permitted.length).toBeGreaterThan(4);
    expect(permittedTiles({ ...least, maxComputeInvocationsPerWorkgroup: 32 } as GPUSupportedLimits)).toEqual([]);
  });
});

it("trains to the same outputs in measured tiles as in the usual ones", async () => {
  // So many that the first layer and the kernels are made in tiles too.
  const [data, dimension] = [61, 31];
  const job: EnsembleJob = {
    architecture: {
      ...{ inputDimension: dimension, depth: 2, width: 45 },
      ...{ activation: activationNamed("tanh"), weightStd: 1.4, biasStd: 0.3 },
    },
    inputs: normals(5, 0, 0, data * dimension),
    targets: normals(6, 0, 0, data),
    potential: await compilePotential("quadratic"),
    ...{ learningRate: 0.01, momentum: 0.9, steps: 8, seed: 3 },
    ...{ networks: { first: 0, count: 3 }, recordOutputs: [0, 4, 8], recordKernels: [0, 8] },
  };
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = root;
  try {
    const results: Float64Array[] = [];
    const timings: number[] = [];
    const encoders = vi.spyOn(opened.device, "createCommandEncoder");
    for (const searchTiles of [false, true]) {
      await trainEnsemble(
        reopened(),
        job,
        ({ outputs, kernels }) => {
          results.push(Float64Array.from([...outputs, ...kernels]));
        },
        {},
        { searchTiles },
      );
      timings.push(encoders.mock.calls.filter(([descriptor]) => descriptor?.label === "bench").length);
    }
    encoders.mockRestore();
    // Of seven products, the usual tile and three rounds of several, each after two dispatches to get ready.
    expect(timings[0]).toBe(0);
    expect(timings[1]).toBeGreaterThanOrEqual(7 * (4 + 2 * 5));
    const [usual, measured] = results as [Float64Array, Float64Array];
    expect(usual.some((value) => value !== 0)).toBe(true);
    for (const [i, value] of usual.entries()) expect(Math.abs(measured[i]! - value)).toBeLessThan(1e-5);
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
});
