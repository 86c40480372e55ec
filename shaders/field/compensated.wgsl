// The lattice kernels' numbers as unevaluated sums x + y of two float32, y at most half a unit in the last place of x: 48 bits with
// float32's range (Dekker, Numer. Math. 18 (1971) 224). Sums and products are good to 2^-46 of their larger operand, quotients and square
// roots to 2^-44 of themselves, as far as smaller parts are not subnormal, which may be flushed to 0. single.wgsl gives the same names to
// float32. Every rounded value that a correction is made from passes through `opaque`; where a compiler breaks them all the same,
// field/compensated_check.wgsl finds it before a job starts.
// include: field/opaque.wgsl
// include: special/twofold.wgsl
alias Number = vec2f;

fn exactly(x: f32) -> Number { return Number(x, 0.0); }
fn leading(x: Number) -> f32 { return x.x; }
fn trailing(x: Number) -> f32 { return x.y; }
fn rounded(x: vec2f) -> Number { return x; }

/// a + b exactly, |a| >= |b| or a = 0.
fn quickSum(a: f32, b: f32) -> Number {
  let sum = opaque(a + b);
  return Number(sum, b - opaque(sum - a));
}

/// The upper 12 of 24 bits.
fn upperHalf(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }

/// a b exactly, as long as nothing underflows. The products of halves are exact, so that fusing one with a sum changes nothing; WGSL's fma
/// may round twice and is of no use.
fn twoProduct(a: f32, b: f32) -> Number {
  let product = opaque(a * b);
  let aHigh = upperHalf(a);
  let bHigh = upperHalf(b);
  let aLow = opaque(a - aHigh);
  let bLow = opaque(b - bHigh);
  let first = opaque(aHigh * bHigh - product);
  return Number(product, opaque(opaque(first + aHigh * bLow) + aLow * bHigh) + aLow * bLow);
}

fn plus(a: Number, b: Number) -> Number {
  let sum = twoSum(a.x, b.x);
  return quickSum(sum.x, sum.y + (a.y + b.y));
}

fn minus(a: Number, b: Number) -> Number { return plus(a, -b); }

fn times(a: Number, b: Number) -> Number {
  let product = twoProduct(a.x, b.x);
  return quickSum(product.x, product.y + (a.x * b.y + a.y * b.x));
}

/// By the exponent's bits: a compiler may take every comparison with infinity for decided.
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }

/// quickSum of a rounded value and what corrects it, which is not a number where the value is infinite.
fn settled(value: f32, correction: f32) -> Number {
  let sum = opaque(value + select(0.0, correction, isFinite(value)));
  return Number(sum, select(0.0, correction - opaque(sum - value), isFinite(sum)));
}

// Sums and products of numbers that may be infinite or overflow, as in a potential: what comes out is float32's, and not always NaN. A
// lattice's state and sums go without: what is infinite there has diverged.
fn safePlus(a: Number, b: Number) -> Number {
  let sum = twoSum(a.x, b.x);
  return settled(sum.x, sum.y + (a.y + b.y));
}

fn safeMinus(a: Number, b: Number) -> Number { return safePlus(a, -b); }

fn safeTimes(a: Number, b: Number) -> Number {
  let product = twoProduct(a.x, b.x);
  return settled(product.x, product.y + (a.x * b.y + a.y * b.x));
}

/// Where the first remainder is not finite, because a number was or its product with the quotient would not be, float32's own quotient.
fn over(a: Number, b: Number) -> Number {
  let first = a.x / b.x;
  let rest = minus(a, times(exactly(first), b));
  let second = rest.x / b.x;
  let last = minus(rest, times(exactly(second), b)).x / b.x;
  let sum = quickSum(first, second);
  return select(exactly(first), quickSum(sum.x, sum.y + last), isFinite(rest.x));
}

/// Two steps of Newton's method, since WGSL's root and quotient are good to a few units in the last place only.
fn squareRoot(a: Number) -> Number {
  let root = sqrt(a.x);
  let better = quickSum(root, minus(a, twoProduct(root, root)).x / (2.0 * root));
  let last = minus(a, times(better, better)).x / (2.0 * root);
  // Of 0, of infinity, and of what is so large that its root's square rounds to infinity.
  if (!isFinite(last)) { return select(exactly(root), better, isFinite(better.x)); }
  return plus(better, exactly(last));
}

/// x rounded to 48 bits, as it is kept in an array: a float64 holds the sum of both parts, and rounding that to float32 gives back the
/// larger, so that a state goes to the host and back without loss.
fn kept(x: Number) -> Number { return shortened(x); }
