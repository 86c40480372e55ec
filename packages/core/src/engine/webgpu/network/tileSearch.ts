/**
 * Which tile a product takes: what was measured best on this adapter for products of its class, in this run or an earlier one; where
 * nothing was, a short measurement if the work ahead repays it, else a tile that is good on most. Tiles change the speed, never the sums.
 */
import { GpuValidationError, InterruptedError, ShaderCompileError } from "../../../errors.ts";
import { cacheRoot } from "../../../files/cache.ts";
import type { Gpu } from "../gpu.ts";
import type { Dispatch } from "../submit.ts";
import { type Sample, sampler } from "../timing.ts";
import { type BestTiles, readTiles, writeTiles } from "./tileCache.ts";
import { nameOf, permittedTiles, TILES, type Tile } from "./tiles.ts";

/** A batch of products, [rows][inner] by [inner][columns] each. */
export interface Product {
  readonly kind: "forward" | "backward" | "update" | "first" | "firstUpdate" | "gram" | "kernel";
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly networks: number;
}

interface Effort {
  /** Operations of a first dispatch, few enough for any adapter, which tells how many the others may have. */
  readonly first: number;
  /** Of one sample: one dispatch of as many of the workgroups as take so long, or several where all take less. */
  readonly seconds: number;
  /** Rounds of samples, one of each tile, at least, and at most where the fastest cannot be told. */
  readonly rounds: readonly [number, number];
  /** Operations ahead that repay the search: many times what it costs. */
  readonly repaid: number;
  /** Least and most elements of a block: on a software adapter smaller ones are always slower, and larger ones take long to compile. */
  readonly blocks: readonly [number, number];
}

const EFFORT: Readonly<Record<Gpu["adapter"]["type"], Effort>> = {
  hardware: { first: 1e9, seconds: 0.008, rounds: [5, 15], repaid: 2e13, blocks: [16, 64] },
  software: { first: 2e7, seconds: 0.02, rounds: [3, 6], repaid: 1e11, blocks: [32, 32] },
};

/** What was read and measured on each open device. */
const known = new WeakMap<Gpu, BestTiles>();

export function operationsOf({ rows, columns, inner, networks }: Product): number {
  return 2 * rows * columns * inner * networks;
}

/** Sizes to the nearest power of two; past the largest, all are as large. Networks to powers of four: they only fill the device. */
export function classOf({ kind, rows, columns, inner, networks }: Product): string {
  const coarse = (size: number, base: number, largest: number): number =>
    Math.min(largest, base ** Math.round(Math.log(size) / Math.log(base)));
  const size = [rows, columns, inner].map((length) => coarse(length, 2, 2048)).join("x");
  return `${kind} ${size}, ${coarse(networks, 4, 256)}`;
}

/** As many columns as are wanted, in the middle of the sizes otherwise. Every WebGPU adapter permits both. */
function usualTile({ columns }: Product): Tile {
  return TILES.find((tile) => nameOf(tile) === (columns <= 32 ? "64x32x16 in 8x4" : "64x64x16 in 8x4"))!;
}

/** Samples of `tile`, seconds for one operation, from as many of the workgroups as have `operations` or all. */
async function samplesOf(
  gpu: Gpu,
  product: Product,
  tile: Tile,
  dispatch: Dispatch,
  operations: number,
  prepare: typeof sampler,
): Promise<Sample> {
  const { rows, networks } = product;
  const operationsPerRow = operationsOf(product) / (rows * networks);
  const rowsAtMost = operations / operationsPerRow;
  const [x, y] = dispatch.workgroups;
  const batch = Math.min(networks, Math.max(1, Math.floor(rowsAtMost / rows)));
  const tiles = Math.min(x, Math.max(1, Math.ceil(rowsAtMost / tile.rows)));
  const done = Math.min(rows, tiles * tile.rows) * batch * operationsPerRow;
  const { seconds } = EFFORT[gpu.adapter.type];
  const sample = await prepare(gpu, { ...dispatch, workgroups: [tiles, y, batch] }, seconds);
  return async () => (await sample()) / done;
}

