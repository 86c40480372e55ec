// V and V' of a potential at given values of one field, for checking the emitted code.

@group(0) @binding(0) var<storage, read> phi: array<f32>;
@group(0) @binding(1) var<storage, read_write> value: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&phi)) { return; }
  let fields = Fields(phi[id.x]);
  value[id.x] = potentialValue(fields, 0u);
  gradient[id.x] = potentialGradient(fields, 0u)[0];
}
