// One operation of a lattice schedule, kick then drift, for all fields of a site:
//   pi_f += laplacian (Laplacian phi_f) - force dV/dphi_f,   phi_f += drift pi_f.
// The new field goes to a second array, because the neighbours still need the old one: 16 bytes a site and field (compensated: 32).
// include: field/constants.wgsl
// include: field/grid.wgsl

struct Params {
  slab: Slab,
  planes: u32,       // own planes across the first axis of all realisations; realisations where there are less than three dimensions
  opaqueZero: u32,
}
struct Operation {
  laplacian: Number, // with 1/dx^2 in it
  force: Number,
  drift: Number,
}

@group(0) @binding(0) var<storage, read> field: array<Number>;           // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read_write> momentum: array<Number>;  // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read_write> fieldNext: array<Number>; // [realisations][FIELDS][stride]
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> constants: Constants;
@group(0) @binding(5) var<uniform> operation: Operation;

fn fieldAt(index: u32) -> Number { return field[index]; }

@compute @workgroup_size(COLUMNS, LINES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  _ = &constants; // which the potential reads
  let slab = params.slab;
  if (id.x >= slab.own.x || id.y >= slab.own.y) { return; }
  for (var plane = id.z; plane < params.planes; plane += groups.z) {
    let realisation = plane / slab.own.z;
    let site = siteAt(vec3u(id.xy, plane - realisation * slab.own.z), slab);
    let first = realisation * FIELDS * slab.stride;
    var phi: Fields;
    for (var f = 0u; f < FIELDS; f++) { // unroll
      phi[f] = field[first + f * slab.stride + site.index];
    }
    let slope = potentialGradient(phi, realisation);
    for (var f = 0u; f < FIELDS; f++) { // unroll
      let start = first + f * slab.stride;
      let at = start + site.index;
      let laplacian = scaledLaplacian(start, site, phi[f], slab);
      let kick = minus(times(operation.laplacian, laplacian), times(operation.force, slope[f]));
      let pi = kept(plus(momentum[at], kick));
      momentum[at] = pi;
      fieldNext[at] = kept(plus(phi[f], times(operation.drift, pi)));
    }
  }
}
