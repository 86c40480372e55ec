// One layer's part of each network's empirical kernel at many data, (sum_j s_j(ca) s_j(eb)) (sum_i h_ia h_ib), as kernel_layer.wgsl has it: the
// first sum as a tiled product, with the second, of gram.wgsl, multiplied in at its end.
// include: linalg/tiled_product.wgsl

struct Params {
  inner: u32,       // units above; 0 for the outputs, each of which is sensitive to itself alone
  rows: u32,
  gramRows: u32,    // between networks; 0 where all share the same inputs
  chunks: u32,      // groups of four data
  columns: u32,     // the same of all outputs
  accumulate: u32,  // 0: the first layer's part overwrites
}
struct Slot {
  record: u32,
}

@group(0) @binding(0) var<storage, read> sensitivity: array<vec4f>;     // [networks][rows][columns]
@group(0) @binding(1) var<storage, read> gram: array<vec4f>;            // [networks][4 chunks][chunks]
@group(0) @binding(2) var<storage, read_write> kernels: array<vec4f>;   // [records][networks][4 columns][columns]
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> slot: Slot;

const LEFT_ALONG_SUM = false;
const RIGHT_ALONG_SUM = false;

fn rowCount() -> u32 { return 4u * params.columns; }

fn left(network: u32, j: u32, column: u32) -> vec4f {
  if (j >= params.inner || column >= params.columns) { return vec4f(0.0); }
  return sensitivity[(network * params.rows + j) * params.columns + column];
}

fn right(network: u32, j: u32, column: u32) -> vec4f { return left(network, j, column); }

fn store(network: u32, row: u32, column: u32, sum: vec4f) {
  if (row >= rowCount() || column >= params.columns) { return; }
  let data = 4u * params.chunks;
  var up = sum;
  if (params.inner == 0u) { up = vec4f(f32(row / data == column / params.chunks)); }
  let place = ((slot.record * networks + network) * rowCount() + row) * params.columns + column;
  var total = up * gram[(network * params.gramRows + row % data) * params.chunks + column % params.chunks];
  if (params.accumulate != 0u) { total += kernels[place]; }
  kernels[place] = total;
}
