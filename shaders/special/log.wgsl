// The natural logarithm of positive normal numbers to float32 rounding; WGSL's own is good to 2^-21 near 1 only.
// x = 2^e m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1)/(m + 1), by its series: s^2 <= 0.0295, so the first
// term left out is below 3e-9.
fn accurateLog(x: vec2f) -> vec2f {
  let bits = bitcast<vec2i>(x) - vec2i(0x3f3504f3);
  let exponent = vec2f(bits >> vec2u(23u));
  let m = bitcast<vec2f>((bits & vec2i(0x7fffff)) + vec2i(0x3f3504f3));
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  let series = s * (2.0 + z * (0.6666666667 + z * (0.4 + z * (0.2857142857 + z * 0.2222222222))));
  // ln 2 in two parts, the first with few enough digits that its product with the exponent is exact.
  return exponent * 0.693359375 + (series - exponent * 2.12194440e-4);
}

/// Of any number: -infinity of 0, infinity of itself and NaN of a negative number, as in float64; adapters' own log may be finite there.
/// The bits are made from x, since WGSL allows no constant that is not finite.
fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let infinite = bits == 0x7f800000u;
  let notFinite = bitcast<f32>(bits | select(select(0x7fc00000u, 0xff800000u, x == 0.0), bits, infinite));
  return select(notFinite, accurateLog(vec2f(x)).x, x > 0.0 && !infinite);
}
