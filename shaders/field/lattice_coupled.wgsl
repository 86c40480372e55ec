// One operation of a coupled schedule (see CoupledSchedule in latticeJob.ts) for all fields of a site: its drift
//   phi_f += drift pi_f,
// made for the site and once more for each neighbour that the Laplacian reads, and then the two half kicks that meet where the operation
// ends and the next begins,
//   pi_f += laplacian dx^2 Laplacian phi_f - force dV/dphi_f, with the closing and with the opening strengths.
// Between them, where field and momentum belong to the same time, each workgroup sums what drives the realisation's number q, and each field's
// momenta, which are not to be had later. New field and momentum go to second arrays, because the neighbours still need the old ones: 16 bytes a site and field (compensated: 32).
// include: field/coupled.wgsl
// include: field/constants.wgsl
// include: field/gathered.wgsl
// include: field/grid.wgsl

struct Params {
  slab: Slab,
  deep: u32,        // workgroups of a realisation along the dispatch's z
  firstGroup: u32,  // where this slab's sums begin among a realisation's
  groups: u32,      // sums of a realisation
  opaqueZero: u32,
}
const LANES = COLUMNS * LINES;
const GATHERERS = 8u;

@group(0) @binding(0) var<storage, read> field: array<Number>;              // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<Number>;           // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read> firstField: array<Number>;         // that of the slab with the grid's first site
@group(0) @binding(3) var<storage, read> firstMomentum: array<Number>;      // likewise
@group(0) @binding(4) var<storage, read> strengths: array<Strengths>;       // [realisations]
@group(0) @binding(5) var<storage, read_write> fieldNext: array<Number>;    // [realisations][FIELDS][stride]
@group(0) @binding(6) var<storage, read_write> momentumNext: array<Number>; // [realisations][FIELDS][stride]
@group(0) @binding(7) var<storage, read_write> sums: array<Number>;         // [realisations][groups][SUMS]
@group(0) @binding(8) var<uniform> params: Params;
@group(0) @binding(9) var<uniform> constants: Constants;

var<private> drift: Number;

fn drifted(phi: Number, pi: Number) -> Number { return kept(plus(phi, times(drift, pi))); }

fn fieldAt(index: u32) -> Number { return drifted(field[index], momentum[index]); }

@compute @workgroup_size(COLUMNS, LINES)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  _ = &constants; // which the potential reads
  let slab = params.slab;
  let realisation = group.z / params.deep;
  let depth = group.z % params.deep;
  let first = realisation * FIELDS * slab.stride;
  let strength = strengths[realisation];
  drift = strength.drift;
  // The Laplacian sums to zero over the lattice: less the field at the first site, a large mean costs the gradient no digits.
  var references: Fields;
  for (var f = 0u; f < FIELDS; f++) { // unroll
    let at = first + f * slab.stride + firstOwn(slab);
    references[f] = drifted(firstField[at], firstMomentum[at]);
  }
  var own: array<Number, SUMS>;
  for (var z = depth; z < slab.own.z; z += params.deep) {
    for (var y = group.y * LINES + local.y; y < slab.own.y; y += groups.y * LINES) {
      for (var x = group.x * COLUMNS + local.x; x < slab.own.x; x += groups.x * COLUMNS) {
        let site = siteAt(vec3u(x, y, z), slab);
        var phi: Fields;
        for (var f = 0u; f < FIELDS; f++) { // unroll
          phi[f] = fieldAt(first + f * slab.stride + site.index);
        }
        let slope = potentialGradient(phi, realisation);
        own[1] = plus(own[1], potentialValue(phi, realisation));
        for (var f = 0u; f < FIELDS; f++) { // unroll
          let start = first + f * slab.stride;
          let at = start + site.index;
          let laplacian = scaledLaplacian(start, site, phi[f], slab);
          let closing = minus(times(strength.closingLaplacian, laplacian), times(strength.closingForce, slope[f]));
          let opening = minus(times(strength.openingLaplacian, laplacian), times(strength.openingForce, slope[f]));
          let pi = kept(plus(momentum[at], closing));
          own[0] = minus(own[0], times(minus(phi[f], references[f]), laplacian));
          own[FIRST_MOMENTUM + 2u * f] = plus(own[FIRST_MOMENTUM + 2u * f], pi);
          own[FIRST_MOMENTUM + 2u * f + 1u] = plus(own[FIRST_MOMENTUM + 2u * f + 1u], times(pi, pi));
          fieldNext[at] = phi[f];
          momentumNext[at] = kept(plus(pi, opening));
        }
      }
    }
  }
  let place = params.firstGroup + (depth * groups.y + group.y) * groups.x + group.x;
  for (var round = 0u; round < ROUNDS; round++) { // unroll
    if (round > 0u) { workgroupBarrier(); }
    var part: array<Number, PARTS>;
    for (var n = 0u; n < PARTS; n++) { // unroll
      part[n] = own[round * PARTS + n];
    }
    part = gathered(lane, part);
    if (lane == 0u) {
      for (var n = 0u; n < PARTS; n++) { // unroll
        sums[(realisation * params.groups + place) * SUMS + round * PARTS + n] = part[n];
      }
    }
  }
}
