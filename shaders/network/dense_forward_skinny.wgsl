// A hidden layer after the first, z_ja = sum_i W_ij h_ia, for few data (at most 16): one invocation takes four units and all data, so that
// every weight is read once, as part of a vector, by neighbouring invocations from neighbouring memory.
// include: network/activate.wgsl

struct Params {
  fanIn: u32,       // units of the layer below and its bias row
  width: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  scale: f32,
  bias: f32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;         // [networks][rowsBelow][CHUNKS]
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;       // [networks][fanIn][stride]
@group(0) @binding(2) var<storage, read_write> hidden: array<vec4f>;  // [networks][rows][CHUNKS]
@group(0) @binding(3) var<storage, read_write> slope: array<vec4f>;   // [networks][rows][CHUNKS]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x * 4u > params.width) { return; }
  var z: array<array<vec4f, CHUNKS>, 4>;
  if (id.x < params.stride) {
    let firstBelow = id.z * params.rowsBelow * CHUNKS;
    let firstWeight = id.z * params.fanIn * params.stride + id.x;
    for (var i = 0u; i < params.fanIn; i++) {
      let w = weights[firstWeight + i * params.stride];
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
        let h = below[firstBelow + i * CHUNKS + chunk];
        z[0][chunk] += w.x * h;
        z[1][chunk] += w.y * h;
        z[2][chunk] += w.z * h;
        z[3][chunk] += w.w * h;
      }
    }
  }
  for (var u = 0u; u < 4u; u++) { // unroll
    let unit = id.x * 4u + u;
    if (unit <= params.width) {
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
        storeActivated((id.z * params.rows + unit) * CHUNKS + chunk, unit == params.width, z[u][chunk]);
      }
    }
  }
}
