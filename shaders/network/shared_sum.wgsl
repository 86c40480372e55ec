// Sums that SHARING neighbouring lanes of a workgroup of 64 make together, each of every so many-th group of data: of many data they then read
// neighbouring memory, and a network of few units has lanes enough. own_sum.wgsl gives the same names to a lane alone.
const SHARING = 16u;

var<workgroup> parts: array<f32, 64>;

// Called by all lanes: the whole sum for the first of those that share it.
fn sharedSum(lane: u32, part: f32) -> f32 {
  // The parts before have been read.
  workgroupBarrier();
  parts[lane] = part;
  workgroupBarrier();
  var sum = 0.0;
  if (lane % SHARING == 0u) {
    for (var other = 0u; other < SHARING; other++) { sum += parts[lane + other]; }
  }
  return sum;
}
