// The natural logarithm of compensated numbers to 2^-43 of itself: x = 2^e m with m in [sqrt(1/2), sqrt(2)), as in special/log.wgsl, and
// log m = 2 atanh(s), s = (m - 1)/(m + 1), by its series in s^2 <= 0.0295, whose terms from s^8 on are below 2^-23 of the first, so that float32
// does for them. x is a normal number; what is not finite, of 0, infinity and negative numbers, is float32's.
// include: special/compensated/exponential.wgsl
// include: special/log.wgsl

fn naturalLogarithm(x: Number) -> Number {
  if (x.x <= 0.0 || !isFinite(x.x)) { return exactly(logarithm(x.x)); }
  let e = (bitcast<i32>(x.x) - 0x3f3504f3) >> 23u;
  let m = scaled(x, -e);
  let s = over(minus(m, exactly(1.0)), plus(m, exactly(1.0)));
  let z = times(s, s);
  let tail = z.x * (0.111111112 + z.x * (0.0909090936 + z.x * (0.0769230798 + z.x * (0.0666666701 + z.x * 0.0588235296))));
  var sum = plus(Number(0.142857149, -6.38621200e-9), exactly(tail));
  sum = horner(Number(0.200000003, -2.98023228e-9), z, sum);
  sum = horner(Number(0.333333343, -9.93410776e-9), z, sum);
  let series = 2.0 * plus(s, times(times(s, z), sum));
  // ln 2 in two parts, the first of 15 bits, so that its product with e is exact.
  let k = f32(e);
  return plus(exactly(k * 0.693145751953125), plus(times(exactly(k), Number(1.42860677e-6, 5.49792315e-14)), series));
}
