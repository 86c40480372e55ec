// Philox4x32-10, a counter-based generator: four random words from a counter and a key, without state.
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011). TypeScript twin: random/philox.ts.

/// The high word of a 32 x 32 bit product, from 16-bit halves.
fn multiplyHigh(x: u32, y: u32) -> u32 {
  let xLow = x & 0xffffu;
  let xHigh = x >> 16u;
  let yLow = y & 0xffffu;
  let yHigh = y >> 16u;
  let middle = xHigh * yLow + ((xLow * yLow) >> 16u);
  let cross = xLow * yHigh + (middle & 0xffffu);
  return xHigh * yHigh + (middle >> 16u) + (cross >> 16u);
}

fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < 10u; round++) { // unroll
    c = vec4u(
      multiplyHigh(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      multiplyHigh(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x,
    );
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
