// The ceiling of arithmetic: chains of vector multiply-adds that depend on nothing but themselves, enough of them to hide their latency.
// ROUNDS times 8 chains of 4 numbers: 64 ROUNDS operations an invocation, counting a multiplication and an addition each.

@group(0) @binding(0) var<storage, read_write> result: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = 1.0 - result[id.x] * 1e-6;
  let summand = result[id.x] * 1e-3;
  var chains: array<vec4f, 8>;
  for (var c = 0u; c < 8u; c++) { // unroll
    chains[c] = summand * (f32(c) + 1.0);
  }
  for (var round = 0u; round < ROUNDS; round++) {
    for (var c = 0u; c < 8u; c++) { // unroll
      chains[c] = chains[c] * factor + summand;
    }
  }
  var sum = vec4f(0.0);
  for (var c = 0u; c < 8u; c++) { // unroll
    sum += chains[c];
  }
  result[id.x] = sum;
}
