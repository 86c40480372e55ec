// Sine and cosine of compensated numbers: x less the nearest multiple of pi/2, of which three parts are known, and Taylor's series on
// [-pi/4, pi/4], whose terms from r^9 on are below 2^-21 of the first, so that float32 does for them. For |x| to 1e5 to 2^-43, the sine of
// |x| < pi/4 to 2^-43 of itself; further out the multiple of pi/2 loses digits, and beyond 1e7 nothing is left.
// include: special/compensated/exponential.wgsl

fn sineSeries(r: Number) -> Number {
  let z = times(r, r);
  let tail = z.x * (2.75573188e-6 + z.x * (-2.50521079e-8 + z.x * (1.60590444e-10 - z.x * 7.64716361e-13)));
  var sum = plus(Number(-1.98412701e-4, 2.72559687e-12), exactly(tail));
  sum = horner(Number(8.33333377e-3, -4.34617203e-10), z, sum);
  sum = horner(Number(-0.166666672, 4.96705388e-9), z, sum);
  return plus(r, times(times(r, z), sum));
}

fn cosineSeries(r: Number) -> Number {
  let z = times(r, r);
  let tail = z.x * (-2.75573200e-7 + z.x * (2.08767559e-9 - z.x * 1.14707454e-11));
  var sum = plus(Number(2.48015876e-5, -3.40699609e-13), exactly(tail));
  sum = horner(Number(-1.38888892e-3, 3.36310944e-11), z, sum);
  sum = horner(Number(4.16666679e-2, -1.24176347e-9), z, sum);
  sum = horner(exactly(-0.5), z, sum);
  return plus(exactly(1.0), times(z, sum));
}

/// sin(x + turns pi/2).
fn turned(x: Number, turns: i32) -> Number {
  let q = floor(x.x * 0.63661977 + 0.5);
  // Of what is close to each other the larger parts' difference is exact; the lower parts, each as large as what may be left, are added whole.
  let first = twoProduct(q, 1.57079637);
  let close = plus(twoSum(x.x, -first.x), twoSum(x.y, -first.y));
  let r = minus(minus(close, twoProduct(q, -4.37113883e-8)), exactly(q * -1.71512451e-15));
  let quadrant = i32(q) + turns;
  var value: Number;
  if ((quadrant & 1) == 0) { value = sineSeries(r); } else { value = cosineSeries(r); }
  return select(value, -value, (quadrant & 2) == 2);
}

fn sine(x: Number) -> Number { return turned(x, 0); }
fn cosine(x: Number) -> Number { return turned(x, 1); }