/** A tile and its samples, seconds for one operation. */
interface Trial {
  readonly tile: Tile;
  readonly sample: Sample;
  readonly timings: number[];
}

/** Part of the time that a tile may cost more than the fastest without its being worth another search. */
const NEGLIGIBLE = 0.05;

/**
 * The fastest of the trials by the smallest sample of each, since what disturbs a sample only ever lengthens it, and whether that is sure.
 * The distance to the next sample is how far the smallest may still be from the truth: a load of the machine can have made a tile slow
 * that is not. It is sure where no other would win by more than what is negligible if it were faster by its own.
 */
function fastestOf(trials: readonly Trial[]): { tile: Tile; sure: boolean } {
  const found = trials
    .map(({ tile, timings }) => {
      const [least, next] = timings.toSorted((a, b) => a - b) as [number, number];
      return { tile, least, low: least - (next - least) };
    })
    .toSorted((a, b) => a.least - b.least);
  const [best, ...others] = found as [(typeof found)[0], ...typeof found];
  return { tile: best.tile, sure: others.every(({ low }) => low >= (1 - NEGLIGIBLE) * best.least) };
}

export interface Search {
  /** Folder of the tiles that are kept. */
  readonly root?: string;
  /** Heard between measurements. */
  readonly signal?: AbortSignal | undefined;
  /** How a dispatch is timed. */
  readonly prepare?: typeof sampler;
}

/**
 * The tile for `product` where `ahead` operations of such products are to come. `dispatchOf` binds the whole product in a given tile to
 * buffers that a measurement may overwrite, all tiles at once. What is sure is kept for later runs, what is not for this process.
 * @throws what compiling and dispatching throw in the usual tile; InterruptedError.
 */
export async function chooseTile(
  gpu: Gpu,
  product: Product,
  ahead: number,
  dispatchOf: (tile: Tile) => Promise<Dispatch>,
  { root = cacheRoot(), signal, prepare = sampler }: Search = {},
): Promise<Tile> {
  const best = known.get(gpu) ?? readTiles(gpu, root);
  known.set(gpu, best);
  const key = classOf(product);
  const found = best.get(key);
  if (found) return found;
  const { first, seconds, repaid, blocks, rounds } = EFFORT[gpu.adapter.type];
  const usual = usualTile(product);
  if (ahead < repaid) return usual;
  const pilot = await samplesOf(gpu, product, usual, await dispatchOf(usual), first, prepare);
  const operations = seconds / Math.min(await pilot(), await pilot());
  const heed = (): void => {
    if (signal?.aborted) throw new InterruptedError("interrupted");
  };
  const trials: Trial[] = [];
  for (const tile of permittedTiles(gpu.limits)) {
    const block = tile.blockRows * tile.blockColumns;
    if (block < blocks[0] || block > blocks[1]) continue;
    heed();
    try {
      const sample = await samplesOf(gpu, product, tile, await dispatchOf(tile), operations, prepare);
      trials.push({ tile, sample, timings: [] });
    } catch (error) {
      // A tile that a driver does not compile is not the fastest. The usual one has run before.
      if (!(error instanceof ShaderCompileError || error instanceof GpuValidationError)) throw error;
    }
  }
  // In rounds, so that a load that comes and goes meets all tiles alike.
  let fastest = { tile: usual, sure: trials.length === 0 };
  for (let round = 1; round <= rounds[1] && !fastest.sure; round++) {
    for (const { sample, timings } of trials) {
      heed();
      timings.push(await sample());
    }
    if (round >= rounds[0]) fastest = fastestOf(trials);
  }
  best.set(key, fastest.tile);
  if (fastest.sure) writeTiles(gpu, new Map([[key, fastest.tile]]), root);
  return fastest.tile;
}
