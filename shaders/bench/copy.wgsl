// The ceiling of memory: every byte of one array to another, as vectors, neighbouring invocations on neighbouring memory.

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  if (index < arrayLength(&source)) { target_[index] = source[index]; }
}
