// Trains networks of one hidden layer for many steps in one dispatch. One workgroup trains one network: each invocation keeps the weights
// of its UNITS hidden units, and their activations at all data, in its own registers, so that a step moves nothing but the DATA partial
// sums of the outputs through workgroup memory:
//   f_a = sum_j w_j h_ja,  phi_a = f_a - y_a,  force_a = V'(phi_a),
//   dLoss/dw_j = sum_a force_a h_ja,  dLoss/dW_ij = sum_a force_a w_j slope_ja x_ia.
// Weights lie in memory as for the layered kernels (initialise.wgsl), with biases as the last row; the data carry the factors
// (first_layer.wgsl), and h and slope carry weightStd / sqrt(width).

struct ActivationPair {
  value: vec4f,
  slope: vec4f,
}
struct Params {
  width: u32,
  stride: u32,        // first-layer weights between rows
  rows: u32,          // output weights of a network
  firstStep: u32,
  steps: u32,         // updates in this dispatch
  records: u32,       // whether the last step's outputs are recorded too: it is the job's last
  learningRate: f32,
  momentum: f32,
  scale: f32,         // weightStd / sqrt(width)
  bias: f32,          // biasStd
  subsets: u32,       // where they begin in the schedule
  words: u32,         // of a step's subset
  weight: f32,        // what the force on the data of a subset is multiplied by: see subset.wgsl
}
const NO_RECORD = 0xffffffffu;
const SHARES = 8u;    // partial sums that a first round leaves of each output

@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;               // [INPUTS][CHUNKS]
@group(0) @binding(1) var<storage, read> targets: array<f32>;                // [4 CHUNKS]
// [steps of the job + 1]: place in outputs, or NO_RECORD; then, with SUBSETS, [steps][words]: bit a & 31 of word a >> 5 is datum a's.
@group(0) @binding(2) var<storage, read> schedule: array<u32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;          // [networks][INPUTS][stride]
@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;         // as weights; one element without momentum
@group(0) @binding(5) var<storage, read_write> outputWeights: array<f32>;    // [networks][rows]
@group(0) @binding(6) var<storage, read_write> outputVelocity: array<f32>;   // as outputWeights; one element without momentum
@group(0) @binding(7) var<storage, read_write> outputs: array<f32>;          // [records][networks][4 CHUNKS]
@group(0) @binding(8) var<uniform> params: Params;

