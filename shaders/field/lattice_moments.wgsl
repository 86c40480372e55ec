// The sums of moments.wgsl for each realisation and field, in stretches of sites: a workgroup sums one.
// include: field/constants.wgsl
// include: field/grid.wgsl
// include: field/moments.wgsl

struct Params {
  slab: Slab,
  sampledSites: u32,  // own sites that every slab has
  sitesPerGroup: u32,
  opaqueZero: u32,
}
struct Slot {
  record: u32,
}
const LANES = 64u;
const GATHERERS = 8u;

@group(0) @binding(0) var<storage, read> field: array<Number>;          // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<Number>;       // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read> firstField: array<Number>;     // that of the slab with the grid's first site
@group(0) @binding(3) var<storage, read_write> moments: array<Moments>; // [records][realisations][FIELDS][groups]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> slot: Slot;

fn fieldAt(index: u32) -> Number { return field[index]; }
fn firstFieldAt(index: u32) -> Number { return firstField[index]; }

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  _ = &constants; // which the potential reads
  _ = &momentum;  // which not all read
  let f = group.y;
  let slab = params.slab;
  let realisationStart = group.z * FIELDS * slab.stride;
  let start = realisationStart + f * slab.stride;
  let reference = standard(lane, start + firstOwn(slab), params.sampledSites);
  let end = min(ownSites(slab), (group.x + 1u) * params.sitesPerGroup);
  var sums: array<Number, PARTS>;
  for (var index = group.x * params.sitesPerGroup + lane; index < end; index += LANES) {
    let site = siteAt(placeOf(index, slab), slab);
    let phi = field[start + site.index];
    let above = minus(phi, exactly(reference.x));
    let x = above * reference.y;
    let square = times(x, x);
    sums[0] = plus(sums[0], x);
    sums[1] = plus(sums[1], square);
    sums[2] = plus(sums[2], times(square, x));
    sums[3] = plus(sums[3], times(square, square));
    if (MOMENTA) {
      let pi = momentum[start + site.index];
      sums[4] = plus(sums[4], pi);
      sums[5] = plus(sums[5], times(pi, pi));
    }
    sums[6] = minus(sums[6], times(above, scaledLaplacian(start, site, phi, slab)));
    if (f == 0u) {
      var all: Fields;
      for (var g = 0u; g < FIELDS; g++) { // unroll
        all[g] = field[realisationStart + g * slab.stride + site.index];
      }
      sums[7] = plus(sums[7], potentialValue(all, group.z));
    }
  }
  sums = gathered(lane, sums);
  if (lane == 0u) {
    let place = ((slot.record * groups.z + group.z) * FIELDS + f) * groups.x + group.x;
    moments[place] = Moments(reference.x, reference.y, sums);
  }
}
