// Back through a hidden layer at many data, delta_ia = slope_ia sum_j W_ij delta_ja, as a tiled product.
// include: linalg/tiled_product.wgsl

struct Params {
  inner: u32,       // units of the upper layer
  firstBelow: u32,  // of the units of the layer below whose weights stand here, and how many they are
  widthBelow: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  chunks: u32,      // of the deltas
  slopeChunks: u32, // of the slopes, which outputs share whose deltas are columns of their own
}

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;            // [networks][widthBelow][stride]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;              // [networks][rows][chunks]
@group(0) @binding(2) var<storage, read> slopeBelow: array<vec4f>;         // [networks][rowsBelow][slopeChunks]
@group(0) @binding(3) var<storage, read_write> deltaBelow: array<vec4f>;   // [networks][rowsBelow][chunks]
@group(0) @binding(4) var<uniform> params: Params;

const LEFT_ALONG_SUM = true;
const RIGHT_ALONG_SUM = false;

fn rowCount() -> u32 { return params.widthBelow; }

// Weights past the width are zero.
fn left(network: u32, i: u32, group: u32) -> vec4f {
  if (i >= rowCount() || group >= params.stride) { return vec4f(0.0); }
  return weights[(network * params.widthBelow + i) * params.stride + group];
}

fn right(network: u32, j: u32, chunk: u32) -> vec4f {
  if (j >= params.inner || chunk >= params.chunks) { return vec4f(0.0); }
  return delta[(network * params.rows + j) * params.chunks + chunk];
}

fn store(network: u32, i: u32, chunk: u32, value: vec4f) {
  if (i >= rowCount() || chunk >= params.chunks) { return; }
  let row = network * params.rowsBelow + params.firstBelow + i;
  deltaBelow[row * params.chunks + chunk] = slopeBelow[row * params.slopeChunks + chunk % params.slopeChunks] * value;
}
