// A hidden layer after the first, z_ja = sum_i W_ij h_ia + biasStd b_j, for few data (at most 16): a lane takes four units and all data, so
// that every weight is read once, as part of a vector, by neighbouring lanes from neighbouring memory. Where networks are few and wide, lanes share
// a sum, or there would be too few of them to keep the memory busy: each of SPLITS lanes takes every so many-th term.
// include: network/dense_store.wgsl

struct Params {
  firstBelow: u32,  // of the units of the layer below whose weights stand here, and how many they are
  widthBelow: u32,
  width: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  scale: f32,
  bias: f32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;         // [networks][rowsBelow][CHUNKS]
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;       // [networks][widthBelow][stride]
@group(0) @binding(2) var<storage, read> biases: array<vec4f>;        // [networks][stride]
@group(0) @binding(3) var<storage, read_write> hidden: array<vec4f>;  // [networks][rows][CHUNKS]
@group(0) @binding(4) var<storage, read_write> slope: array<vec4f>;   // [networks][rows][CHUNKS]
@group(0) @binding(5) var<uniform> params: Params;

const LANES = 64u;
const GROUPS = LANES / SPLITS;
const SUMS = 4u * CHUNKS;

var<workgroup> shares: array<vec4f, SHARES>; // [unit and chunk][lane], or one that nobody uses

fn storeUnit(network: u32, unit: u32, chunk: u32, z: vec4f) {
  if (unit <= params.width) {
    storeSum((network * params.rows + unit) * CHUNKS + chunk, unit == params.width, z);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) tile: vec3u) {
  let network = tile.z;
  let firstGroup = tile.x * GROUPS;
  let group = firstGroup + lane % GROUPS;
  var z: array<array<vec4f, CHUNKS>, 4>;
  if (group < params.stride) {
    let firstBelow = (network * params.rowsBelow + params.firstBelow) * CHUNKS;
    let firstWeight = network * params.widthBelow * params.stride + group;
    for (var i = lane / GROUPS; i < params.widthBelow; i += SPLITS) {
      let w = weights[firstWeight + i * params.stride];
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
        let h = below[firstBelow + i * CHUNKS + chunk];
        z[0][chunk] += w.x * h;
        z[1][chunk] += w.y * h;
        z[2][chunk] += w.z * h;
        z[3][chunk] += w.w * h;
      }
    }
    // The bias is one term more.
    if (LAST && lane / GROUPS == params.widthBelow % SPLITS) {
      let bias = params.bias * biases[network * params.stride + group];
      for (var u = 0u; u < 4u; u++) { // unroll
        for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
          z[u][chunk] += bias[u];
        }
      }
    }
  }
  if (SPLITS == 1u) {
    for (var u = 0u; u < 4u; u++) { // unroll
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
        storeUnit(network, group * 4u + u, chunk, z[u][chunk]);
      }
    }
  } else {
    for (var u = 0u; u < 4u; u++) { // unroll
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
        shares[(u * CHUNKS + chunk) * LANES + lane] = z[u][chunk];
      }
    }
    workgroupBarrier();
    for (var e = lane; e < SUMS * GROUPS; e += LANES) {
      let own = e / SUMS;
      let sum = e % SUMS;
      var total = shares[sum * LANES + own];
      for (var split = 1u; split < SPLITS; split++) {
        total += shares[sum * LANES + split * GROUPS + own];
      }
      storeUnit(network, (firstGroup + own) * 4u + sum / CHUNKS, sum % CHUNKS, total);
    }
  }
}
