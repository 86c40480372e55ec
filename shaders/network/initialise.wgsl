// Draws one layer's weights (or biases) from N(0, 1): element (unit, input) of network m is normal number unit * fanIn + input of the
// Philox stream (seed, network, layer), whatever the layout, so that every engine and batching draws the same ensemble.
// include: network/numbered.wgsl
// include: random/philox.wgsl
// include: random/normal.wgsl

struct Params {
  seed: vec2u,
  layer: u32,
  firstNetwork: u32,
  fanIn: u32,
  units: u32,
  quads: u32,      // fanIn * units numbers in fours
  firstInput: u32, // of those whose weights stand here, and how many they are
  inputs: u32,
  firstRow: u32,   // the row of the first: biases stand in the row after the weights'
  stride: u32,     // elements between rows
  networkSize: u32, // elements between networks
}

@group(0) @binding(0) var<storage, read_write> weights: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let quad = id.x + id.y * groups.x * 64u;
  if (quad >= params.quads) { return; }
  let counter = vec4u(quad, params.layer, params.firstNetwork + id.z, 0u);
  let values = normal4(philox4x32(counter, params.seed));
  for (var lane = 0u; lane < 4u; lane++) {
    let at = unitAndInput(quad, lane, params.fanIn);
    let input = at.y - params.firstInput; // those before wrap round, past all
    if (at.x < params.units && input < params.inputs) {
      weights[id.z * params.networkSize + (params.firstRow + input) * params.stride + at.x] = values[lane];
    }
  }
}
