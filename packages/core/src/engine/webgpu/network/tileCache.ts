/**
 * The tiles that were measured best on an adapter, kept between runs in one file for each adapter. A cache saves a few seconds and no
 * more: whatever is wrong with the file or its folder, the tiles are measured again and nobody is told.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readShader, resolveIncludes } from "@slowroll/shaders";
import { z } from "#zod";
import { cacheRoot } from "../../../files/cache.ts";
import { replaceFile } from "../../../files/replace.ts";
import { VERSION } from "../../../version.ts";
import type { Gpu } from "../gpu.ts";
import { tiled } from "./ensembleKernels.ts";
import { nameOf, permittedTiles, TILES, type Tile } from "./tiles.ts";

/** Tiles by class of product (tileSearch.ts). */
export type BestTiles = Map<string, Tile>;

const content = z.strictObject({
  adapter: z.string(),
  version: z.string(),
  kernels: z.string(),
  tiles: z.record(z.string(), z.string()),
});

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Of the tiled kernels and the tiles they were measured in: a change of either makes the measurements another program's. */
const kernelsDigest = (): string =>
  digest(
    tiled
      .map(({ name }) => resolveIncludes(readShader(`${name}.wgsl`)))
      .concat(TILES.map(nameOf))
      .join("\n"),
  );

const fileOf = ({ identity }: Pick<Gpu, "identity">, root: string): string =>
  path.join(root, `tiles-${digest(identity)}.json`);

/** What was measured on this adapter with these kernels; nothing where the file is missing, broken, another adapter's or version's. */
export function readTiles(gpu: Pick<Gpu, "identity" | "limits">, root: string = cacheRoot()): BestTiles {
  try {
    const { adapter, version, kernels, tiles } = content.parse(JSON.parse(readFileSync(fileOf(gpu, root), "utf8")));
    if (adapter !== gpu.identity || version !== VERSION || kernels !== kernelsDigest()) return new Map();
    const permitted = new Map(permittedTiles(gpu.limits).map((tile) => [nameOf(tile), tile]));
    const best: BestTiles = new Map();
    for (const [product, name] of Object.entries(tiles)) {
      const tile = permitted.get(name);
      if (!tile) return new Map();
      best.set(product, tile);
    }
    return best;
  } catch {
    return new Map();
  }
}

/** Adds tiles to those of the file, which other processes write too. */
export function writeTiles(gpu: Pick<Gpu, "identity" | "limits">, tiles: BestTiles, root: string = cacheRoot()): void {
  const all = new Map([...readTiles(gpu, root), ...tiles]);
  const text = JSON.stringify({
    adapter: gpu.identity,
    version: VERSION,
    kernels: kernelsDigest(),
    tiles: Object.fromEntries([...all].sort().map(([product, tile]) => [product, nameOf(tile)])),
  } satisfies z.infer<typeof content>);
  try {
    mkdirSync(root, { recursive: true });
    replaceFile(fileOf(gpu, root), (partial) => writeFileSync(partial, text));
  } catch {
    // Measured again next time.
  }
}
