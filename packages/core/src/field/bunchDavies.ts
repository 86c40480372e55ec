/**
 * Vacuum modes that are Hankel functions, up to a phase of each mode. Where a''/a - a^2 V'' = (nu^2 - 1/4)/tau^2 in conformal time tau,
 * chi = a u obeys chi'' + (k^2 - (nu^2 - 1/4)/tau^2) chi = 0, and chi = sqrt(pi |tau|)/2 H1_nu(k |tau|) is the vacuum (physics.md section 2),
 * for real and imaginary nu alike (the factor exp(-pi |Im nu|/2) included). With x = k |tau| it is |tau|^(1/2) g(x), and g'' + omega^2 g = 0
 * in ln(1/x) with omega^2 = x^2 - nu^2. Debye's expansion in 1/omega (Abramowitz and Stegun, 9.3.7 to 9.3.16), one for all nu, gives g where
 * omega is large; the equation carries it from there to smaller x.
 */
import type { ModeFunction } from "./fluctuations.ts";
import { integrate } from "./integrate.ts";

/** g and dg/d ln(1/x), each as real and imaginary part. */
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
  // -dS/d ln(1/x): omega has the logarithmic derivative 1 - q, and q has -2 (1 - q).
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
  // d ln g/d ln(1/x) = (1 - q)/2 - i omega - rise/S, g being exp(i integral of omega/x) (2 omega)^(-1/2) S.
  const scale = 1 / Math.sqrt(2 * omega);
  const shrink = (1 - q) / 2;
  return [
    scale * re,
    scale * im,
    scale * (shrink * re + omega * im - rise[0]!),
    scale * (shrink * im - omega * re - rise[1]!),
  ];
}

/** The states of all of `xs` (above 0). Throws DivergenceError or TooStiffError where nu is so large that one exceeds all numbers. */
function states(xs: readonly number[], nuSquare: number): State[] {
  const far = expansionFrom(nuSquare);
  const near = [...new Set(xs.filter((x) => !reaches(x, nuSquare)))].sort((p, q) => q - p);
  const known = new Map<number, ArrayLike<number>>();
  if (near.length > 0) {
    const found = integrate(
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
    for (const [i, x] of near.entries()) known.set(x, found[i + 1]!);
  }
  return xs.map((x) => (known.get(x) ?? expansion(x, nuSquare)) as State);
}

/**
 * u_k and du_k/dt at a = 1 of every wave number of `wavenumbers` (all above 0), to 1e-11, in de Sitter space: tau = -1/(aH) and
 * nu^2 = 9/4 - m^2/H^2.
 * @param massSquared V''; negative too.
 * @throws DivergenceError or TooStiffError where a tachyon is too heavy: its mode outside the horizon then exceeds all numbers.
 */
export function bunchDavies(wavenumbers: readonly number[], massSquared: number, hubble: number): ModeFunction[] {
  const nuSquare = 9 / 4 - massSquared / hubble ** 2;
  const xs = wavenumbers.map((k) => k / hubble);
  return states(xs, nuSquare).map(([re, im, dRe, dIm]) => {
    // |tau|^(1/2) at a = 1.
    const scale = 1 / Math.sqrt(hubble);
    const rate = hubble * scale;
    return { u: [scale * re, scale * im], velocity: [rate * (dRe - 1.5 * re), rate * (dIm - 1.5 * im)] };
  });
}

/** How near 1 an exponent has no such modes to speak of: aH is constant, and nu, that grows without bound, takes ever more steps. */
const NEAR_ONE = 1e-3;

/** Whether waves without mass have an exact vacuum in a background of this exponent, if it has one at all. */
export function isExactWithoutMass(exponent: number | undefined): exponent is number {
  return exponent !== undefined && Math.abs(exponent - 1) >= NEAR_ONE;
}

/**
 * The same of a field without mass in a = (1 + H t/p)^p, p not near 1: tau = p/((1 - p) H) at a = 1 and nu = 3/2 + 1/(p - 1). Its frequency is
 * positive in the far past where the expansion accelerates (p > 1), as Bunch and Davies'; else in the far future, inside the horizon.
 * @throws DivergenceError or TooStiffError where p is so near 1 that modes outside the horizon exceed all numbers.
 */
export function powerLawVacuum(wavenumbers: readonly number[], exponent: number, hubble: number): ModeFunction[] {
  const tau = exponent / (Math.abs(1 - exponent) * hubble);
  const nu = 1.5 + 1 / (exponent - 1);
  // The sign of tau: ln(1/x) runs with time before tau = 0, against it after, where the complex conjugate is of positive frequency.
  const sign = exponent > 1 ? -1 : 1;
  const scale = Math.sqrt(tau);
  return states(
    wavenumbers.map((k) => k * tau),
    nu ** 2,
  ).map(([re, im, dRe, dIm]) => {
    // du/dt = chi' - H chi at a = 1, and chi' = (g/2 - dg/d ln(1/x)) chi/(g tau).
    const slope = (g: number, d: number): number => scale * ((sign / tau) * (g / 2 - d) - hubble * g);
    return { u: [scale * re, -sign * scale * im], velocity: [slope(re, dRe), -sign * slope(im, dIm)] };
  });
}
