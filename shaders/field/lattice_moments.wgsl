// Sums over the sites for an observation, for each realisation and field: of x, x^2, x^3, x^4, x = (phi - r) s, of pi, pi^2,
// -(phi - r) dx^2 Laplacian phi, and of V (in the first field's place). The reference r is the mean of a few sites, so that a small
// fluctuation on a large mean keeps its digits, and the scale s a power of two that makes it of order one, so that its fourth power
// does not underflow. All slabs have one reference, or their shares of the gradient, which sums by parts, would not add up; each has
// a scale of its own. One workgroup sums a stretch of sites; the host adds the few partial sums in float64.
// include: field/constants.wgsl
// include: field/grid.wgsl

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
const SUMS = 8u;
const SAMPLES = 16u;

struct Moments {
  reference: f32,
  scale: f32,
  sums: array<Number, SUMS>,
}

@group(0) @binding(0) var<storage, read> field: array<Number>;          // [realisations][FIELDS][stride]
@group(0) @binding(1) var<storage, read> momentum: array<Number>;       // [realisations][FIELDS][stride]
@group(0) @binding(2) var<storage, read> firstField: array<Number>;     // that of the slab with the grid's first site
@group(0) @binding(3) var<storage, read_write> moments: array<Moments>; // [records][realisations][FIELDS][groups]
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<uniform> constants: Constants;
@group(0) @binding(6) var<uniform> slot: Slot;

fn fieldAt(index: u32) -> Number { return field[index]; }

/// Where the sample-th of SAMPLES sites that are spread over the slab stands.
fn sampled(start: u32, sample: u32) -> u32 {
  let stretch = max(1u, params.sampledSites / SAMPLES);
  return start + (sample * stretch + (sample * 40503u) % stretch) % params.sampledSites;
}

/// Reference and scale of the field whose own sites start at `start`: the same in every workgroup.
fn standard(start: u32) -> vec2f {
  var mean = 0.0;
  for (var sample = 0u; sample < SAMPLES; sample++) { mean += leading(firstField[sampled(start, sample)]); }
  mean /= f32(SAMPLES);
  var spread = 0.0;
  for (var sample = 0u; sample < SAMPLES; sample++) { spread = max(spread, abs(leading(minus(field[sampled(start, sample)], exactly(mean))))); }
  // 2^-e for a spread between 2^e and 2^(e + 1), 1 for none and for what is not finite.
  let exponent = bitcast<u32>(spread) >> 23u;
  return vec2f(mean, select(1.0, bitcast<f32>((254u - exponent) << 23u), exponent > 0u && exponent < 254u));
}

var<workgroup> shares: array<array<Number, SUMS>, LANES>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  _ = &constants; // which the potential reads
  let f = group.y;
  let slab = params.slab;
  let realisationStart = group.z * FIELDS * slab.stride;
  let start = realisationStart + f * slab.stride;
  let reference = standard(start + firstOwn(slab));
  let end = min(ownSites(slab), (group.x + 1u) * params.sitesPerGroup);
  var sums: array<Number, SUMS>;
  for (var index = group.x * params.sitesPerGroup + lane; index < end; index += LANES) {
    let site = siteAt(placeOf(index, slab), slab);
    let phi = field[start + site.index];
    let pi = momentum[start + site.index];
    let above = minus(phi, exactly(reference.x));
    let x = above * reference.y;
    let square = times(x, x);
    sums[0] = plus(sums[0], x);
    sums[1] = plus(sums[1], square);
    sums[2] = plus(sums[2], times(square, x));
    sums[3] = plus(sums[3], times(square, square));
    sums[4] = plus(sums[4], pi);
    sums[5] = plus(sums[5], times(pi, pi));
    sums[6] = minus(sums[6], times(above, scaledLaplacian(start, site, phi, slab)));
    if (f == 0u) {
      var all: Fields;
      for (var g = 0u; g < FIELDS; g++) { // unroll
        all[g] = field[realisationStart + g * slab.stride + site.index];
      }
      sums[7] = plus(sums[7], potentialValue(all, group.z));
    }
  }
  shares[lane] = sums;
  workgroupBarrier();
  if (lane < GATHERERS) {
    for (var other = lane + GATHERERS; other < LANES; other += GATHERERS) {
      for (var n = 0u; n < SUMS; n++) { // unroll
        sums[n] = plus(sums[n], shares[other][n]);
      }
    }
  }
  workgroupBarrier();
  if (lane < GATHERERS) { shares[lane] = sums; }
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < GATHERERS; other++) {
      for (var n = 0u; n < SUMS; n++) { // unroll
        sums[n] = plus(sums[n], shares[other][n]);
      }
    }
    let place = ((slot.record * groups.z + group.z) * FIELDS + f) * groups.x + group.x;
    moments[place] = Moments(reference.x, reference.y, sums);
  }
}
