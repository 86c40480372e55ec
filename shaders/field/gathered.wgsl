// Sums of a workgroup, PARTS from each of its LANES invocations, the first GATHERERS of which add those of the others.

var<workgroup> shares: array<array<Number, PARTS>, LANES>;

/// The workgroup's sums, whole in its first invocation.
fn gathered(lane: u32, own: array<Number, PARTS>) -> array<Number, PARTS> {
  var sums = own;
  shares[lane] = sums;
  workgroupBarrier();
  if (lane < GATHERERS) {
    for (var other = lane + GATHERERS; other < LANES; other += GATHERERS) {
      for (var n = 0u; n < PARTS; n++) { // unroll
        sums[n] = plus(sums[n], shares[other][n]);
      }
    }
  }
  workgroupBarrier();
  if (lane < GATHERERS) { shares[lane] = sums; }
  workgroupBarrier();
  if (lane == 0u) {
    for (var other = 1u; other < min(GATHERERS, LANES); other++) {
      for (var n = 0u; n < PARTS; n++) { // unroll
        sums[n] = plus(sums[n], shares[other][n]);
      }
    }
  }
  return sums;
}