var<workgroup> shares: array<f32, LANES * 4u * CHUNKS>;
var<workgroup> gathered: array<f32, SHARES * 4u * CHUNKS>;
var<workgroup> force: array<f32, 4u * CHUNKS>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.x;
  let columns = 4u * CHUNKS;
  let firstWeight = network * INPUTS * params.stride;
  let firstOutput = network * params.rows;

  var x: array<array<vec4f, CHUNKS>, INPUTS>;
  for (var i = 0u; i < INPUTS; i++) { // unroll
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      x[i][c] = inputs[i * CHUNKS + c];
    }
  }
  var w: array<array<f32, INPUTS>, UNITS>;
  var v: array<array<f32, INPUTS>, UNITS>;
  var out: array<f32, UNITS>;
  var outVelocity: array<f32, UNITS>;
  for (var u = 0u; u < UNITS; u++) { // unroll
    let unit = lane + u * LANES;
    if (unit < params.width) {
      out[u] = outputWeights[firstOutput + unit];
      if (MOMENTUM) { outVelocity[u] = outputVelocity[firstOutput + unit]; }
      for (var i = 0u; i < INPUTS; i++) { // unroll
        w[u][i] = weights[firstWeight + i * params.stride + unit];
        if (MOMENTUM) { v[u][i] = velocity[firstWeight + i * params.stride + unit]; }
      }
    }
  }
  var outBias = outputWeights[firstOutput + params.width];
  var outBiasVelocity = 0.0;
  if (MOMENTUM) { outBiasVelocity = outputVelocity[firstOutput + params.width]; }

  var h: array<array<vec4f, CHUNKS>, UNITS>;
  var slope: array<array<vec4f, CHUNKS>, UNITS>;
  for (var step = 0u; step < params.steps + params.records; step++) {
    // Zeroed explicitly: the software adapter does not renew a plain declaration in a loop.
    var sum = array<vec4f, CHUNKS>();
    for (var u = 0u; u < UNITS; u++) { // unroll
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        var z = vec4f(0.0);
        for (var i = 0u; i < INPUTS; i++) { // unroll
          z += w[u][i] * x[i][c];
        }
        let pair = activation(z);
        h[u][c] = params.scale * pair.value;
        slope[u][c] = params.scale * pair.slope;
        sum[c] += out[u] * h[u][c];
      }
    }
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      for (var a = 0u; a < 4u; a++) { // unroll
        shares[lane * columns + 4u * c + a] = sum[c][a];
      }
    }
    workgroupBarrier();
    for (var e = lane; e < SHARES * DATA; e += LANES) {
      let share = e / DATA;
      let a = e - share * DATA;
      var partial = 0.0;
      for (var other = share; other < LANES; other += SHARES) { partial += shares[other * columns + a]; }
      gathered[share * columns + a] = partial;
    }
    workgroupBarrier();
    for (var a = lane; a < DATA; a += LANES) {
      var f = outBias * params.bias;
      for (var share = 0u; share < SHARES; share++) { f += gathered[share * columns + a]; }
      force[a] = potentialGradient(Fields(f - targets[a]), network)[0];
      if (SUBSETS && step < params.steps) {
        let word = schedule[params.subsets + (params.firstStep + step) * params.words + (a >> 5u)];
        force[a] = select(0.0, params.weight * force[a], ((word >> (a & 31u)) & 1u) == 1u);
      }
      let record = schedule[params.firstStep + step];
      if (record != NO_RECORD) { outputs[(record * groups.x + network) * columns + a] = f; }
    }
    workgroupBarrier();
    if (step < params.steps) {
      var push: array<vec4f, CHUNKS>;
      var pushSum = 0.0;
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        push[c] = vec4f(force[4u * c], force[4u * c + 1u], force[4u * c + 2u], force[4u * c + 3u]);
        pushSum += dot(push[c], vec4f(1.0));
      }
      for (var u = 0u; u < UNITS; u++) { // unroll
        var outGradient = 0.0;
        var gradient = array<f32, INPUTS>();
        for (var c = 0u; c < CHUNKS; c++) { // unroll
          outGradient += dot(push[c], h[u][c]);
          let delta = out[u] * push[c] * slope[u][c];
          for (var i = 0u; i < INPUTS; i++) { // unroll
            gradient[i] += dot(delta, x[i][c]);
          }
        }
        for (var i = 0u; i < INPUTS; i++) { // unroll
          var change = -params.learningRate * gradient[i];
          if (MOMENTUM) {
            change += params.momentum * v[u][i];
            v[u][i] = change;
          }
          w[u][i] += change;
        }
        var change = -params.learningRate * outGradient;
        if (MOMENTUM) {
          change += params.momentum * outVelocity[u];
          outVelocity[u] = change;
        }
        // The last units may lie past the width: with zero weight they push nothing, and must stay there.
        out[u] += select(0.0, change, lane + u * LANES < params.width);
      }
      var change = -params.learningRate * pushSum * params.bias;
      if (MOMENTUM) {
        change += params.momentum * outBiasVelocity;
        outBiasVelocity = change;
      }
      outBias += change;
    }
  }

  for (var u = 0u; u < UNITS; u++) { // unroll
    let unit = lane + u * LANES;
    if (unit < params.width) {
      outputWeights[firstOutput + unit] = out[u];
      if (MOMENTUM) { outputVelocity[firstOutput + unit] = outVelocity[u]; }
      for (var i = 0u; i < INPUTS; i++) { // unroll
        weights[firstWeight + i * params.stride + unit] = w[u][i];
        if (MOMENTUM) { velocity[firstWeight + i * params.stride + unit] = v[u][i]; }
      }
    }
  }
  // Every invocation of the network carries the same output bias; one writes it, after all have read it above.
  if (lane == 0u) {
    outputWeights[firstOutput + params.width] = outBias;
    if (MOMENTUM) { outputVelocity[firstOutput + params.width] = outBiasVelocity; }
  }
}
