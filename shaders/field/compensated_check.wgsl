// Operations on compensated numbers at given arguments, each in a workgroup of its own: what a kernel of theirs computes, to be compared with
// float64. `tried` is generated, a case for each operation (engine/webgpu/field/trials.ts).

struct Params {
  opaqueZero: u32,
}
const LANES = 64u;

@group(0) @binding(0) var<storage, read> operands: array<vec4f>;      // [operations][LANES]: both parts of x, both of y
@group(0) @binding(1) var<storage, read_write> results: array<vec2f>; // [operations][LANES]
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  _ = &params; // which `opaque` reads
  let at = group.x * LANES + lane;
  results[at] = tried(group.x, operands[at].xy, operands[at].zw, lane);
}
