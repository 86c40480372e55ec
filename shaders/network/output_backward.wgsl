// Back from the outputs to the last hidden layer: delta_ja = dLoss/dz_ja = slope_ja sum_c force_ca W_jc with the weights of before the step,
// so that whatever the outputs all layers below have one delta a datum; and the descent of the output weights, dLoss/dW_jc =
// sum_a force_ca h_ja. An invocation, or SHARING of them, takes one unit at a time, and BLOCK of the outputs.
// include: network/descend.wgsl

struct Params {
  units: u32,        // width and the bias row
  rows: u32,
  chunks: u32,
  learningRate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> force: array<vec4f>;          // [networks][OUTPUTS][chunks]
@group(0) @binding(1) var<storage, read> hidden: array<vec4f>;         // [networks][rows][chunks]
@group(0) @binding(2) var<storage, read> slope: array<vec4f>;          // [networks][rows][chunks]
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;    // [networks][rows][OUTPUTS]
@group(0) @binding(4) var<storage, read_write> velocity: array<f32>;   // as weights; one element without momentum
@group(0) @binding(5) var<storage, read_write> delta: array<vec4f>;    // [networks][rows][chunks]
@group(0) @binding(6) var<uniform> params: Params;

// Whether each block is one of outputs that there are.
const WHOLE = OUTPUTS % BLOCK == 0u;

const UNITS = 64u / SHARING;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let network = group.z;
  for (var firstUnit = group.x * UNITS; firstUnit < params.units; firstUnit += groups.x * UNITS) {
    let unit = firstUnit + lane / SHARING;
    let isUnit = unit < params.units;
    let row = network * params.rows + unit;
    for (var first = 0u; first < OUTPUTS; first += BLOCK) {
      let firstWeight = row * OUTPUTS + first;
      var weight = array<f32, BLOCK>();
      var gradient = array<f32, BLOCK>();
      if (isUnit) {
        for (var c = 0u; c < BLOCK; c++) { // unroll
          if (WHOLE || first + c < OUTPUTS) { weight[c] = weights[firstWeight + c]; }
        }
        for (var chunk = lane % SHARING; chunk < params.chunks; chunk += SHARING) {
          let place = row * params.chunks + chunk;
          let h = hidden[place];
          // Between blocks of outputs the sum stands where delta will.
          var sum = vec4f(0.0);
          if (OUTPUTS > BLOCK && first > 0u) { sum = delta[place]; }
          for (var c = 0u; c < BLOCK; c++) { // unroll
            if (WHOLE || first + c < OUTPUTS) {
              let push = force[(network * OUTPUTS + first + c) * params.chunks + chunk];
              sum += weight[c] * push;
              gradient[c] += dot(push, h);
            }
          }
          if (OUTPUTS == BLOCK || first + BLOCK >= OUTPUTS) { sum *= slope[place]; }
          delta[place] = sum;
        }
      }
      for (var c = 0u; c < BLOCK; c++) { // unroll
        let whole = sharedSum(lane, gradient[c]);
        if (isUnit && lane % SHARING == 0u && (WHOLE || first + c < OUTPUTS)) { descend(firstWeight + c, whole); }
      }
    }
  }
}
