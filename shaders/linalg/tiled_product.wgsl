// C = A B for each network of a batch, in tiles held in workgroup memory. The kernel that includes this file says what the matrices are:
//   fn left(network: u32, row: u32, k: u32) -> f32          A, zero outside its bounds
//   fn right(network: u32, k: u32, chunk: u32) -> vec4f     four columns of B, zero outside its bounds
//   fn store(network: u32, row: u32, chunk: u32, value: vec4f)   takes C inside its bounds
// and `tile.inner`, the length of the sum. A workgroup makes 32 x 32 elements of C from slices of 16 of the sum; an invocation keeps a
// block of 4 x 4 in registers, so that each value read from workgroup memory is used four times.

const TILE_ROWS = 32u;
const TILE_CHUNKS = 8u;
const SLICE = 16u;

var<workgroup> leftTile: array<array<f32, 33>, 16>;  // [k][row]; one more than the rows, against bank conflicts
var<workgroup> rightTile: array<array<vec4f, 8>, 16>; // [k][chunk]

@compute @workgroup_size(8, 8)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
) {
  let network = group.z;
  let firstRow = group.x * TILE_ROWS;
  let firstChunk = group.y * TILE_CHUNKS;
  var tile: array<vec4f, 4>;
  for (var k0 = 0u; k0 < params.inner; k0 += SLICE) {
    for (var e = lane; e < SLICE * TILE_ROWS; e += 64u) {
      let k = e / TILE_ROWS;
      let row = e % TILE_ROWS;
      leftTile[k][row] = left(network, firstRow + row, k0 + k);
    }
    for (var e = lane; e < SLICE * TILE_CHUNKS; e += 64u) {
      let k = e / TILE_CHUNKS;
      let chunk = e % TILE_CHUNKS;
      rightTile[k][chunk] = right(network, k0 + k, firstChunk + chunk);
    }
    workgroupBarrier();
    for (var k = 0u; k < SLICE; k++) {
      let columns = rightTile[k][local.x];
      tile[0] += leftTile[k][local.y * 4u] * columns;
      tile[1] += leftTile[k][local.y * 4u + 1u] * columns;
      tile[2] += leftTile[k][local.y * 4u + 2u] * columns;
      tile[3] += leftTile[k][local.y * 4u + 3u] * columns;
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 4u; r++) {
    store(network, firstRow + local.y * 4u + r, firstChunk + local.x, tile[r]);
  }
}
