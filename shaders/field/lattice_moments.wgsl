// Sums over the sites for an observation, for each realisation and field: of phi - r, (phi - r)^2, pi, pi^2, -(phi - r) dx^2 Laplacian phi,
// and V (in the first field's place), r being the field at the first site, so that a small fluctuation on a large mean keeps its digits.
// One workgroup sums a stretch of sites in float32; the host adds the few partial sums in float64.
// include: field/grid.wgsl

struct Params {
  points: u32,
  sites: u32,
  sitesPerGroup: u32,
}
struct Slot {
  record: u32,
}
const LANES = 64u;
const GATHERERS = 8u;

struct Moments {
  reference: f32,
  field: f32,
  fieldSquare: f32,
  momentum: f32,
  momentumSquare: f32,
  gradient: f32,
  potential: f32,
  sites: f32,
}

@group(0) @binding(0) var<storage, read> field: array<f32>;             // [realisations][FIELDS][sites]
@group(0) @binding(1) var<storage, read> momentum: array<f32>;          // [realisations][FIELDS][sites]
@group(0) @binding(2) var<storage, read_write> moments: array<Moments>; // [records][realisations][FIELDS][groups]
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> slot: Slot;

// The eight numbers of Moments as two vectors, to be summed at once.
var<workgroup> shares: array<array<vec4f, 2>, LANES>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let points = params.points;
  let f = group.y;
  let realisationStart = group.z * FIELDS * params.sites;
  let start = realisationStart + f * params.sites;
  let reference = field[start];
  let end = min(params.sites, (group.x + 1u) * params.sitesPerGroup);
  var low = vec4f(0.0);
  var high = vec4f(0.0);
  for (var index = group.x * params.sitesPerGroup + lane; index < end; index += LANES) {
    let line = index / points;
    let z = line / points;
    let site = siteAt(index - line * points, select(line - z * points, line, DIMENSIONS < 3u), z, points);
    let phi = field[start + index];
    let pi = momentum[start + index];
    let above = phi - reference;
    var potential = 0.0;
    if (f == 0u) {
      var all: Fields;
      for (var g = 0u; g < FIELDS; g++) { // unroll
        all[g] = field[realisationStart + g * params.sites + index];
      }
      potential = potentialValue(all);
    }
    low += vec4f(above, above * above, pi, pi * pi);
    high += vec4f(-above * scaledLaplacian(start, site, phi), potential, 1.0, 0.0);
  }
  shares[lane][0] = low;
  shares[lane][1] = high;
  workgroupBarrier();
  if (lane < GATHERERS) {
    for (var other = lane + GATHERERS; other < LANES; other += GATHERERS) {
      low += shares[other][0];
      high += shares[other][1];
    }
  }
  workgroupBarrier();
  if (lane < GATHERERS) {
    shares[lane][0] = low;
    shares[lane][1] = high;
  }
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < GATHERERS; other++) {
      low += shares[other][0];
      high += shares[other][1];
    }
    let place = ((slot.record * groups.z + group.z) * FIELDS + f) * groups.x + group.x;
    moments[place] = Moments(reference, low.x, low.y, low.z, low.w, high.x, high.y, high.z);
  }
}
