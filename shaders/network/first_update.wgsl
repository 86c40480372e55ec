// Descends the first layer: dLoss/dW_ij = sum_a delta_ja x_ia. An invocation, or SHARING of them, takes one unit at a time, with all of its
// inputs or, where they are many and rows of workgroups share them, as many as each has.
// include: network/descend.wgsl

struct Params {
  fanIn: u32,
  width: u32,
  stride: u32,
  rows: u32,
  chunks: u32,
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;         // [fanIn][chunks]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;          // [networks][rows][chunks]
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;    // [networks][fanIn][stride]
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;   // as weights; one element without momentum
@group(0) @binding(4) var<uniform> params: Params;

const UNITS = 64u / SHARING;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.z;
  for (var first = group.x * UNITS; first < params.width; first += groups.x * UNITS) {
    let unit = first + lane / SHARING;
    let own = (network * params.rows + unit) * params.chunks;
    for (var i = group.y; i < params.fanIn; i += groups.y) {
      var gradient = 0.0;
      if (unit < params.width) {
        for (var chunk = lane % SHARING; chunk < params.chunks; chunk += SHARING) {
          gradient += dot(delta[own + chunk], inputs[i * params.chunks + chunk]);
        }
      }
      gradient = sharedSum(lane, gradient);
      if (unit < params.width && lane % SHARING == 0u) { descend((network * params.fanIn + i) * params.stride + unit, gradient); }
    }
  }
}
