/**
 * The vacuum mode of a scalar field in de Sitter space (physics.md section 2): u_k = sqrt(pi)/2 H (-tau)^(3/2) H1_nu(-k tau) with
 * nu^2 = 9/4 - m^2/H^2, for real and imaginary nu alike (the factor exp(-pi |Im nu|/2) included), up to a constant phase. With x = k/(aH)
 * it is H k^(-3/2) f(x): Hankel's expansion (Abramowitz and Stegun, 9.2.7), which knows only nu^2, gives f far inside the horizon, and
 * f'' + 3 f' + (x^2 + m^2/H^2) f = 0 in e-folds carries it from there to smaller x.
 */
import type { ModeFunction } from "./fluctuations.ts";
import { integrate } from "./integrate.ts";

/** f and df/d ln a, each as real and imaginary part. */
type State = readonly [number, number, number, number];

const TOLERANCE = { relativeTolerance: 1e-13, absoluteTolerance: 1e-18 };

/** The x beyond which Hankel's expansion reaches rounding: its terms fall until their number nears 2 x, from about nu^2/(2x). */
function expansionFrom(nuSquare: number): number {
  return 30 + Math.abs(nuSquare);
}

/** f = x/sqrt(2) exp(i x) sum_n i^n a_n/x^n, a_n = a_(n-1) (4 nu^2 - (2n-1)^2)/(8 n), and its derivative by ln a = -ln x. */
function expansion(x: number, nuSquare: number): State {
  // i^n a_n/x^n, its sum S, and the sum of -n times it, x S'.
  let [re, im] = [1, 0];
  let [sumRe, sumIm] = [1, 0];
  let [slopeRe, slopeIm] = [0, 0];
  for (let n = 1; n < 200; n++) {
    const ratio = (4 * nuSquare - (2 * n - 1) ** 2) / (8 * n * x);
    [re, im] = [-im * ratio, re * ratio];
    sumRe += re;
    sumIm += im;
    slopeRe -= n * re;
    slopeIm -= n * im;
    if (n * Math.hypot(re, im) < 1e-17) break;
  }
  const scale = x / Math.SQRT2;
  const [c, s] = [Math.cos(x), Math.sin(x)];
  // x d/dx of x exp(ix) S: x exp(ix) (S + i x S + x S').
  const dRe = sumRe - x * sumIm + slopeRe;
  const dIm = sumIm + x * sumRe + slopeIm;
  return [
    scale * (c * sumRe - s * sumIm),
    scale * (c * sumIm + s * sumRe),
    -scale * (c * dRe - s * dIm),
    -scale * (c * dIm + s * dRe),
  ];
}

/**
 * u_k and du_k/dt at a = 1 of every wave number of `wavenumbers` (all above 0), to about 1e-11.
 * @param massSquared V''; negative too.
 */
export function bunchDavies(wavenumbers: readonly number[], massSquared: number, hubble: number): ModeFunction[] {
  const nuSquare = 9 / 4 - massSquared / hubble ** 2;
  const far = expansionFrom(nuSquare);
  const xs = wavenumbers.map((k) => k / hubble);
  const near = [...new Set(xs.filter((x) => x < far))].sort((p, q) => q - p);
  const states = integrate(
    (efolds, y, slope) => {
      const square = Math.exp(-2 * efolds) + massSquared / hubble ** 2;
      for (const part of [0, 1]) {
        slope[part] = y[2 + part]!;
        slope[2 + part] = -3 * y[2 + part]! - square * y[part]!;
      }
    },
    expansion(far, nuSquare),
    [far, ...near].map((x) => -Math.log(x)),
    TOLERANCE,
  );
  const known = new Map(near.map((x, i) => [x, states[i + 1]!]));
  return wavenumbers.map((k, i) => {
    const [re, im, dRe, dIm] = (known.get(xs[i]!) ?? expansion(xs[i]!, nuSquare)) as State;
    const scale = hubble / k ** 1.5;
    return { u: [scale * re, scale * im], velocity: [hubble * scale * dRe, hubble * scale * dIm] };
  });
}
