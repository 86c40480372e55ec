// Where the empirical kernel's way down begins: the sensitivities of the outputs to the last hidden layer, df_c(x_a)/dz_ja = W_jc slope_ja,
// the outputs' columns one after another. An invocation takes one unit and four data of one output at a time.

struct Params {
  width: u32,
  rows: u32,
  chunks: u32,
}

@group(0) @binding(0) var<storage, read> slope: array<vec4f>;                // [networks][rows][chunks]
@group(0) @binding(1) var<storage, read> weights: array<f32>;                // [networks][rows][outputs]
@group(0) @binding(2) var<storage, read_write> sensitivity: array<vec4f>;    // [networks][rows][outputs][chunks]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let outputs = groups.y;
  for (var item = id.x; item < params.width * params.chunks; item += groups.x * 64u) {
    let unit = item / params.chunks;
    let chunk = item - unit * params.chunks;
    let row = id.z * params.rows + unit;
    let weight = weights[row * outputs + id.y];
    sensitivity[(row * outputs + id.y) * params.chunks + chunk] = weight * slope[row * params.chunks + chunk];
  }
}
