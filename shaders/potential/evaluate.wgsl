// V and its slopes at given values of all fields, for checking the emitted code.

@group(0) @binding(0) var<storage, read> phi: array<f32>;            // [points][FIELDS]
@group(0) @binding(1) var<storage, read_write> value: array<f32>;    // [points]
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>; // [points][FIELDS]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * FIELDS;
  if (first >= arrayLength(&phi)) { return; }
  var fields: Fields;
  for (var f = 0u; f < FIELDS; f++) { fields[f] = phi[first + f]; }
  value[id.x] = potentialValue(fields, 0u);
  let slopes = potentialGradient(fields, 0u);
  for (var f = 0u; f < FIELDS; f++) { gradient[first + f] = slopes[f]; }
}
