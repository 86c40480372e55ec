/**
 * E[act(u) act(v)] and E[act'(u) act'(v)] for two correlated Gaussians, in closed form where an activation states one, else by the
 * trapezoidal rule in two independent normals. For smooth activations that rule converges faster than any power of its step
 * (Trefethen and Weideman, SIAM Review 56 (2014) 385), so the step is halved until nothing changes; Gauss-Hermite rules of fixed size are
 * off by 1e-5 at large variance.
 */
import type { Activation } from "../network/activations.ts";

export interface Moments {
  readonly value: number;
  readonly slope: number;
}

const TOLERANCE = 1e-13;
/** Standard deviations at which the normal density is cut: below 1e-18 there. */
const CUT = 9;
const FIRST_STEP = 0.5;
const SMALLEST_STEP = 1 / 128;

function trapezoidal(activation: Activation, suu: number, suv: number, svv: number, step: number): Moments {
  const count = Math.round(CUT / step);
  const weight = (x: number): number => (step / Math.sqrt(2 * Math.PI)) * Math.exp(-(x * x) / 2);
  // u = su x, v = along x + across y.
  const su = Math.sqrt(suu);
  const along = su > 0 ? suv / su : 0;
  const across = Math.sqrt(Math.max(0, svv - along * along));
  const flat = across <= 1e-9 * Math.sqrt(svv);
  let value = 0;
  let slope = 0;
  for (let i = -count; i <= count; i++) {
    const x = i * step;
    const wx = weight(x);
    let innerValue = 0;
    let innerSlope = 0;
    if (flat) {
      innerValue = activation.value(along * x);
      innerSlope = activation.derivative(along * x);
    } else {
      for (let j = -count; j <= count; j++) {
        const y = j * step;
        const v = along * x + across * y;
        const wy = weight(y);
        innerValue += wy * activation.value(v);
        innerSlope += wy * activation.derivative(v);
      }
    }
    value += wx * activation.value(su * x) * innerValue;
    slope += wx * activation.derivative(su * x) * innerSlope;
  }
  return { value, slope };
}

/**
 * The two moments, to 1e-12 of their scale.
 * @throws RangeError where the quadrature does not settle: an activation with kinks needs a closed form.
 */
export function gaussianMoments(activation: Activation, suu: number, suv: number, svv: number): Moments {
  if (activation.gaussianMoments) return activation.gaussianMoments(suu, suv, svv);
  let previous = trapezoidal(activation, suu, suv, svv, FIRST_STEP);
  for (let step = FIRST_STEP / 2; step >= SMALLEST_STEP; step /= 2) {
    const next = trapezoidal(activation, suu, suv, svv, step);
    const scale = 1 + Math.abs(next.value) + Math.abs(next.slope);
    if (Math.abs(next.value - previous.value) + Math.abs(next.slope - previous.slope) <= TOLERANCE * scale) return next;
    previous = next;
  }
  throw new RangeError(`the Gaussian moments of ${activation.name} do not converge: state them in closed form`);
}
