// The hyperbolic tangent to float32 rounding, relative also near 0, and exp(x) - 1 from it; WGSL's tanh is NaN beyond 40 on some adapters.
fn safeTanh4(x: vec4f) -> vec4f {
  let z = x * x;
  let near = x + x * z * (-0.33333333 + z * (0.13333333 + z * (-0.053968254 + z * 0.021869489)));
  // exp underflows to 0 for large |x|, which gives 1.
  let e = exp(-2.0 * abs(x));
  return select(sign(x) * (1.0 - e) / (1.0 + e), near, abs(x) < vec4f(0.25));
}

fn safeTanh(x: f32) -> f32 {
  return safeTanh4(vec4f(x)).x;
}

/// exp(x) - 1 without cancellation: 2 t/(1 - t), t = tanh(x/2).
fn expMinusOne(x: f32) -> f32 {
  let t = safeTanh(0.5 * x);
  return select(exp(x) - 1.0, 2.0 * t / (1.0 - t), abs(x) < 0.5);
}

/// sech(x)^2, with all its digits also where tanh(x) rounds to 1: 4 e/(1 + e)^2, e = exp(-2 |x|).
fn sechSquared(x: f32) -> f32 {
  let e = exp(-2.0 * abs(x));
  let s = 1.0 + e;
  return 4.0 * e / (s * s);
}
