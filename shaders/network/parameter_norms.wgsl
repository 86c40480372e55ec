// How far a layer's weights (or biases) are from zero and from where they started: sums of theta^2 and of (theta - theta(0))^2 for each
// network. theta(0) is drawn again, as initialise.wgsl drew it, rather than kept: it would take as much memory as the weights.
// Each workgroup leaves the sums of its share; the host adds them.
// include: network/numbered.wgsl
// include: random/philox.wgsl
// include: random/normal.wgsl

struct Params {
  seed: vec2u,
  layer: u32,
  fanIn: u32,
  units: u32,
  quads: u32,      // fanIn * units numbers in fours
  firstInput: u32, // of those whose weights stand here, and how many they are
  inputs: u32,
  firstRow: u32,   // the row of the first: biases stand in the row after the weights'
  stride: u32,     // elements between rows
  networkSize: u32, // elements between networks
  part: u32,       // of the parts of a network's norms
  parts: u32,
}
struct Origin {
  firstNetwork: u32,
}
struct Slot {
  record: u32,
}
const LANES = 64u;

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read_write> norms: array<vec2f>;   // [records][networks][parts][workgroups]
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<uniform> origin: Origin;
@group(0) @binding(4) var<uniform> slot: Slot;

var<workgroup> shares: array<vec2f, LANES>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var square = vec4f(0.0);
  var moved = vec4f(0.0);
  for (var quad = group.x * LANES + lane; quad < params.quads; quad += groups.x * LANES) {
    let counter = vec4u(quad, params.layer, origin.firstNetwork + group.z, 0u);
    var initial = normal4(philox4x32(counter, params.seed));
    var now = initial;
    for (var e = 0u; e < 4u; e++) { // unroll
      let at = unitAndInput(quad, e, params.fanIn);
      let input = at.y - params.firstInput; // those before wrap round, past all
      if (at.x < params.units && input < params.inputs) {
        now[e] = weights[group.z * params.networkSize + (params.firstRow + input) * params.stride + at.x];
      } else {
        now[e] = 0.0;
        initial[e] = 0.0;
      }
    }
    let difference = now - initial;
    square += now * now;
    moved += difference * difference;
  }
  shares[lane] = vec2f(dot(square, vec4f(1.0)), dot(moved, vec4f(1.0)));
  workgroupBarrier();
  if (lane == 0u) {
    var sum = vec2f(0.0);
    for (var other = 0u; other < LANES; other++) { sum += shares[other]; }
    norms[((slot.record * groups.z + group.z) * params.parts + params.part) * groups.x + group.x] = sum;
  }
}
