// A hidden layer after the first at many data, z_ja = sum_i W_ij h_ia + biasStd b_j, as a tiled product with the biases and the activation fused into
// its end.
// include: network/dense_store.wgsl
// include: linalg/tiled_product.wgsl

struct Params {
  firstBelow: u32,  // of the units of the layer below whose weights stand here, and how many they are
  inner: u32,
  width: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  chunks: u32,
  scale: f32,
  bias: f32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;         // [networks][rowsBelow][chunks]
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;       // [networks][inner][stride]
@group(0) @binding(2) var<storage, read> biases: array<f32>;          // [networks][4 stride]
@group(0) @binding(3) var<storage, read_write> hidden: array<vec4f>;  // [networks][rows][chunks]
@group(0) @binding(4) var<storage, read_write> slope: array<vec4f>;   // [networks][rows][chunks]
@group(0) @binding(5) var<uniform> params: Params;

const LEFT_ALONG_SUM = false;
const RIGHT_ALONG_SUM = false;

fn rowCount() -> u32 { return params.width; }

fn left(network: u32, i: u32, group: u32) -> vec4f {
  if (i >= params.inner || group >= params.stride) { return vec4f(0.0); }
  return weights[(network * params.inner + i) * params.stride + group];
}

fn right(network: u32, i: u32, chunk: u32) -> vec4f {
  if (i >= params.inner || chunk >= params.chunks) { return vec4f(0.0); }
  return below[(network * params.rowsBelow + params.firstBelow + i) * params.chunks + chunk];
}

fn store(network: u32, unit: u32, chunk: u32, sum: vec4f) {
  if (unit >= params.width || chunk >= params.chunks) { return; }
  var z = sum;
  if (LAST) { z += params.bias * biases[network * 4u * params.stride + unit]; }
  storeSum((network * params.rows + unit) * params.chunks + chunk, false, z);
  // The next layer's bias row has no product; one row of tiles more for it alone would often be a tenth of the work.
  if (LAST && unit == 0u) { storeActivated((network * params.rows + params.width) * params.chunks + chunk, true, z); }
}
