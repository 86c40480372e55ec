// x^y of compensated numbers for any real y: exp(y log x) for x > 0, to (2 + |y log x|) 2^-44 of itself; 0 and negative numbers are float32's.
// include: special/compensated/logarithm.wgsl
// include: special/power.wgsl

fn realPowerOf(x: Number, y: Number) -> Number {
  if (x.x <= 0.0) { return exactly(realPower(x.x, y.x)); }
  return exponential(safeTimes(y, naturalLogarithm(x)));
}
