// The error-free sum and product of field/compensated.wgsl for given pairs of numbers: exact where the adapter's compiler leaves them alone.

struct Params {
  count: u32,
  opaqueZero: u32,
}

@group(0) @binding(0) var<storage, read> pairs: array<vec2f>;          // [count]
@group(0) @binding(1) var<storage, read_write> results: array<vec4f>;  // [count]: both parts of the sum, both of the product
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  let pair = pairs[id.x];
  results[id.x] = vec4f(twoSum(pair.x, pair.y), twoProduct(pair.x, pair.y));
}
