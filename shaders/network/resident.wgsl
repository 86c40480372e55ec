// Trains networks of one hidden layer for many steps in one dispatch. One workgroup trains one network: each invocation keeps the weights
// of its UNITS hidden units, and their activations at all data, in its own registers, so that a step moves nothing but the DATA partial
// sums of each of the OUTPUTS outputs through workgroup memory:
//   f_ca = sum_j w_jc h_ja,  phi_ca = f_ca - y_ca,  force_ca = V'(phi_ca),
//   dLoss/dw_jc = sum_a force_ca h_ja,  dLoss/dW_ij = sum_a (sum_c force_ca w_jc) slope_ja x_ia.
// Weights lie in memory as for the layered kernels (initialise.wgsl), with biases as the last row; the data carry the factors
// (first_layer.wgsl), and h and slope carry weightStd / sqrt(width).

struct ActivationPair {
  value: vec4f,
  slope: vec4f,
}
struct Params {
  width: u32,
  stride: u32,        // first-layer weights between rows
  rows: u32,          // weights of an output of a network
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
@group(0) @binding(1) var<storage, read> targets: array<f32>;                // [OUTPUTS][4 CHUNKS]
// [steps of the job + 1]: place in outputs, or NO_RECORD; then, with SUBSETS, [steps][words]: bit a & 31 of word a >> 5 is datum a's.
@group(0) @binding(2) var<storage, read> schedule: array<u32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;          // [networks][INPUTS][stride]
@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;         // as weights; one element without momentum
@group(0) @binding(5) var<storage, read_write> outputWeights: array<f32>;    // [networks][rows][OUTPUTS]
@group(0) @binding(6) var<storage, read_write> outputVelocity: array<f32>;   // as outputWeights; one element without momentum
@group(0) @binding(7) var<storage, read_write> outputs: array<f32>;          // [records][networks][OUTPUTS][4 CHUNKS]
@group(0) @binding(8) var<uniform> params: Params;

const DATA_COLUMNS = 4u * CHUNKS;
const COLUMNS = OUTPUTS * DATA_COLUMNS;
const SUMS = OUTPUTS * DATA;

// [COLUMNS][SHARE_LANES]: neighbouring lanes write side by side, and where they read different columns, other banks of the memory.
const SHARE_LANES = LANES + 4u;
var<workgroup> shares: array<f32, COLUMNS * SHARE_LANES>;
var<workgroup> gathered: array<f32, SHARES * COLUMNS>;
var<workgroup> force: array<f32, COLUMNS>;

// Where sum e of all outputs at all data stands among the columns, which are padded.
fn columnOf(e: u32) -> u32 { return (e / DATA) * DATA_COLUMNS + e % DATA; }

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.x;
  let firstWeight = network * INPUTS * params.stride;
  let firstOutput = network * params.rows * OUTPUTS;
  let biasOutput = firstOutput + params.width * OUTPUTS;

  var x: array<array<vec4f, CHUNKS>, INPUTS>;
  for (var i = 0u; i < INPUTS; i++) { // unroll
    for (var c = 0u; c < CHUNKS; c++) { // unroll
      x[i][c] = inputs[i * CHUNKS + c];
    }
  }
  var w: array<array<f32, INPUTS>, UNITS>;
  var v: array<array<f32, INPUTS>, UNITS>;
  var out: array<array<f32, OUTPUTS>, UNITS>;
  var outVelocity: array<array<f32, OUTPUTS>, UNITS>;
  for (var u = 0u; u < UNITS; u++) { // unroll
    let unit = lane + u * LANES;
    if (unit < params.width) {
      for (var o = 0u; o < OUTPUTS; o++) { // unroll
        out[u][o] = outputWeights[firstOutput + unit * OUTPUTS + o];
        if (MOMENTUM) { outVelocity[u][o] = outputVelocity[firstOutput + unit * OUTPUTS + o]; }
      }
      for (var i = 0u; i < INPUTS; i++) { // unroll
        w[u][i] = weights[firstWeight + i * params.stride + unit];
        if (MOMENTUM) { v[u][i] = velocity[firstWeight + i * params.stride + unit]; }
      }
    }
  }
  var outBias: array<f32, OUTPUTS>;
  var outBiasVelocity: array<f32, OUTPUTS>;
  for (var o = 0u; o < OUTPUTS; o++) { // unroll
    outBias[o] = outputWeights[biasOutput + o];
    if (MOMENTUM) { outBiasVelocity[o] = outputVelocity[biasOutput + o]; }
  }

