// Sums over the sites for an observation, for each realisation and field: of x, x^2, x^3, x^4, x = (phi - r) s, of pi, pi^2,
// -(phi - r) dx^2 Laplacian phi, and of V (in the first field's place). The reference r is the mean of a few sites, so that a small
// fluctuation on a large mean keeps its digits, and the scale s a power of two that makes it of order one, so that its fourth power
// does not underflow. One workgroup sums a stretch of sites; the host adds the few partial sums in float64.
// include: field/grid.wgsl

struct Params {
  points: u32,
  sites: u32,
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

@group(0) @binding(0) var<storage, read> field: array<Number>;          // [realisations][FIELDS][sites]
@group(0) @binding(1) var<storage, read> momentum: array<Number>;       // [realisations][FIELDS][sites]
@group(0) @binding(2) var<storage, read_write> moments: array<Moments>; // [records][realisations][FIELDS][groups]
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<uniform> slot: Slot;

fn fieldAt(index: u32) -> Number { return field[index]; }

/// The field at the sample-th of SAMPLES sites spread over the lattice.
fn sampled(start: u32, sample: u32) -> Number {
  let stretch = max(1u, params.sites / SAMPLES);
  return field[start + (sample * stretch + (sample * 40503u) % stretch) % params.sites];
}

/// Reference and scale of the field that starts at `start`: the same in every workgroup.
fn standard(start: u32) -> vec2f {
  var mean = 0.0;
  for (var sample = 0u; sample < SAMPLES; sample++) { mean += leading(sampled(start, sample)); }
  mean /= f32(SAMPLES);
  var spread = 0.0;
  for (var sample = 0u; sample < SAMPLES; sample++) { spread = max(spread, abs(leading(minus(sampled(start, sample), exactly(mean))))); }
  // 2^-e for a spread between 2^e and 2^(e + 1), 1 for none and for what is not finite.
  let exponent = bitcast<u32>(spread) >> 23u;
  return vec2f(mean, select(1.0, bitcast<f32>((254u - exponent) << 23u), exponent > 0u && exponent < 254u));
}

var<workgroup> shares: array<array<Number, SUMS>, LANES>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let f = group.y;
  let realisationStart = group.z * FIELDS * params.sites;
  let start = realisationStart + f * params.sites;
  let reference = standard(start);
  let end = min(params.sites, (group.x + 1u) * params.sitesPerGroup);
  var sums: array<Number, SUMS>;
  for (var index = group.x * params.sitesPerGroup + lane; index < end; index += LANES) {
    let site = siteOf(index, params.points);
    let phi = field[start + index];
    let pi = momentum[start + index];
    let above = minus(phi, exactly(reference.x));
    let x = above * reference.y;
    let square = times(x, x);
    sums[0] = plus(sums[0], x);
    sums[1] = plus(sums[1], square);
    sums[2] = plus(sums[2], times(square, x));
    sums[3] = plus(sums[3], times(square, square));
    sums[4] = plus(sums[4], pi);
    sums[5] = plus(sums[5], times(pi, pi));
    sums[6] = minus(sums[6], times(above, scaledLaplacian(start, site, phi, params.points)));
    if (f == 0u) {
      var all: Fields;
      for (var g = 0u; g < FIELDS; g++) { // unroll
        all[g] = field[realisationStart + g * params.sites + index];
      }
      sums[7] = plus(sums[7], potentialValue(all));
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
