// Descends a hidden layer's weights and biases at many data, dLoss/dW_ij = sum_a h_ia delta_ja, as a tiled product with the update fused
// into its end. The biases' row of it is the last, of the last part.
// include: network/descend_layer.wgsl
// include: linalg/tiled_product.wgsl

struct Params {
  inner: u32,       // data
  firstBelow: u32,  // of the units of the layer below whose weights stand here, and how many they are
  widthBelow: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  chunks: u32,
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;             // [networks][rowsBelow][chunks]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;             // [networks][rows][chunks], zero past the width and the data
@group(0) @binding(2) var<storage, read_write> weights: array<vec4f>;     // [networks][widthBelow][stride]
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>;    // as weights; one element without momentum
@group(0) @binding(4) var<storage, read_write> biases: array<vec4f>;      // [networks][stride]
@group(0) @binding(5) var<storage, read_write> biasVelocity: array<vec4f>; // as biases; one element without momentum
@group(0) @binding(6) var<uniform> params: Params;

const LEFT_ALONG_SUM = true;
const RIGHT_ALONG_SUM = true;

fn rowCount() -> u32 { return params.widthBelow + select(0u, 1u, LAST); }

fn left(network: u32, i: u32, chunk: u32) -> vec4f {
  if (i >= rowCount() || chunk >= params.chunks) { return vec4f(0.0); }
  return below[(network * params.rowsBelow + params.firstBelow + i) * params.chunks + chunk];
}

fn right(network: u32, j: u32, chunk: u32) -> vec4f {
  if (j >= 4u * params.stride || chunk >= params.chunks) { return vec4f(0.0); }
  return delta[(network * params.rows + j) * params.chunks + chunk];
}

fn store(network: u32, i: u32, group: u32, gradient: vec4f) {
  if (i >= rowCount() || group >= params.stride) { return; }
  if (i == params.widthBelow) {
    descendBiases(network * params.stride + group, gradient);
  } else {
    let index = (network * params.widthBelow + i) * params.stride + group;
    descendWeights(index, weights[index], gradient);
  }
}
