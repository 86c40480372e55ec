/** A layered trainer's products in the tiles that suit the adapter and the work ahead. */
import type { EnsembleJob } from "../../ensembleJob.ts";
import type { Gpu } from "../gpu.ts";
import type { Bind, Bound } from "./bound.ts";
import type { EnsemblePlan } from "./ensemblePlan.ts";
import { chooseTile, operationsOf, type Product } from "./tileSearch.ts";
import type { Tile } from "./tiles.ts";

/** What the products of all layers share. */
export interface Setting {
  readonly gpu: Gpu;
  readonly job: EnsembleJob;
  readonly plan: EnsemblePlan;
  readonly bind: Bind;
  /** Measure tiles however little there is to compute. */
  readonly searchTiles: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Binds a product of `product` for one batch, which each network takes `uses` times in the job, in the tile that suits it. Where tiles are
 * measured, it writes what it is bound to; one that records, the first record.
 * @throws ShaderCompileError, OutOfDeviceMemoryError, InterruptedError.
 */
export async function bindTiled(
  { gpu, job, plan: { batch }, searchTiles, signal }: Setting,
  product: Omit<Product, "networks">,
  uses: number,
  bindIn: (tile: Tile) => Promise<Bound>,
): Promise<Bound> {
  const ofBatch = { ...product, networks: batch };
  const ahead = searchTiles ? Number.POSITIVE_INFINITY : (operationsOf(ofBatch) * uses * job.networks.count) / batch;
  return bindIn(await chooseTile(gpu, ofBatch, ahead, async (tile) => (await bindIn(tile))(batch, 0), { signal }));
}
