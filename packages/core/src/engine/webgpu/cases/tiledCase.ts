/** What the cases of tiled products share: each is checked in every tile, and timed in each that a benchmark measures. */
import type { KernelDeclaration } from "../kernel.ts";
import type { Product } from "../network/tileSearch.ts";
import { TILES, tilesOf } from "../network/tiles.ts";
import type { BuiltCase, Draw, KernelCase } from "./case.ts";
import { type Shape, TILED_TIMED } from "./networkShapes.ts";

/** A product's tiled case, in every tile, given its place among them. */
export function tiledCase(
  product: (shape: Shape) => Product,
  declaration: KernelDeclaration<string>,
  build: (shape: Shape, draw: Draw) => BuiltCase,
  shapes: (tile: number) => readonly Shape[],
  timed: KernelCase<Shape>["timed"] = TILED_TIMED,
): KernelCase<Shape> {
  return {
    declaration,
    checks: TILES.flatMap((tile, t) => shapes(t).map((shape) => ({ ...shape, tile }))),
    timed,
    build,
    tiled: { product, inTile: (shape, tile) => ({ ...shape, tile }) },
  };
}

/**
 * The shapes in every third tile, small, middling and large ones: for kernels that say no more than where their factors lie, while others are
 * checked in every tile.
 */
export const inSomeTiles =
  (shapes: readonly Shape[]) =>
  (tile: number): readonly Shape[] =>
    tile % 3 === 0 ? shapes : [];

/** Workgroups of the tiled kernel: `down` rows and `across` groups of columns. */
export const groupsOf =
  ({ tile = TILES[0]!, networks }: Shape, down: number, across: number) =>
  (): [number, number, number] => [...tilesOf(tile, down, across), networks];
