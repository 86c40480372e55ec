// Descends the first layer at many data of many coordinates, dLoss/dW_ij = sum_a x_ia delta_ja, as a tiled product with the update fused into
// its end: the same as first_update.wgsl.
// include: network/descend_weights.wgsl
// include: linalg/tiled_product.wgsl

struct Params {
  inner: u32,       // data
  fanIn: u32,       // input coordinates and the bias row
  stride: u32,      // vectors of four weights between rows
  rows: u32,
  chunks: u32,
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;         // [fanIn][chunks]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;          // [networks][rows][chunks], zero past the width and the data
@group(0) @binding(2) var<storage, read_write> weights: array<vec4f>;  // [networks][fanIn][stride]
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>; // as weights; one element without momentum
@group(0) @binding(4) var<uniform> params: Params;

const LEFT_ALONG_SUM = true;
const RIGHT_ALONG_SUM = true;

fn rowCount() -> u32 { return params.fanIn; }

fn left(network: u32, i: u32, chunk: u32) -> vec4f {
  if (i >= params.fanIn || chunk >= params.chunks) { return vec4f(0.0); }
  return inputs[i * params.chunks + chunk];
}

fn right(network: u32, j: u32, chunk: u32) -> vec4f {
  if (j >= 4u * params.stride || chunk >= params.chunks) { return vec4f(0.0); }
  return delta[(network * params.rows + j) * params.chunks + chunk];
}

fn store(network: u32, i: u32, group: u32, gradient: vec4f) {
  if (i >= params.fanIn || group >= params.stride) { return; }
  let index = (network * params.fanIn + i) * params.stride + group;
  descendWeights(index, weights[index], gradient);
}
