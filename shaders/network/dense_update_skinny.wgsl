// Descends a hidden layer's weights, dLoss/dW_ij = sum_a h_ia delta_ja, for few data: one invocation takes four neighbouring weights of
// one row, so that weights move as vectors, once in and once out.

struct Params {
  fanIn: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;             // [networks][rowsBelow][CHUNKS]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;             // [networks][rows][CHUNKS], zero past the width
@group(0) @binding(2) var<storage, read_write> weights: array<vec4f>;     // [networks][fanIn][stride]
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>;    // as weights; one element without momentum
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.stride) { return; }
  let firstBelow = (id.z * params.rowsBelow + id.y) * CHUNKS;
  let firstDelta = (id.z * params.rows + id.x * 4u) * CHUNKS;
  var gradient = vec4f(0.0);
  for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
    let h = below[firstBelow + chunk];
    gradient += vec4f(
      dot(h, delta[firstDelta + chunk]),
      dot(h, delta[firstDelta + CHUNKS + chunk]),
      dot(h, delta[firstDelta + 2u * CHUNKS + chunk]),
      dot(h, delta[firstDelta + 3u * CHUNKS + chunk]),
    );
  }
  let index = (id.z * params.fanIn + id.y) * params.stride + id.x;
  var step = -params.learningRate * gradient;
  if (MOMENTUM) {
    step += params.momentum * velocity[index];
    velocity[index] = step;
  }
  weights[index] += step;
}
