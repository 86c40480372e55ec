// Copies into a slab's arrays the planes of its neighbours that its stencil reads: of each field the last ones of the slab before it and
// the first ones of that behind it. 2 ghosts planes are read and written a slab and operation, where the sweep over it moves those of its
// own twice.
// include: field/slab.wgsl

struct Params {
  slab: Slab,
  planesBefore: u32,  // own planes of the slab before
  opaqueZero: u32,
}
const LANES = 64u;

@group(0) @binding(0) var<storage, read> before: array<Number>;     // [FIELDS][stride]
@group(0) @binding(1) var<storage, read> behind: array<Number>;     // [FIELDS][stride]
@group(0) @binding(2) var<storage, read_write> renewed: array<Number>; // [FIELDS][stride]
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let slab = params.slab;
  let start = group.y * slab.stride;
  let count = firstOwn(slab);
  for (var i = id.x; i < count; i += groups.x * LANES) {
    renewed[start + i] = before[start + params.planesBefore * planeOf(slab) + i];
    renewed[start + count + ownSites(slab) + i] = behind[start + count + i];
  }
}
