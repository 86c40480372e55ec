// Of field/compensated_check.wgsl: a long sum.
// include: field/compensated.wgsl

/// The sum of x y over all lanes' operands, from the own one on: as a lattice's sites are summed.
fn sumOfProducts(operation: u32, lane: u32) -> vec2f {
  var sum = vec2f();
  for (var other = 0u; other < LANES; other++) {
    let pair = operands[operation * LANES + (lane + other) % LANES];
    sum = plus(sum, times(pair.xy, pair.zw));
  }
  return sum;
}
