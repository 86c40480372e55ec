// The error function and the Gaussian exp(-z^2), which share one exponential: erf(a) = 1 - P(t) exp(-a^2) for a >= 0, t = 1/(1 + 0.5495 a).
// P, of degree 6, was fitted for the least largest error of P(t) exp(-a^2) (Lawson's iteration on 4,001 Chebyshev nodes, float64): 1.7e-8;
// float32 rounding makes it at most 1.5e-7.
struct ErfPair {
  erf: vec4f,
  gaussian: vec4f,
}

fn erfPair(z: vec4f) -> ErfPair {
  let a = abs(z);
  let t = 1.0 / (1.0 + 0.5495 * a);
  let gaussian = exp(-z * z);
  let p = t * (0.3011730647 + t * (0.3914689134 + t * (-0.04403097774 + t * (0.7626851858 + t * (-0.5184873459 + t * 0.1071911758)))));
  return ErfPair(sign(z) * (1.0 - p * gaussian), gaussian);
}
