// The first hidden layer at many data of many coordinates, z_ja = sum_i W_ij x_ia, as a tiled product: the same as first_layer.wgsl.
// include: network/activate.wgsl
// include: linalg/tiled_product.wgsl

struct Params {
  inner: u32,       // input coordinates and the bias row
  width: u32,
  stride: u32,      // vectors of four weights between rows
  rows: u32,
  chunks: u32,
  scale: f32,
  bias: f32,
}

@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;        // [inner][chunks]
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;       // [networks][inner][stride]
@group(0) @binding(2) var<storage, read_write> hidden: array<vec4f>;  // [networks][rows][chunks]
@group(0) @binding(3) var<storage, read_write> slope: array<vec4f>;   // [networks][rows][chunks]
@group(0) @binding(4) var<uniform> params: Params;

const LEFT_ALONG_SUM = false;
const RIGHT_ALONG_SUM = false;

fn rowCount() -> u32 { return params.width; }

fn left(network: u32, i: u32, group: u32) -> vec4f {
  if (i >= params.inner || group >= params.stride) { return vec4f(0.0); }
  return weights[(network * params.inner + i) * params.stride + group];
}

fn right(network: u32, i: u32, chunk: u32) -> vec4f {
  if (i >= params.inner || chunk >= params.chunks) { return vec4f(0.0); }
  return inputs[i * params.chunks + chunk];
}

fn store(network: u32, unit: u32, chunk: u32, z: vec4f) {
  if (unit >= params.width || chunk >= params.chunks) { return; }
  storeActivated((network * params.rows + unit) * params.chunks + chunk, false, z);
  // The bias row has no product.
  if (unit == 0u) { storeActivated((network * params.rows + params.width) * params.chunks + chunk, true, z); }
}
