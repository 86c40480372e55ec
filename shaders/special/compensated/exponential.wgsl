// exp(x) and exp(x) - 1 of compensated numbers: x = k ln 2 + r with |r| <= ln 2/2 (Cody and Waite), and Taylor's series of exp(r) - 1, whose
// terms from r^7 on are below 2^-21 of r, so that float32 does for them. To 2^-44 of themselves, exp(x) - 1 to 2^-42 (it loses two bits where
// k turns 1), and to 2^-126 where subnormal numbers are flushed; infinite above 88.73.
// include: field/compensated.wgsl

struct Exponent {
  rest: Number, // exp(r) - 1
  k: i32,
}

/// c + x sum.
fn horner(c: Number, x: Number, sum: Number) -> Number { return plus(c, times(x, sum)); }

/// x 2^k for -250 <= k <= 250, by two factors that neither overflow nor are subnormal.
fn scaled(x: Number, k: i32) -> Number {
  let half = k >> 1u;
  return x * bitcast<f32>((half + 127) << 23u) * bitcast<f32>((k - half + 127) << 23u);
}

fn exponent(argument: Number) -> Exponent {
  // Beyond, exp is 0 or infinite.
  let x = select(argument, exactly(clamp(argument.x, -150.0, 89.0)), abs(argument.x) > 89.0);
  let k = floor(x.x * 1.44269504 + 0.5);
  // ln 2 in two parts, the first of 15 bits, so that its product with k is exact, as is what that leaves of x.
  let r = minus(minus(x, exactly(k * 0.693145751953125)), times(exactly(k), Number(1.42860677e-6, 5.49792315e-14)));
  let y = r.x;
  let tail = y * (1.98412701e-4 + y * (2.48015876e-5 + y * (2.75573188e-6 + y * (2.75573200e-7 + y * 2.50521079e-8))));
  var sum = plus(Number(1.38888892e-3, -3.36310944e-11), exactly(tail));
  sum = horner(Number(8.33333377e-3, -4.34617203e-10), r, sum);
  sum = horner(Number(4.16666679e-2, -1.24176347e-9), r, sum);
  sum = horner(Number(0.166666672, -4.96705388e-9), r, sum);
  sum = horner(exactly(0.5), r, sum);
  return Exponent(plus(r, times(times(r, r), sum)), i32(k));
}

fn exponential(x: Number) -> Number {
  let parts = exponent(x);
  return scaled(plus(exactly(1.0), parts.rest), parts.k);
}

/// Without cancellation near 0, and without infinity less 1, whose parts would not be numbers.
fn exponentialLessOne(x: Number) -> Number {
  let parts = exponent(x);
  if (parts.k == 0) { return parts.rest; }
  let value = scaled(plus(exactly(1.0), parts.rest), parts.k);
  if (parts.k > 50) { return value; }
  return plus(value, exactly(-1.0));
}
