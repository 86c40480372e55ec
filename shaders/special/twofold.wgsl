// Numbers as unevaluated sums x + y of two float32, y at most half a unit in the last place of x. A kernel says by `opaque` how a value
// is hidden from a compiler that would simplify (a + b) - a to b.

/// a + b without error (Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B).
fn twoSum(a: f32, b: f32) -> vec2f {
  let sum = opaque(a + b);
  let part = opaque(sum - a);
  return vec2f(sum, opaque(a - opaque(sum - part)) + opaque(b - part));
}

/// a + b to a relative error of about 2^-47.
fn added(a: vec2f, b: f32) -> vec2f {
  let sum = twoSum(a.x, b);
  return twoSum(sum.x, sum.y + a.y);
}

/// A number rounded to 48 bits, so that a float64 holds the sum of both parts, and rounding that to float32 gives back the first.
fn shortened(sum: vec2f) -> vec2f {
  // Adding and taking away 3 2^(e - 25), x being between 2^e and 2^(e + 1), leaves of y whole multiples of 2^(e - 47).
  let anchor = bitcast<f32>(bitcast<u32>(sum.x) & 0x7f800000u) * 8.940696716308594e-8;
  return twoSum(sum.x, opaque(opaque(sum.y + anchor) - anchor));
}
