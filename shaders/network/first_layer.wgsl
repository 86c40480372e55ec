// First hidden layer at all data: z_ja = sum_i W_ij x_ia, the inputs carrying weightStd / sqrt(d) and, as their last row, biasStd.
// An invocation takes one unit and four data at a time; neighbouring invocations write neighbouring memory.
// include: network/activate.wgsl

struct Params {
  fanIn: u32,       // input coordinates and the bias row
  width: u32,
  stride: u32,      // weights between rows
  rows: u32,        // rows of hidden and slope for each network
  chunks: u32,      // groups of four data
  scale: f32,       // weightStd / sqrt(width)
  bias: f32,        // biasStd
}

@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;       // [fanIn][chunks]
@group(0) @binding(1) var<storage, read> weights: array<f32>;        // [networks][fanIn][stride]
@group(0) @binding(2) var<storage, read_write> hidden: array<vec4f>; // [networks][rows][chunks]
@group(0) @binding(3) var<storage, read_write> slope: array<vec4f>;  // [networks][rows][chunks]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let chunks = params.chunks;
  for (var item = id.x; item < (params.width + 1u) * chunks; item += groups.x * 64u) {
    let unit = item / chunks;
    let chunk = item - unit * chunks;
    var z = vec4f(0.0);
    if (unit < params.width) {
      let first = id.z * params.fanIn * params.stride + unit;
      for (var i = 0u; i < params.fanIn; i++) {
        z += weights[first + i * params.stride] * inputs[i * chunks + chunk];
      }
    }
    storeActivated((id.z * params.rows + unit) * chunks + chunk, unit == params.width, z);
  }
}
