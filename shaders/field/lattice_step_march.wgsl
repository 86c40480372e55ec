// lattice_step.wgsl for float32 in two and three dimensions whose lines are whole vectors of four sites: the same operation and the same numbers,
//   pi_f += laplacian (Laplacian phi_f) - force dV/dphi_f,   phi_f += drift pi_f,
// by invocations that march along the first axis: 16 bytes a site and field between device and memory, and about as many of neighbours
// between the caches and the cores.
// include: field/constants.wgsl
// include: field/march.wgsl

struct Params {
  slab: Slab,        // in vectors along the last axis
  depth: u32,        // planes that an invocation marches over
  chunks: u32,       // marches of a realisation
  marches: u32,      // of all realisations
}
struct Operation {
  laplacian: Number, // with 1/dx^2 in it
  force: Number,
  drift: Number,
}

@group(0) @binding(0) var<storage, read> field: array<vec4f>;           // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read_write> momentum: array<vec4f>;  // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read_write> fieldNext: array<vec4f>; // [realisations][FIELDS][stride]
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> constants: Constants;
@group(0) @binding(5) var<uniform> operation: Operation;

fn blockAt(index: u32) -> vec4f { return field[index]; }

@compute @workgroup_size(COLUMNS, LINES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  _ = &constants; // which the potential reads
  let slab = params.slab;
  if (id.x >= slab.own.x || id.y >= slab.own.y) { return; }
  let place = placeAt(id.x, id.y, slab);
  let plane = planeOf(slab);
  for (var march = id.z; march < params.marches; march += groups.z) {
    let realisation = march / params.chunks;
    let first = realisation * FIELDS * slab.stride;
    let top = (march - realisation * params.chunks) * params.depth;
    let planes = min(params.depth, slab.own.z - top);
    var next = firstPlane(top, slab);
    var windows: array<Window, FIELDS>;
    for (var taken = 1u; taken < planes + SPAN; taken++) {
      var phi: Blocks;
      for (var f = 0u; f < FIELDS; f++) { // unroll
        windows[f] = moved(windows[f], field[first + f * slab.stride + next * plane + place.here]);
        phi[f] = windows[f][REACH];
      }
      next = stepAhead(next, slab.sides.z);
      if (taken < SPAN) { continue; }
      let z = slab.ghosts + top + taken - SPAN;
      let slope = blockGradient(phi, realisation);
      for (var f = 0u; f < FIELDS; f++) { // unroll
        let start = first + f * slab.stride + z * plane;
        let at = start + place.here;
        let laplacian = blockLaplacian(start, place, windows[f]);
        let pi = momentum[at] + (operation.laplacian * laplacian - operation.force * slope[f]);
        momentum[at] = pi;
        fieldNext[at] = phi[f] + operation.drift * pi;
      }
    }
  }
}
