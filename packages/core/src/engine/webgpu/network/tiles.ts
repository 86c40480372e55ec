/**
 * The tiles of a register-tiled product (shaders/linalg/tiled_product.wgsl): what a workgroup makes, what an invocation of it keeps in
 * registers, and the few of them that are worth measuring on an adapter.
 */

export interface Tile {
  /** Of C that a workgroup makes; multiples of the block's. */
  readonly rows: number;
  readonly columns: number;
  /** Terms of the sum that lie in workgroup memory at once; a multiple of four. */
  readonly slice: number;
  /** Of C that an invocation keeps in registers; multiples of four. */
  readonly blockRows: number;
  readonly blockColumns: number;
}

const tile = (rows: number, columns: number, slice: number, blockRows: number, blockColumns: number): Tile => ({
  rows,
  columns,
  slice,
  blockRows,
  blockColumns,
});

/**
 * Smallest first, which is also the order in which they are measured. A block of b x c does b c multiply-adds for (b + c) / 4 vectors read
 * from workgroup memory: 8, 11 and 16 for each vector of 4 x 4, 8 x 4 and 8 x 8. A GPU of NVIDIA's reads a fourth of a vector in the time
 * of a lane's multiply-add, so that 4 x 4 may just starve its arithmetic and 8 x 8 never does; but 8 x 8 takes about 120 registers with
 * its fetched patches, which leaves a multiprocessor of 65,536 registers 512 invocations, against 1,024 and more of the others. Sixteen
 * terms make a line's part 64 bytes, two whole sectors of memory, where the line runs along the sum.
 */
export const TILES: readonly Tile[] = [
  // For small layers and single networks: most workgroups; on software adapters, whose workgroup memory is a cache's, the least traffic.
  tile(32, 32, 16, 4, 4),
  // For 17 to 32 data, of which no columns are lost, with a larger block along the units.
  tile(64, 32, 16, 8, 4),
  tile(128, 32, 16, 8, 4),
  // Squares in the middle: half the memory traffic of 32 x 32; the same tile in two sizes of block, since registers differ between GPUs.
  tile(64, 64, 16, 8, 4),
  tile(64, 64, 16, 8, 8),
  // For up to 64 data, twice the use of each value that is fetched for the columns.
  tile(128, 64, 16, 8, 8),
  // The classic of large products: 32 multiply-adds for each byte fetched, with half the slice for adapters of 16 KiB workgroup memory.
  tile(128, 128, 8, 8, 8),
  tile(128, 128, 16, 8, 8),
];

/** Invocations of a workgroup. */
export const lanesOf = ({ rows, columns, blockRows, blockColumns }: Tile): number =>
  (rows / blockRows) * (columns / blockColumns);

/** Bytes of workgroup memory, with the vector of padding after each term's groups. */
const memoryOf = ({ rows, columns, slice }: Tile): number => 4 * slice * (rows + 4 + columns + 4);

/** The tiles that an adapter of these limits can run. */
export function permittedTiles(limits: GPUSupportedLimits): Tile[] {
  const lanes = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  return TILES.filter(
    (candidate) => lanesOf(candidate) <= lanes && memoryOf(candidate) <= limits.maxComputeWorkgroupStorageSize,
  );
}

/** The constants of tiled_product.wgsl. */
export function tileConstants(given: Tile): Record<string, number> {
  const LANES = lanesOf(given);
  const patches = ((given.rows + given.columns) * given.slice) / 16;
  return {
    LANES,
    SLICE: given.slice,
    ROW_GROUPS: given.rows / 4,
    COLUMN_GROUPS: given.columns / 4,
    BLOCK_ROW_GROUPS: given.blockRows / 4,
    BLOCK_COLUMN_GROUPS: given.blockColumns / 4,
    STAGES: Math.ceil(patches / LANES),
  };
}

/** Workgroups along the rows and along the columns of C, `chunks` being the columns in fours. */
export const tilesOf = (given: Tile, rows: number, chunks: number): readonly [number, number] => [
  Math.ceil(rows / given.rows),
  Math.ceil((4 * chunks) / given.columns),
];

export const nameOf = ({ rows, columns, slice, blockRows, blockColumns }: Tile): string =>
  `${rows}x${columns}x${slice} in ${blockRows}x${blockColumns}`;
