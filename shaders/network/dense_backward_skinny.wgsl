// Back through a hidden layer, delta_ia = slope_ia sum_j W_ij delta_ja, for few data: one invocation takes one unit of the layer below
// and all data, and walks its own row of weights in vectors of four.

struct Params {
  fanIn: u32,       // units of the layer below and its bias row
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<vec4f>;            // [networks][fanIn][stride]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;              // [networks][rows][CHUNKS], zero past the width
@group(0) @binding(2) var<storage, read> slopeBelow: array<vec4f>;         // [networks][rowsBelow][CHUNKS]
@group(0) @binding(3) var<storage, read_write> deltaBelow: array<vec4f>;   // [networks][rowsBelow][CHUNKS]
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  // The bias row has no unit below it.
  if (id.x + 1u >= params.fanIn) { return; }
  let firstWeight = (id.z * params.fanIn + id.x) * params.stride;
  let firstDelta = id.z * params.rows * CHUNKS;
  var sum: array<vec4f, CHUNKS>;
  for (var j = 0u; j < params.stride; j++) {
    let w = weights[firstWeight + j];
    for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
      let place = firstDelta + j * 4u * CHUNKS + chunk;
      sum[chunk] += w.x * delta[place] + w.y * delta[place + CHUNKS] + w.z * delta[place + 2u * CHUNKS] + w.w * delta[place + 3u * CHUNKS];
    }
  }
  for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
    let place = (id.z * params.rowsBelow + id.x) * CHUNKS + chunk;
    deltaBelow[place] = slopeBelow[place] * sum[chunk];
  }
}
