// The hyperbolic tangent and sech^2 to about two units in the last place, relative, also near 0 and in the tails: with e = exp(-2 |x|),
// tanh |x| = (1 - e)/(1 + e), 1 - e by expm1 without cancellation, and sech^2 = 4 e/(1 + e)^2.
import { constant } from "../simd";
import { magnitude, signedAs } from "./bits";
import { exp, expm1 } from "./exp";

/** tanh(x). */
@inline
export function tanh<T>(x: v128): v128 {
  const difference = expm1<T>(v128.mul<T>(magnitude<T>(x), constant<T>(-2)));
  return signedAs<T>(v128.div<T>(v128.neg<T>(difference), v128.add<T>(difference, constant<T>(2))), x);
}

/** sech(x)^2. */
@inline
export function sechSquared<T>(x: v128): v128 {
  const e = exp<T>(v128.mul<T>(magnitude<T>(x), constant<T>(-2)));
  const s = v128.add<T>(e, constant<T>(1));
  return v128.div<T>(v128.mul<T>(e, constant<T>(4)), v128.mul<T>(s, s));
}
