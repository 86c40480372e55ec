// Sine and cosine to about 1e-7 absolute; WGSL's own are good to 2e-4 on some adapters. The argument is reduced to [-pi/4, pi/4] and a
// quadrant, then Taylor's series, whose first term left out is below 2e-9 there (sine: r^11/11!, cosine: r^12/12!).

struct SinCos {
  sin: vec4f,
  cos: vec4f,
}

fn sinCosReduced(r: vec4f, quadrant: vec4i) -> SinCos {
  let z = r * r;
  let s = r + r * z * (-0.16666667 + z * (8.3333333e-3 + z * (-1.9841270e-4 + z * 2.7557319e-6)));
  let c = 1.0 - 0.5 * z + z * z * (4.1666667e-2 + z * (-1.3888889e-3 + z * (2.4801587e-5 - z * 2.7557319e-7)));
  let swap = (quadrant & vec4i(1)) == vec4i(1);
  let sine = select(s, c, swap);
  let cosine = select(c, s, swap);
  return SinCos(
    select(sine, -sine, (quadrant & vec4i(2)) == vec4i(2)),
    select(cosine, -cosine, ((quadrant + vec4i(1)) & vec4i(2)) == vec4i(2)),
  );
}

/// Of an angle in turns, 0 <= turns < 1: the reduction is exact.
fn sinCosTurns(turns: vec4f) -> SinCos {
  let quadrant = floor(4.0 * turns + 0.5);
  return sinCosReduced((turns - 0.25 * quadrant) * 6.2831853, vec4i(quadrant));
}

/// Of an angle in radians: pi/2 in three parts (Cody and Waite), the first two with few enough bits to multiply exactly for |x| up to
/// 1e4. The error is 1e-6 at 1e5 and grows from there until nothing is left at 1e7; beyond, the results do not stay within [-1, 1].
fn sinCos(x: vec4f) -> SinCos {
  let quadrant = floor(x * 0.63661977 + 0.5);
  let r = ((x - quadrant * 1.5703125) - quadrant * 4.8375129699707031e-4) - quadrant * 7.5497899548918821e-8;
  return sinCosReduced(r, vec4i(quadrant));
}
