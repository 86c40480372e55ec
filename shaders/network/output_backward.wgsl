// Back from the output to the last hidden layer: delta_ja = dLoss/dz_ja = force_a W_j slope_ja with the weights of before the step, and,
// where UPDATE, the descent of the output weights, dLoss/dW_j = sum_a force_a h_ja. Without UPDATE and with unit force delta is df_a/dz_ja.
// include: network/descend.wgsl

struct Params {
  units: u32,        // width and the bias row
  rows: u32,
  chunks: u32,
  forceStride: u32,  // chunks, or 0 for the same force on all networks
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> force: array<vec4f>;          // [networks][chunks]
@group(0) @binding(1) var<storage, read> hidden: array<vec4f>;         // [networks][rows][chunks]
@group(0) @binding(2) var<storage, read> slope: array<vec4f>;          // [networks][rows][chunks]
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;    // [networks][rows]
@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;   // as weights; one element without momentum
@group(0) @binding(5) var<storage, read_write> delta: array<vec4f>;    // [networks][rows][chunks]
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.units) { return; }
  let row = id.z * params.rows + id.x;
  let weight = weights[row];
  var gradient = 0.0;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let push = force[id.z * params.forceStride + chunk];
    let place = row * params.chunks + chunk;
    delta[place] = weight * push * slope[place];
    if (UPDATE) { gradient += dot(push, hidden[place]); }
  }
  if (UPDATE) { descend(row, gradient); }
}
