// The error function to 1.5e-7 absolute (4e-7 relative near 0) and the Gaussian exp(-z^2), which share one exponential.
// Below 0.7: z Q(z^2). Above, with t = 1/(1 + 0.675 |z|): 1 - P(t) exp(-z^2), a form that near 0 would double the division's rounding.
// Both are fitted for the least largest absolute error (Lawson's iteration on 801 Chebyshev nodes of [0, 0.7] and of t over [0.7, 4.3],
// float64): 1.3e-8 and 3.7e-8; the rest is float32 rounding. The Gaussian is as good as the adapter's exp, at most 4e-7.
struct ErfPair {
  erf: vec4f,
  gaussian: vec4f,
}

fn erfPair(z: vec4f) -> ErfPair {
  let a = abs(z);
  let x = z * z;
  let gaussian = exp(-x);
  let near = z * (1.128378958 + x * (-0.3761177443 + x * (0.1127375502 + x * (-0.02638700261 + x * 0.004202989438))));
  let t = 1.0 / (1.0 + 0.675 * a);
  let far = 1.0 - t * (0.3918798104 + t * (0.2871739257 + t * (0.5910889696 - t * 0.2716474846))) * gaussian;
  // far is not negative: z's sign bit is all it lacks.
  let signed = bitcast<vec4f>(bitcast<vec4u>(far) | (bitcast<vec4u>(z) & vec4u(0x80000000u)));
  return ErfPair(select(signed, near, a < vec4f(0.7)), gaussian);
}
