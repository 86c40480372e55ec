// The hyperbolic tangent of compensated numbers to 2^-42 of itself, and sech(x)^2 to 2^-42 of itself, also where tanh(x) rounds to 1, or to
// 2^-124 where that is larger.
// include: special/compensated/exponential.wgsl

fn magnitude(x: Number) -> Number { return select(x, -x, x.x < 0.0); }

/// -e/(2 + e), e = exp(-2 |x|) - 1.
fn hyperbolicTangent(x: Number) -> Number {
  let e = exponentialLessOne(-2.0 * magnitude(x));
  let t = over(-e, plus(exactly(2.0), e));
  return select(t, -t, x.x < 0.0);
}

/// 4 e/(1 + e)^2, e = exp(-2 |x|).
fn hyperbolicSecantSquared(x: Number) -> Number {
  let e = exponential(-2.0 * magnitude(x));
  let s = plus(exactly(1.0), e);
  return over(4.0 * e, times(s, s));
}
