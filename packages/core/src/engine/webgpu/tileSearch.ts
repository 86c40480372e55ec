/**
 * Which tile a product takes: what was measured best on this adapter for products of its class, in this run or an earlier one; where
 * nothing was, a short measurement if the work ahead repays it, else a tile that is good on most. Tiles change the speed, never the sums.
 */
import { GpuValidationError, InterruptedError, ShaderCompileError } from "../../errors.ts";
import { cacheRoot } from "../../files/cache.ts";
import type { Gpu } from "./gpu.ts";
import type { Dispatch } from "./submit.ts";
import { type BestTiles, readTiles, writeTiles } from "./tileCache.ts";
import { nameOf, permittedTiles, TILES, type Tile } from "./tiles.ts";
import { timeDispatch } from "./timing.ts";

/** A batch of products, [rows][inner] by [inner][columns] each. */
export interface Product {
  readonly kind: "forward" | "backward" | "update";
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
  readonly samples: number;
  /** Operations ahead that repay the search: many times what it costs. */
  readonly repaid: number;
  /** Least and most elements of a block: on a software adapter smaller ones are always slower, and larger ones take long to compile. */
  readonly blocks: readonly [number, number];
}

const EFFORT: Readonly<Record<Gpu["adapter"]["type"], Effort>> = {
  hardware: { first: 1e9, seconds: 0.008, samples: 5, repaid: 2e13, blocks: [16, 64] },
  software: { first: 2e7, seconds: 0.02, samples: 2, repaid: 1e11, blocks: [32, 32] },
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

/** Seconds of `tile` for one operation, from as many of the workgroups as have `operations` or all. */
async function secondsPerOperation(
  gpu: Gpu,
  product: Product,
  tile: Tile,
  dispatch: Dispatch,
  operations: number,
): Promise<number> {
  const { samples, seconds } = EFFORT[gpu.adapter.type];
  const { rows, networks } = product;
  const operationsPerRow = operationsOf(product) / (rows * networks);
  const rowsAtMost = operations / operationsPerRow;
  const [x, y] = dispatch.workgroups;
  const batch = Math.min(networks, Math.max(1, Math.floor(rowsAtMost / rows)));
  const tiles = Math.min(x, Math.max(1, Math.ceil(rowsAtMost / tile.rows)));
  const timings = await timeDispatch(gpu, { ...dispatch, workgroups: [tiles, y, batch] }, samples, seconds);
  // The fastest: what disturbs a timing only ever lengthens it.
  return Math.min(...timings) / (Math.min(rows, tiles * tile.rows) * batch * operationsPerRow);
}

export interface Search {
  /** Folder of the tiles that are kept. */
  readonly root?: string;
  /** Heard between measurements. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The tile for `product` where `ahead` operations of such products are to come. `dispatchOf` binds the whole product in a given tile to
 * buffers that a measurement may overwrite.
 * @throws what compiling and dispatching throw in the usual tile; InterruptedError.
 */
export async function chooseTile(
  gpu: Gpu,
  product: Product,
  ahead: number,
  dispatchOf: (tile: Tile) => Promise<Dispatch>,
  { root = cacheRoot(), signal }: Search = {},
): Promise<Tile> {
  const best = known.get(gpu) ?? readTiles(gpu, root);
  known.set(gpu, best);
  const key = classOf(product);
  const found = best.get(key);
  if (found) return found;
  const { first, seconds, repaid, blocks } = EFFORT[gpu.adapter.type];
  if (ahead < repaid) return usualTile(product);
  let [fastest, least] = [usualTile(product), Number.POSITIVE_INFINITY];
  const pilot = await secondsPerOperation(gpu, product, fastest, await dispatchOf(fastest), first);
  for (const tile of permittedTiles(gpu.limits)) {
    const block = tile.blockRows * tile.blockColumns;
    if (block < blocks[0] || block > blocks[1]) continue;
    if (signal?.aborted) throw new InterruptedError("interrupted");
    try {
      const cost = await secondsPerOperation(gpu, product, tile, await dispatchOf(tile), seconds / pilot);
      if (cost < least) [fastest, least] = [tile, cost];
    } catch (error) {
      // A tile that a driver does not compile is not the fastest. The usual one has run before.
      if (!(error instanceof ShaderCompileError || error instanceof GpuValidationError)) throw error;
    }
  }
  best.set(key, fastest);
  writeTiles(gpu, new Map([[key, fastest]]), root);
  return fastest;
}
