// Products of the data over a layer's units, sum_i h_ia h_ib, which all pairs of outputs have in common in the empirical kernel at many data
// (kernel_layer_tiled.wgsl), as a tiled product.
// include: linalg/tiled_product.wgsl

struct Params {
  inner: u32,       // units below and the bias row
  rows: u32,        // between networks
  chunks: u32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;       // [networks][rows][chunks]
@group(0) @binding(1) var<storage, read_write> gram: array<vec4f>;  // [networks][4 chunks][chunks]
@group(0) @binding(2) var<uniform> params: Params;

const LEFT_ALONG_SUM = false;
const RIGHT_ALONG_SUM = false;

fn rowCount() -> u32 { return 4u * params.chunks; }

fn left(network: u32, i: u32, chunk: u32) -> vec4f {
  if (i >= params.inner || chunk >= params.chunks) { return vec4f(0.0); }
  return below[(network * params.rows + i) * params.chunks + chunk];
}

fn right(network: u32, i: u32, chunk: u32) -> vec4f { return left(network, i, chunk); }

fn store(network: u32, a: u32, chunk: u32, sum: vec4f) {
  if (a >= rowCount() || chunk >= params.chunks) { return; }
  gram[(network * rowCount() + a) * params.chunks + chunk] = sum;
}
