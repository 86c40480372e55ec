// The networks' outputs f_ca = sum_j W_jc h_ja (the last row of h being the biases'), the forces V'(f_ca - y_ca) that drive the step, and the
// record of f. One workgroup takes four data and BLOCK outputs of one network, for which it reads the units once: each invocation sums its
// share of the units, then a few sum the shares.
// include: linalg/gather.wgsl

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
const SUMS = BLOCK;

@group(0) @binding(0) var<storage, read> hidden: array<vec4f>;        // [networks][rows][chunks]
@group(0) @binding(1) var<storage, read> weights: array<f32>;         // [networks][rows][OUTPUTS]
@group(0) @binding(2) var<storage, read> targets: array<vec4f>;       // [OUTPUTS][chunks]
@group(0) @binding(3) var<storage, read_write> force: array<vec4f>;   // [networks][OUTPUTS][chunks]
@group(0) @binding(4) var<storage, read_write> outputs: array<vec4f>; // [records][networks][OUTPUTS][chunks]
@group(0) @binding(5) var<uniform> params: Params;
@group(0) @binding(6) var<uniform> slot: Slot;

// Whether each block is one of outputs that there are.
const WHOLE = OUTPUTS % BLOCK == 0u;

var<workgroup> shares: array<vec4f, SUMS * LANES>; // [output][lane]

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.z;
  let chunk = group.y;
  let first = group.x * BLOCK;
  var sums: array<vec4f, BLOCK>;
  for (var j = lane; j < params.units; j += LANES) {
    let row = network * params.rows + j;
    let h = hidden[row * params.chunks + chunk];
    for (var c = 0u; c < BLOCK; c++) { // unroll
      if (WHOLE || first + c < OUTPUTS) { sums[c] += weights[row * OUTPUTS + first + c] * h; }
    }
  }
  for (var c = 0u; c < BLOCK; c++) { // unroll
    shares[c * LANES + lane] = sums[c];
  }
  gather(lane);
  let output = first + lane;
  if (lane < BLOCK && (WHOLE || output < OUTPUTS)) {
    let sum = gathered(lane);
    let place = (network * OUTPUTS + output) * params.chunks + chunk;
    let phi = sum - targets[output * params.chunks + chunk];
    var push = vec4f(0.0);
    for (var a = 0u; a < 4u; a++) { // unroll
      if (chunk * 4u + a < params.data) { push[a] = potentialGradient(Fields(phi[a]), network)[0]; }
    }
    force[place] = push;
    if (slot.record != NO_RECORD) { outputs[slot.record * groups.z * OUTPUTS * params.chunks + place] = sum; }
  }
}
