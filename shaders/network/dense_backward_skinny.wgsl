// Back through a hidden layer, delta_ia = slope_ia sum_j W_ij delta_ja, with the weights of before the step, and, where UPDATE, the descent
// of those weights, dLoss/dW_ij = sum_a h_ia delta_ja, for few data (at most 16): each weight is read once and written once. A workgroup
// takes ROWS rows of weights, whose vectors neighbouring lanes read from neighbouring memory; a lane keeps the deltas of its four units in
// registers for all of the rows, and in the end the lanes' shares of the sums are gathered. The biases, which nothing goes back through,
// are the last part's first workgroup's to descend. Outputs whose deltas are columns of their own share SLOPE_CHUNKS columns of slopes.
// include: linalg/gather.wgsl
// include: network/descend_layer.wgsl

struct Params {
  firstBelow: u32,  // of the units of the layer below whose weights stand here, and how many they are
  widthBelow: u32,
  stride: u32,      // vectors of four weights between rows
  rowsBelow: u32,
  rows: u32,
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> below: array<vec4f>;              // [networks][rowsBelow][CHUNKS]
@group(0) @binding(1) var<storage, read> delta: array<vec4f>;              // [networks][rows][CHUNKS], zero past the width
@group(0) @binding(2) var<storage, read> slopeBelow: array<vec4f>;         // [networks][rowsBelow][SLOPE_CHUNKS]
@group(0) @binding(3) var<storage, read_write> weights: array<vec4f>;      // [networks][widthBelow][stride]
@group(0) @binding(4) var<storage, read_write> velocity: array<vec4f>;     // as weights; one element without momentum
@group(0) @binding(5) var<storage, read_write> biases: array<vec4f>;       // [networks][stride]
@group(0) @binding(6) var<storage, read_write> biasVelocity: array<vec4f>; // as biases; one element without momentum
@group(0) @binding(7) var<storage, read_write> deltaBelow: array<vec4f>;   // [networks][rowsBelow][CHUNKS]
@group(0) @binding(8) var<uniform> params: Params;

const SUMS = ROWS * CHUNKS;

var<workgroup> shares: array<vec4f, SUMS * LANES>; // [row and chunk][lane]

// The biases' signal is the row after the last unit's.
fn descendAllBiases(network: u32, lane: u32) {
  let firstSignal = (network * params.rowsBelow + params.firstBelow + params.widthBelow) * CHUNKS;
  for (var group = lane; group < params.stride; group += LANES) {
    let firstDelta = (network * params.rows + group * 4u) * CHUNKS;
    var gradient = vec4f(0.0);
    for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
      for (var u = 0u; u < 4u; u++) { // unroll
        gradient[u] += dot(below[firstSignal + chunk], delta[firstDelta + u * CHUNKS + chunk]);
      }
    }
    descendBiases(network * params.stride + group, gradient);
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) tile: vec3u) {
  let network = tile.z;
  let firstRow = tile.x * ROWS;
  let firstUnit = network * params.rowsBelow + params.firstBelow;
  let firstDelta = network * params.rows * CHUNKS;
  var h: array<array<vec4f, CHUNKS>, ROWS>;
  if (UPDATE) {
    for (var r = 0u; r < ROWS; r++) { // unroll
      if (firstRow + r < params.widthBelow) {
        for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
          h[r][chunk] = below[(firstUnit + firstRow + r) * CHUNKS + chunk];
        }
      }
    }
  }
  var sums: array<array<vec4f, CHUNKS>, ROWS>;
  for (var group = lane; group < params.stride; group += LANES) {
    var d: array<array<vec4f, CHUNKS>, 4>;
    for (var u = 0u; u < 4u; u++) { // unroll
      for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
        d[u][chunk] = delta[firstDelta + (group * 4u + u) * CHUNKS + chunk];
      }
    }
    for (var r = 0u; r < ROWS; r++) { // unroll
      if (firstRow + r < params.widthBelow) {
        let index = (network * params.widthBelow + firstRow + r) * params.stride + group;
        let w = weights[index];
        var gradient = vec4f(0.0);
        for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
          sums[r][chunk] += w.x * d[0][chunk] + w.y * d[1][chunk] + w.z * d[2][chunk] + w.w * d[3][chunk];
          if (UPDATE) {
            let signal = h[r][chunk];
            gradient += vec4f(dot(signal, d[0][chunk]), dot(signal, d[1][chunk]), dot(signal, d[2][chunk]), dot(signal, d[3][chunk]));
          }
        }
        if (UPDATE) { descendWeights(index, w, gradient); }
      }
    }
  }
  for (var r = 0u; r < ROWS; r++) { // unroll
    for (var chunk = 0u; chunk < CHUNKS; chunk++) { // unroll
      shares[(r * CHUNKS + chunk) * LANES + lane] = sums[r][chunk];
    }
  }
  gather(lane);
  for (var e = lane; e < SUMS; e += LANES) {
    let row = firstRow + e / CHUNKS;
    if (row < params.widthBelow) {
      let unit = firstUnit + row;
      let chunk = e % CHUNKS;
      deltaBelow[unit * CHUNKS + chunk] = slopeBelow[unit * SLOPE_CHUNKS + chunk % SLOPE_CHUNKS] * gathered(e);
    }
  }
  if (UPDATE && LAST && tile.x == 0u) { descendAllBiases(network, lane); }
}
