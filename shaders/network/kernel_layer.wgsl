// One layer's part of each network's empirical kernel, Theta_(ca)(eb) = grad f_c(x_a) . grad f_e(x_b): for weights W_ij between inputs h_ia
// and units with sensitivities s_j(ca) = df_c(x_a)/dz_ja it is (sum_j s_j(ca) s_j(eb)) (sum_i h_ia h_ib), which needs no gradient in
// memory. One workgroup takes a 4 x 4 block of pairs of data of one network, for an output on the left and all outputs on the right, which
// have the second sum in common.

struct Params {
  units: u32,            // units above; 0 for the outputs, each of which is sensitive to itself alone
  rows: u32,
  inputs: u32,           // units below and the bias row
  rowsBelow: u32,        // between networks; 0 where all share the same inputs
  chunks: u32,           // groups of four data: columns below; above there are as many for each output
  accumulate: u32,       // 0: the first layer's part overwrites
}
struct Slot {
  record: u32,
}
const LANES = 32u;

@group(0) @binding(0) var<storage, read> sensitivity: array<vec4f>;     // [networks][rows][columns]
@group(0) @binding(1) var<storage, read> below: array<vec4f>;           // [networks][rowsBelow][chunks]
@group(0) @binding(2) var<storage, read_write> kernels: array<vec4f>;   // [records][networks][4 columns][columns]
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> slot: Slot;

var<workgroup> upperShares: array<mat4x4f, LANES>;
var<workgroup> lowerShares: array<mat4x4f, LANES>;

fn outer(u: vec4f, v: vec4f) -> mat4x4f {
  return mat4x4f(u * v.x, u * v.y, u * v.z, u * v.w);
}

// The product of the sums for a pair of columns, once all lanes' shares of the lower one are there.
fn multiply(network: u32, networks: u32, left: u32, right: u32, lane: u32) {
  let columns = OUTPUTS * params.chunks;
  var upper = mat4x4f();
  for (var j = lane; j < params.units; j += LANES) {
    let first = (network * params.rows + j) * columns;
    upper += outer(sensitivity[first + left], sensitivity[first + right]);
  }
  upperShares[lane] = upper;
  workgroupBarrier();
  // Four invocations finish: each takes one column of the block, that is one datum on the right.
  if (lane < 4u) {
    var up = vec4f(0.0);
    var low = vec4f(0.0);
    for (var other = 0u; other < LANES; other++) {
      up += upperShares[other][lane];
      low += lowerShares[other][lane];
    }
    if (params.units == 0u) { up = vec4f(f32(left / params.chunks == right / params.chunks)); }
    // Theta is symmetric: the column of block (left, right) is a row's four elements of block (right, left).
    let place = (((slot.record * networks + network) * columns + right) * 4u + lane) * columns + left;
    var total = up * low;
    if (params.accumulate != 0u) { total += kernels[place]; }
    kernels[place] = total;
  }
}

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.z;
  let left = group.x;
  let leftData = left % params.chunks;
  let rightData = group.y;
  var lower = mat4x4f();
  for (var i = lane; i < params.inputs; i += LANES) {
    let first = (network * params.rowsBelow + i) * params.chunks;
    lower += outer(below[first + leftData], below[first + rightData]);
  }
  lowerShares[lane] = lower;
  multiply(network, groups.z, left, rightData, lane);
  // Left out for one output, which a loop around the barriers made a tenth slower on a software adapter.
  if (OUTPUTS > 1u) {
    for (var output = 1u; output < OUTPUTS; output++) {
      // The shares of the output before have been read.
      workgroupBarrier();
      multiply(network, groups.z, left, output * params.chunks + rightData, lane);
    }
  }
}
