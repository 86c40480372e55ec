// x^y for real y: exp(y log x), NaN for x < 0, the limits at x = 0 and infinity, 1 for y = 0 (whole and half powers are multiplied out
// elsewhere). In float64 log x and its product with y are each kept in two numbers, head and tail, so that the relative error stays
// below 1e-14 over the whole range of results, where one rounding of y log x alone would make 1e-13. In float32 the lanes go through float64's functions.
import { madd } from "../simd";
import { exp, expWithTail } from "./exp";
import { atanhSeries, exponent, fraction, isSubnormal, log, scaledUp, withLogLimits } from "./log";

/** The logarithms of 0 and infinity here: finite, so that times y = 0 they give 0. */
const LARGEST: f64 = 1.7976931348623157e308;

/** The leading 26 bits of float64 numbers: products of two such are exact. */
@inline
function leading(x: v128): v128 {
  return v128.and(x, v128.splat<i64>(0xfffffffff8000000));
}

/** x^y in float64. */
export function pow64(x: v128, y: v128): v128 {
  const subnormal = isSubnormal<f64>(x);
  const normal = scaledUp<f64>(x, subnormal);
  const k = f64x2.sub(exponent<f64>(normal), v128.and(f64x2.splat(54), subnormal));
  const f = fraction<f64>(normal);
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));

  // f^2/2 in two parts, the first exact.
  const fHigh = leading(f);
  const half = f64x2.splat(0.5);
  const square = f64x2.mul(half, f64x2.mul(fHigh, fHigh));
  const squareRest = f64x2.mul(half, f64x2.mul(f64x2.sub(f, fHigh), f64x2.add(f, fHigh)));

  // log x = (k ln 2 + (f - f^2/2)) + rest: two sums with their rounding errors.
  const difference = f64x2.sub(f, square);
  const differenceError = f64x2.sub(f64x2.sub(f, difference), square);
  const multiple = f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1));
  const sum = f64x2.add(multiple, difference);
  const sumError = f64x2.add(f64x2.sub(multiple, sum), difference);
  const z = f64x2.mul(s, s);
  let rest = f64x2.mul(s, f64x2.add(f64x2.add(square, squareRest), atanhSeries<f64>(z)));
  rest = f64x2.sub(rest, squareRest);
  rest = madd<f64>(k, f64x2.splat(1.90821492927058770002e-10), rest);
  rest = f64x2.add(rest, f64x2.add(sumError, differenceError));
  const head = f64x2.add(sum, rest);
  const tail = f64x2.add(f64x2.sub(sum, head), rest);

  // y (head + tail), the product with head in two parts (Dekker).
  const logarithm = withLogLimits<f64>(head, x, LARGEST);
  const product = f64x2.mul(y, logarithm);
  const yHigh = leading(y);
  const yLow = f64x2.sub(y, yHigh);
  const headHigh = leading(head);
  const headLow = f64x2.sub(head, headHigh);
  let error = f64x2.sub(f64x2.mul(yHigh, headHigh), product);
  error = f64x2.add(error, f64x2.add(f64x2.mul(yHigh, headLow), f64x2.mul(yLow, headHigh)));
  error = madd<f64>(yLow, headLow, error);
  error = madd<f64>(y, tail, error);
  // Where the product is beyond the exponential's range so may the error be.
  const small = f64x2.splat(0.25);
  return expWithTail<f64>(product, f64x2.pmax(f64x2.pmin(small, error), f64x2.neg(small)));
}

@inline
function powPromoted(x: v128, y: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  const logarithm = withLogLimits<f64>(log<f64>(wide), wide, LARGEST);
  return f32x4.demote_f64x2_zero(exp<f64>(f64x2.mul(f64x2.promote_low_f32x4(y), logarithm)));
}

/** x^y in float32. */
export function pow32(x: v128, y: v128): v128 {
  const low = powPromoted(x, y);
  const high = powPromoted(v128.shuffle<i64>(x, x, 1, 0), v128.shuffle<i64>(y, y, 1, 0));
  return v128.shuffle<i64>(low, high, 0, 2);
}
