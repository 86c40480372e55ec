// C = A B for each network of a batch, in tiles. A workgroup makes ROW_GROUPS x COLUMN_GROUPS groups of 4 x 4 elements of C from slices of
// the sum that lie in workgroup memory. An invocation (lane) keeps a block of them in registers, so that a vector read from workgroup memory
// serves a whole side of the block, and fetches its share of the next slice before it works on the present one, so that it does not wait.
//
// Both factors are stored in lines of vectors of four. The kernel that includes this file says how, and what becomes of C:
//   const LEFT_ALONG_SUM    true: a line is a row of A and runs along the sum; false: a line is a term of the sum and runs along the rows
//   const RIGHT_ALONG_SUM   the same of B and its columns
//   fn left(network: u32, line: u32, chunk: u32) -> vec4f        vector `chunk` of a line of A, zero outside its bounds
//   fn right(network: u32, line: u32, chunk: u32) -> vec4f       vector `chunk` of a line of B, zero outside its bounds
//   fn store(network: u32, row: u32, chunk: u32, value: vec4f)   takes four columns of a row of C inside its bounds
//   fn rowCount() -> u32                                         rows of C
// and `params.inner`, the length of the sum. The sizes are a tile's (tiles.ts): SLICE terms, LANES invocations with blocks of
// BLOCK_ROW_GROUPS x BLOCK_COLUMN_GROUPS groups, each of which fetches STAGES patches of a slice.
//
// Every element is summed term after term whatever the tile: the choice of tile does not show in the result.

const LANE_ROWS = ROW_GROUPS / BLOCK_ROW_GROUPS;
const LANE_COLUMNS = COLUMN_GROUPS / BLOCK_COLUMN_GROUPS;
// A slice moves in patches of four terms by four rows or columns, four vectors whichever way they are stored.
const QUADS = SLICE / 4u;
const LEFT_PATCHES = ROW_GROUPS * QUADS;
const PATCHES = LEFT_PATCHES + COLUMN_GROUPS * QUADS;

// [term][group], and one vector more: without it the patches that are transposed would be written to few of the memory's banks.
var<workgroup> leftTile: array<array<vec4f, ROW_GROUPS + 1u>, SLICE>;
var<workgroup> rightTile: array<array<vec4f, COLUMN_GROUPS + 1u>, SLICE>;

// Group and quad of terms of a patch; neighbouring lanes take neighbouring vectors of a line.
fn patchAt(e: u32, groups: u32, alongSum: bool) -> vec2u {
  return select(vec2u(e % groups, e / groups), vec2u(e / QUADS, e % QUADS), alongSum);
}

fn fetchLeft(network: u32, group: u32, k: u32) -> mat4x4f {
  let line = select(k, 4u * group, LEFT_ALONG_SUM);
  let chunk = select(group, k / 4u, LEFT_ALONG_SUM);
  return mat4x4f(
    left(network, line, chunk),
    left(network, line + 1u, chunk),
    left(network, line + 2u, chunk),
    left(network, line + 3u, chunk),
  );
}

fn fetchRight(network: u32, group: u32, k: u32) -> mat4x4f {
  let line = select(k, 4u * group, RIGHT_ALONG_SUM);
  let chunk = select(group, k / 4u, RIGHT_ALONG_SUM);
  return mat4x4f(
    right(network, line, chunk),
    right(network, line + 1u, chunk),
    right(network, line + 2u, chunk),
    right(network, line + 3u, chunk),
  );
}

// Networks of the batch, for a store into records of all of them.
var<private> networks: u32;

@compute @workgroup_size(LANES)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) tile: vec3u,
  @builtin(num_workgroups) tiles: vec3u,
) {
  let network = tile.z;
  networks = tiles.z;
  let firstRows = tile.x * ROW_GROUPS;
  let firstColumns = tile.y * COLUMN_GROUPS;
  // Neighbouring lanes read and write neighbouring columns. The groups of a block lie apart by as many as there are lanes, so that lanes
  // side by side read vectors side by side, of different banks.
  let laneRow = lane / LANE_COLUMNS;
  let laneColumn = lane % LANE_COLUMNS;
  // Where C ends early in a tile, lanes that have no row only help to fetch.
  let hasRows = 4u * (firstRows + laneRow) < rowCount();
  var sums: array<array<array<vec4f, BLOCK_COLUMN_GROUPS>, 4>, BLOCK_ROW_GROUPS>;
  var fetched: array<mat4x4f, STAGES>;
  for (var k0 = 0u; k0 < params.inner + SLICE; k0 += SLICE) {
    for (var s = 0u; s < STAGES; s++) { // unroll
      let e = lane + s * LANES;
      if (e < LEFT_PATCHES) {
        let place = patchAt(e, ROW_GROUPS, LEFT_ALONG_SUM);
        fetched[s] = fetchLeft(network, firstRows + place.x, k0 + 4u * place.y);
      } else if (e < PATCHES) {
        let place = patchAt(e - LEFT_PATCHES, COLUMN_GROUPS, RIGHT_ALONG_SUM);
        fetched[s] = fetchRight(network, firstColumns + place.x, k0 + 4u * place.y);
      }
    }
    if (k0 > 0u && hasRows) {
      for (var k = 0u; k < SLICE; k++) {
        var columns: array<vec4f, BLOCK_COLUMN_GROUPS>;
        for (var c = 0u; c < BLOCK_COLUMN_GROUPS; c++) { // unroll
          columns[c] = rightTile[k][laneColumn + c * LANE_COLUMNS];
        }
        for (var r = 0u; r < BLOCK_ROW_GROUPS; r++) { // unroll
          let rows = leftTile[k][laneRow + r * LANE_ROWS];
          for (var c = 0u; c < BLOCK_COLUMN_GROUPS; c++) { // unroll
            sums[r][0][c] += rows.x * columns[c];
            sums[r][1][c] += rows.y * columns[c];
            sums[r][2][c] += rows.z * columns[c];
            sums[r][3][c] += rows.w * columns[c];
          }
        }
      }
    }
    if (k0 < params.inner) {
      workgroupBarrier();
      for (var s = 0u; s < STAGES; s++) { // unroll
        let e = lane + s * LANES;
        var vectors = fetched[s];
        if (e < LEFT_PATCHES) {
          let place = patchAt(e, ROW_GROUPS, LEFT_ALONG_SUM);
          if (LEFT_ALONG_SUM) { vectors = transpose(vectors); }
          for (var v = 0u; v < 4u; v++) { // unroll
            leftTile[4u * place.y + v][place.x] = vectors[v];
          }
        } else if (e < PATCHES) {
          let place = patchAt(e - LEFT_PATCHES, COLUMN_GROUPS, RIGHT_ALONG_SUM);
          if (RIGHT_ALONG_SUM) { vectors = transpose(vectors); }
          for (var v = 0u; v < 4u; v++) { // unroll
            rightTile[4u * place.y + v][place.x] = vectors[v];
          }
        }
      }
      workgroupBarrier();
    }
  }
  for (var r = 0u; r < BLOCK_ROW_GROUPS; r++) { // unroll
    for (var v = 0u; v < 4u; v++) { // unroll
      for (var c = 0u; c < BLOCK_COLUMN_GROUPS; c++) { // unroll
        store(
          network,
          4u * (firstRows + laneRow + r * LANE_ROWS) + v,
          firstColumns + laneColumn + c * LANE_COLUMNS,
          sums[r][v][c],
        );
      }
    }
  }
}
