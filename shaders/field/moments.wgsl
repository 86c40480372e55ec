// What an observation sums over the sites of a field: x, x^2, x^3, x^4 with x = (phi - r) s, pi, pi^2, -(phi - r) dx^2 Laplacian phi, and V
// (in the first field's place). The reference r is the mean of a few sites, so that a small fluctuation on a large mean keeps its digits,
// and the scale s a power of two that makes it of order one, so that its fourth power does not underflow. All slabs have one reference, or
// their shares of the gradient, which sums by parts, would not add up; each has a scale of its own. The kernel says by `fieldAt(index)` and
// `firstFieldAt(index)` what the field is at a site of its slab and of the slab with the grid's first site. The host adds the workgroups'
// sums in float64. Where a sweep has summed the momenta (lattice_coupled.wgsl), MOMENTA is false and their sums here stay 0.
// include: field/gathered.wgsl

const PARTS = 8u;
const SAMPLES = 16u;

struct Moments {
  reference: f32,
  scale: f32,
  sums: array<Number, PARTS>,
}

/// Where the sample-th of SAMPLES sites that are spread over the first `sites` of the slab stands.
fn sampled(start: u32, sample: u32, sites: u32) -> u32 {
  let stretch = max(1u, sites / SAMPLES);
  return start + (sample * stretch + (sample * 40503u) % stretch) % sites;
}

var<workgroup> samples: array<f32, SAMPLES>;

/// Reference and scale of the field whose own sites start at `start`: the same in every workgroup.
fn standard(lane: u32, start: u32, sites: u32) -> vec2f {
  for (var sample = lane; sample < SAMPLES; sample += LANES) {
    samples[sample] = leading(firstFieldAt(sampled(start, sample, sites)));
  }
  workgroupBarrier();
  var mean = 0.0;
  for (var sample = 0u; sample < SAMPLES; sample++) { mean += samples[sample]; }
  mean /= f32(SAMPLES);
  workgroupBarrier();
  for (var sample = lane; sample < SAMPLES; sample += LANES) {
    samples[sample] = abs(leading(minus(fieldAt(sampled(start, sample, sites)), exactly(mean))));
  }
  workgroupBarrier();
  var spread = 0.0;
  for (var sample = 0u; sample < SAMPLES; sample++) { spread = max(spread, samples[sample]); }
  // 2^-e for a spread between 2^e and 2^(e + 1), 1 for none and for what is not finite.
  let exponent = bitcast<u32>(spread) >> 23u;
  return vec2f(mean, select(1.0, bitcast<f32>((254u - exponent) << 23u), exponent > 0u && exponent < 254u));
}
