// The networks' outputs f_a = sum_j W_j h_ja (the last row of h being the bias's), the force V'(f_a - y_a) that drives the step, and the
// record of f. One workgroup takes four data of one network: each invocation sums its share of the units, then a few sum the shares.

struct Params {
  units: u32,      // width and the bias row
  rows: u32,
  chunks: u32,
  data: u32,       // data in all; the last chunk may hold fewer than four
}
struct Slot {
  record: u32,     // place in outputs, or NO_RECORD
}
const NO_RECORD = 0xffffffffu;
const LANES = 64u;
const GATHERERS = 8u;

@group(0) @binding(0) var<storage, read> hidden: array<vec4f>;        // [networks][rows][chunks]
@group(0) @binding(1) var<storage, read> weights: array<f32>;         // [networks][rows]
@group(0) @binding(2) var<storage, read> targets: array<vec4f>;       // [chunks]
@group(0) @binding(3) var<storage, read_write> force: array<vec4f>;   // [networks][chunks]
@group(0) @binding(4) var<storage, read_write> outputs: array<vec4f>; // [records][networks][chunks]
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(6) var<uniform> slot: Slot;

var<workgroup> shares: array<vec4f, LANES>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.z;
  let chunk = group.y;
  var sum = vec4f(0.0);
  for (var j = lane; j < params.units; j += LANES) {
    let row = network * params.rows + j;
    sum += weights[row] * hidden[row * params.chunks + chunk];
  }
  shares[lane] = sum;
  workgroupBarrier();
  if (lane < GATHERERS) {
    for (var other = lane + GATHERERS; other < LANES; other += GATHERERS) {
      sum += shares[other];
    }
  }
  workgroupBarrier();
  if (lane < GATHERERS) { shares[lane] = sum; }
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < GATHERERS; other++) {
      sum += shares[other];
    }
    let place = network * params.chunks + chunk;
    let phi = sum - targets[chunk];
    var push = vec4f(0.0);
    for (var a = 0u; a < 4u; a++) { // unroll
      if (chunk * 4u + a < params.data) { push[a] = potentialGradient(Fields(phi[a]), network)[0]; }
    }
    force[place] = push;
    if (slot.record != NO_RECORD) { outputs[slot.record * groups.z * params.chunks + place] = sum; }
  }
}
