/**
 * Which tile a product takes: what was measured best on this adapter for products of its class, in this run or an earlier one; where
 * nothing was, a short measurement if the work ahead repays it, else a tile that is good on most. Tiles change the speed, never the sums.
 */
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
  /** Operations of one dispatch at most: milliseconds on hardware, tens of them on a software adapter, so that no submit is a long one. */
  readonly operations: number;
  readonly samples: number;
  /** Of one sample, where one dispatch takes less. */
  readonly seconds: number;
  /** Operations ahead that repay the search: many times what it costs. */
  readonly repaid: number;
  /** Least and most elements of a block: on a software adapter smaller ones are always slower, and larger ones take long to compile. */
  readonly blocks: readonly [number, number];
}

const EFFORT: Readonly<Record<Gpu["adapter"]["type"], Effort>> = {
  hardware: { operations: 4e10, samples: 5, seconds: 0.004, repaid: 2e13, blocks: [16, 64] },
  software: { operations: 5e7, samples: 2, seconds: 0.02, repaid: 1e11, blocks: [32, 32] },
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

/** Seconds of `tile` for each row of the products, from as many of the workgroups as one submit should have. */
async function secondsPerRow(gpu: Gpu, product: Product, tile: Tile, dispatch: Dispatch): Promise<number> {
  const { operations, samples, seconds } = EFFORT[gpu.adapter.type];
  const { rows, networks } = product;
  const rowsAtMost = Math.max(1, operations / (operationsOf(product) / (rows * networks)));
  const [x, y] = dispatch.workgroups;
  const batch = Math.min(networks, Math.max(1, Math.floor(rowsAtMost / rows)));
  const tiles = Math.min(x, Math.ceil(rowsAtMost / tile.rows));
  const timings = await timeDispatch(gpu, { ...dispatch, workgroups: [tiles, y, batch] }, samples, seconds);
  // The fastest: what disturbs a timing only ever lengthens it.
  return Math.min(...timings) / (Math.min(rows, tiles * tile.rows) * batch);
}

/**
 * The tile for `product` where `ahead` operations of such products are to come. `dispatchOf` binds the whole product in a given tile to
 * buffers that a measurement may overwrite.
 * @throws what compiling and dispatching throw.
 */
export async function chooseTile(
  gpu: Gpu,
  product: Product,
  ahead: number,
  dispatchOf: (tile: Tile) => Promise<Dispatch>,
  root: string = cacheRoot(),
): Promise<Tile> {
  const best = known.get(gpu) ?? readTiles(gpu, root);
  known.set(gpu, best);
  const key = classOf(product);
  const found = best.get(key);
  if (found) return found;
  const {
    repaid,
    blocks: [smallest, largest],
  } = EFFORT[gpu.adapter.type];
  if (ahead < repaid) return usualTile(product);
  let [fastest, least] = [usualTile(product), Number.POSITIVE_INFINITY];
  for (const tile of permittedTiles(gpu.limits)) {
    const block = tile.blockRows * tile.blockColumns;
    if (block < smallest || block > largest) continue;
    const seconds = await secondsPerRow(gpu, product, tile, await dispatchOf(tile));
    if (seconds < least) [fastest, least] = [tile, seconds];
  }
  best.set(key, fastest);
  writeTiles(gpu, new Map([[key, fastest]]), root);
  return fastest;
}
