// Sums of what a workgroup's lanes hold, in an order that is always the same. The kernel that includes this file declares LANES, SUMS and
//   var<workgroup> shares: array<vec4f, SUMS * LANES>   [sum][lane], in which each lane has left its share of each sum
const GATHERERS = 8u;

// Called by all lanes: each gathers every eighth share of a sum into its own, which nobody else reads.
fn gather(lane: u32) {
  workgroupBarrier();
  for (var e = lane; e < SUMS * GATHERERS; e += LANES) {
    let own = (e / GATHERERS) * LANES + e % GATHERERS;
    var sum = shares[own];
    for (var other = GATHERERS; other < LANES; other += GATHERERS) {
      sum += shares[own + other];
    }
    shares[own] = sum;
  }
  workgroupBarrier();
}

// Then any lane may have sum `e`.
fn gathered(e: u32) -> vec4f {
  var sum = shares[e * LANES];
  for (var other = 1u; other < GATHERERS; other++) {
    sum += shares[e * LANES + other];
  }
  return sum;
}