  var h: array<array<vec4f, CHUNKS>, UNITS>;
  var slope: array<array<vec4f, CHUNKS>, UNITS>;
  for (var step = 0u; step < params.steps + params.records; step++) {
    // Zeroed explicitly: the software adapter does not renew a plain declaration in a loop.
    var sum = array<array<vec4f, CHUNKS>, OUTPUTS>();
    for (var u = 0u; u < UNITS; u++) { // unroll
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        var z = vec4f(0.0);
        for (var i = 0u; i < INPUTS; i++) { // unroll
          z += w[u][i] * x[i][c];
        }
        let pair = activation(z);
        h[u][c] = params.scale * pair.value;
        slope[u][c] = params.scale * pair.slope;
        for (var o = 0u; o < OUTPUTS; o++) { // unroll
          sum[o][c] += out[u][o] * h[u][c];
        }
      }
    }
    for (var o = 0u; o < OUTPUTS; o++) { // unroll
      for (var c = 0u; c < CHUNKS; c++) { // unroll
        for (var a = 0u; a < 4u; a++) { // unroll
          shares[(o * DATA_COLUMNS + 4u * c + a) * SHARE_LANES + lane] = sum[o][c][a];
        }
      }
    }
    workgroupBarrier();
    for (var e = lane; e < SHARES * SUMS; e += LANES) {
      let share = e / SUMS;
      let column = columnOf(e - share * SUMS);
      var partial = 0.0;
      for (var other = share; other < LANES; other += SHARES) { partial += shares[column * SHARE_LANES + other]; }
      gathered[share * COLUMNS + column] = partial;
    }
    workgroupBarrier();
    for (var e = lane; e < SUMS; e += LANES) {
      let column = columnOf(e);
      var f = outBias[e / DATA] * params.bias;
      for (var share = 0u; share < SHARES; share++) { f += gathered[share * COLUMNS + column]; }
      force[column] = potentialGradient(Fields(f - targets[column]), network)[0];
      if (SUBSETS && step < params.steps) {
        let a = e % DATA;
        let word = schedule[params.subsets + (params.firstStep + step) * params.words + (a >> 5u)];
        force[column] = select(0.0, params.weight * force[column], ((word >> (a & 31u)) & 1u) == 1u);
      }
      let record = schedule[params.firstStep + step];
      if (record != NO_RECORD) { outputs[(record * groups.x + network) * COLUMNS + column] = f; }
    }
    workgroupBarrier();
    if (step < params.steps) {
      var push: array<array<vec4f, CHUNKS>, OUTPUTS>;
      var pushSum = array<f32, OUTPUTS>();
      for (var o = 0u; o < OUTPUTS; o++) { // unroll
        for (var c = 0u; c < CHUNKS; c++) { // unroll
          let first = o * DATA_COLUMNS + 4u * c;
          push[o][c] = vec4f(force[first], force[first + 1u], force[first + 2u], force[first + 3u]);
          pushSum[o] += dot(push[o][c], vec4f(1.0));
        }
      }
      for (var u = 0u; u < UNITS; u++) { // unroll
        var outGradient = array<f32, OUTPUTS>();
        var gradient = array<f32, INPUTS>();
        for (var c = 0u; c < CHUNKS; c++) { // unroll
          var pull = vec4f(0.0);
          for (var o = 0u; o < OUTPUTS; o++) { // unroll
            outGradient[o] += dot(push[o][c], h[u][c]);
            pull += out[u][o] * push[o][c];
          }
          let delta = pull * slope[u][c];
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
        for (var o = 0u; o < OUTPUTS; o++) { // unroll
          var change = -params.learningRate * outGradient[o];
          if (MOMENTUM) {
            change += params.momentum * outVelocity[u][o];
            outVelocity[u][o] = change;
          }
          // The last units may lie past the width: with zero weight they push nothing, and must stay there.
          out[u][o] += select(0.0, change, lane + u * LANES < params.width);
        }
      }
      for (var o = 0u; o < OUTPUTS; o++) { // unroll
        var change = -params.learningRate * pushSum[o] * params.bias;
        if (MOMENTUM) {
          change += params.momentum * outBiasVelocity[o];
          outBiasVelocity[o] = change;
        }
        outBias[o] += change;
      }
    }
  }

  for (var u = 0u; u < UNITS; u++) { // unroll
    let unit = lane + u * LANES;
    if (unit < params.width) {
      for (var o = 0u; o < OUTPUTS; o++) { // unroll
        outputWeights[firstOutput + unit * OUTPUTS + o] = out[u][o];
        if (MOMENTUM) { outputVelocity[firstOutput + unit * OUTPUTS + o] = outVelocity[u][o]; }
      }
      for (var i = 0u; i < INPUTS; i++) { // unroll
        weights[firstWeight + i * params.stride + unit] = w[u][i];
        if (MOMENTUM) { velocity[firstWeight + i * params.stride + unit] = v[u][i]; }
      }
    }
  }
  // Every invocation of the network carries the same output biases; one writes them, after all have read them above.
  if (lane == 0u) {
    for (var o = 0u; o < OUTPUTS; o++) { // unroll
      outputWeights[biasOutput + o] = outBias[o];
      if (MOMENTUM) { outputVelocity[biasOutput + o] = outBiasVelocity[o]; }
    }
  }
}
