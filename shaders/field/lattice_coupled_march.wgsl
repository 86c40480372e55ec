// lattice_coupled.wgsl for float32 in two and three dimensions whose lines are whole vectors of four sites: the same operation, its drift
//   phi_f += drift pi_f,
// made for a vector once along the march and once more for its neighbours in the plane, and then the two half kicks that meet where the
// operation ends and the next begins,
//   pi_f += laplacian dx^2 Laplacian phi_f - force dV/dphi_f, with the closing and with the opening strengths,
// with the same sums between them. New field and momentum go to second arrays, because the neighbours
// still need the old ones.
// include: field/coupled.wgsl
// include: field/constants.wgsl
// include: field/gathered.wgsl
// include: field/march.wgsl

struct Params {
  slab: Slab,       // in vectors along the last axis
  depth: u32,       // planes that an invocation marches over
  chunks: u32,      // marches of a realisation
  firstGroup: u32,  // where this slab's sums begin among a realisation's
  groups: u32,      // sums of a realisation
}
const LANES = COLUMNS * LINES;
const GATHERERS = 16u;

@group(0) @binding(0) var<storage, read> field: array<vec4f>;              // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<vec4f>;           // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read> firstField: array<vec4f>;         // that of the slab with the grid's first site
@group(0) @binding(3) var<storage, read> firstMomentum: array<vec4f>;      // likewise
@group(0) @binding(4) var<storage, read> strengths: array<Strengths>;      // [realisations]
@group(0) @binding(5) var<storage, read_write> fieldNext: array<vec4f>;    // [realisations][FIELDS][stride]
@group(0) @binding(6) var<storage, read_write> momentumNext: array<vec4f>; // [realisations][FIELDS][stride]
@group(0) @binding(7) var<storage, read_write> sums: array<Number>;        // [realisations][groups][SUMS]
@group(0) @binding(8) var<uniform> params: Params;
@group(0) @binding(9) var<uniform> constants: Constants;

var<private> drift: Number;

fn drifted(phi: vec4f, pi: vec4f) -> vec4f { return phi + drift * pi; }

fn blockAt(index: u32) -> vec4f { return drifted(field[index], momentum[index]); }

@compute @workgroup_size(COLUMNS, LINES)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  _ = &constants; // which the potential reads
  let slab = params.slab;
  let realisation = group.z;
  let across = groups.y / params.chunks;
  let chunk = group.y / across;
  let column = group.x * COLUMNS + local.x;
  let row = (group.y - chunk * across) * LINES + local.y;
  let first = realisation * FIELDS * slab.stride;
  let strength = strengths[realisation];
  drift = strength.drift;
  // The Laplacian sums to zero over the lattice: less the field at the first site, a large mean costs the gradient no digits.
  var references: Fields;
  for (var f = 0u; f < FIELDS; f++) { // unroll
    let at = first + f * slab.stride + firstOwn(slab);
    references[f] = drifted(firstField[at], firstMomentum[at]).x;
  }
  var own: array<vec4f, SUMS>;
  if (column < slab.own.x && row < slab.own.y) {
    let place = placeAt(column, row, slab);
    let plane = planeOf(slab);
    let top = chunk * params.depth;
    let planes = min(params.depth, slab.own.z - top);
    var next = firstPlane(top, slab);
    var windows: array<Window, FIELDS>;
    var held: array<Blocks, REACH + 1u>; // the momenta of the middle plane and of those ahead
    for (var taken = 1u; taken < planes + SPAN; taken++) {
      for (var r = 0u; r < REACH; r++) { // unroll
        held[r] = held[r + 1u];
      }
      var phi: Blocks;
      for (var f = 0u; f < FIELDS; f++) { // unroll
        let at = first + f * slab.stride + next * plane + place.here;
        held[REACH][f] = momentum[at];
        windows[f] = moved(windows[f], drifted(field[at], held[REACH][f]));
        phi[f] = windows[f][REACH];
      }
      next = stepAhead(next, slab.sides.z);
      if (taken < SPAN) { continue; }
      let z = slab.ghosts + top + taken - SPAN;
      let slope = blockGradient(phi, realisation);
      own[1] += blockValue(phi, realisation);
      for (var f = 0u; f < FIELDS; f++) { // unroll
        let start = first + f * slab.stride + z * plane;
        let at = start + place.here;
        let laplacian = blockLaplacian(start, place, windows[f]);
        let pi = held[0][f] + (strength.closingLaplacian * laplacian - strength.closingForce * slope[f]);
        own[0] -= (phi[f] - references[f]) * laplacian;
        own[FIRST_MOMENTUM + 2u * f] += pi;
        own[FIRST_MOMENTUM + 2u * f + 1u] += pi * pi;
        fieldNext[at] = phi[f];
        momentumNext[at] = pi + (strength.openingLaplacian * laplacian - strength.openingForce * slope[f]);
      }
    }
  }
  let place = params.firstGroup + group.y * groups.x + group.x;
  for (var round = 0u; round < ROUNDS; round++) { // unroll
    if (round > 0u) { workgroupBarrier(); }
    var part: array<f32, PARTS>;
    for (var n = 0u; n < PARTS; n++) { // unroll
      let sum = own[round * PARTS + n];
      part[n] = (sum.x + sum.y) + (sum.z + sum.w);
    }
    part = gathered(lane, part);
    if (lane == 0u) {
      for (var n = 0u; n < PARTS; n++) { // unroll
        sums[(realisation * params.groups + place) * SUMS + round * PARTS + n] = part[n];
      }
    }
  }
}
