// x^y for any real y: exp(y log x) for x > 0, the limit at x = 0, NaN for x < 0 (the bits made from x: exp of NaN may be finite on some
// adapters). The relative error is |y log x| times float32's rounding and that of exp; whole and half powers are multiplied out instead.
// include: special/log.wgsl

fn realPower(x: f32, y: f32) -> f32 {
  return select(bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u), exp(y * logarithm(x)), x >= 0.0);
}
