/**
 * The vacuum mode of a scalar field in de Sitter space (physics.md section 2): u_k = sqrt(pi)/2 H (-tau)^(3/2) H1_nu(-k tau) with
 * nu^2 = 9/4 - m^2/H^2, for real and imaginary nu alike (the factor exp(-pi |Im nu|/2) included), up to a phase of each mode. With
 * x = k/(aH) it is H k^(-3/2) x^(3/2) g(x), and g'' + omega^2 g = 0 in e-folds with omega^2 = x^2 - nu^2. Debye's expansion in 1/omega
 * (Abramowitz and Stegun, 9.3.7 to 9.3.16), one for all nu, gives g where omega is large; the equation carries it from there to smaller x.
 */
import type { ModeFunction } from "./fluctuations.ts";
import { integrate } from "./integrate.ts";

/** g and dg/d ln a, each as real and imaginary part. */
type State = readonly [number, number, number, number];

/** g is of order 1/sqrt(omega), and larger outside the horizon. */
const TOLERANCE = { relativeTolerance: 1e-14, absoluteTolerance: 1e-15 };

/** The omega beyond which TERMS terms of the expansion reach rounding. */
const LARGE = 30;
const TERMS = 20;

/** Debye's polynomials: u_n(p) = p^n sum_j POLYNOMIALS[n][j] p^(2j), from 9.3.10. */
const POLYNOMIALS: readonly (readonly number[])[] = (() => {
  const polynomials = [[1]];
  for (let n = 0; n + 1 < TERMS; n++) {
    const next = new Array<number>(n + 2).fill(0);
    for (const [j, c] of polynomials[n]!.entries()) {
      const power = n + 2 * j;
      next[j]! += c * (power / 2 + 1 / (8 * (power + 1)));
      next[j + 1]! -= c * (power / 2 + 5 / (8 * (power + 3)));
    }
    polynomials.push(next);
  }
  return polynomials;
})();

/** Whether the expansion is exact to rounding; near a turning point, x = nu, it is not. */
function reaches(x: number, nuSquare: number): boolean {
  return x * x >= 4 * nuSquare && x * x - nuSquare >= LARGE ** 2;
}

/** The smallest x that `reaches`, or 0. */
function expansionFrom(nuSquare: number): number {
  return Math.sqrt(Math.max(0, 4 * nuSquare, LARGE ** 2 + nuSquare)) * (1 + 1e-15);
}

/** g = (2 omega)^(-1/2) S with S = sum_n (-i/omega)^n U_n(q), q = -nu^2/omega^2, and its slope, the phase at x taken out. */
function expansion(x: number, nuSquare: number): State {
  const omega = Math.sqrt(x * x - nuSquare);
  const q = -nuSquare / omega ** 2;
  const sum = [0, 0];
  // -dS/d ln a: omega has the logarithmic derivative 1 - q, and q has -2 (1 - q).
  const rise = [0, 0];
  for (let n = 0, size = 1; n < TERMS; n++, size /= omega) {
    let value = 0;
    let slope = 0;
    for (let j = n; j >= 0; j--) {
      const c = POLYNOMIALS[n]![j]!;
      value = value * q + c;
      slope = slope * q + j * c;
    }
    const sign = (n + 1) & 2 ? -size : size;
    sum[n & 1]! += sign * value;
    rise[n & 1]! -= sign * (1 - q) * (n * value + 2 * slope);
  }
  const [re, im] = sum as [number, number];
  // d ln g/d ln a = (1 - q)/2 - i omega - rise/S, g being exp(i integral of omega/x) (2 omega)^(-1/2) S.
  const scale = 1 / Math.sqrt(2 * omega);
  const shrink = (1 - q) / 2;
  return [
    scale * re,
    scale * im,
    scale * (shrink * re + omega * im - rise[0]!),
    scale * (shrink * im - omega * re - rise[1]!),
  ];
}

/**
 * u_k and du_k/dt at a = 1 of every wave number of `wavenumbers` (all above 0), to 1e-11.
 * @param massSquared V''; negative too.
 * @throws DivergenceError or TooStiffError where a tachyon is too heavy: its mode outside the horizon then exceeds all numbers.
 */
export function bunchDavies(wavenumbers: readonly number[], massSquared: number, hubble: number): ModeFunction[] {
  const nuSquare = 9 / 4 - massSquared / hubble ** 2;
  const far = expansionFrom(nuSquare);
  const xs = wavenumbers.map((k) => k / hubble);
  const near = [...new Set(xs.filter((x) => !reaches(x, nuSquare)))].sort((p, q) => q - p);
  const known = new Map<number, ArrayLike<number>>();
  if (near.length > 0) {
    const states = integrate(
      (efolds, y, slope) => {
        const square = Math.exp(-2 * efolds) - nuSquare;
        for (const part of [0, 1]) {
          slope[part] = y[2 + part]!;
          slope[2 + part] = -square * y[part]!;
        }
      },
      expansion(far, nuSquare),
      [far, ...near].map((x) => -Math.log(x)),
      TOLERANCE,
    );
    for (const [i, x] of near.entries()) known.set(x, states[i + 1]!);
  }
  return xs.map((x) => {
    const [re, im, dRe, dIm] = (known.get(x) ?? expansion(x, nuSquare)) as State;
    // H k^(-3/2) x^(3/2) at a = 1; x^(3/2) falls as a^(-3/2).
    const scale = 1 / Math.sqrt(hubble);
    const rate = hubble * scale;
    return { u: [scale * re, scale * im], velocity: [rate * (dRe - 1.5 * re), rate * (dIm - 1.5 * im)] };
  });
}
