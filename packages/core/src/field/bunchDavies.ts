/**
 * Vacuum modes that are Hankel functions, up to a phase of each mode. Where a''/a - a^2 V'' = (nu^2 - 1/4)/tau^2 in conformal time tau,
 * chi = a u obeys chi'' + (k^2 - (nu^2 - 1/4)/tau^2) chi = 0, and chi = sqrt(pi |tau|)/2 H1_nu(k |tau|) is the vacuum (physics.md section 2),
 * for real and imaginary nu alike (the factor exp(-pi |Im nu|/2) included). With x = k |tau| it is |tau|^(1/2) g(x), and g'' + omega^2 g = 0
 * in ln(1/x) with omega^2 = x^2 - nu^2. Debye's expansion in 1/omega (Abramowitz and Stegun, 9.3.7 to 9.3.16), one for all nu, gives g where
 * omega is large; from there to smaller x its Taylor series about one point after another do, which the equation gives.
 */
import { DivergenceError } from "../errors.ts";
import type { ModeFunction } from "./fluctuations.ts";

/** g and dg/d ln(1/x), each as real and imaginary part. */
type State = readonly [number, number, number, number];

/** The omega beyond which TERMS terms of the expansion reach rounding. */
const LARGE = 30;
const TERMS = 20;
/** What a term of the expansion adds below this is lost in rounding. */
const NOTHING = 1e-18;

/** Terms of a Taylor series, and how far it is taken to rounding: omega times the way in ln(1/x), and that way where omega is small. */
const ORDER = 20;
const TURN = 1 / 2;
const LONGEST = 1 / 8;

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
    if (Math.abs(size * value) < NOTHING && Math.abs(size * slope) < NOTHING) break;
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

/** A Taylor series of g in ln(1/x). */
interface Series {
  /** ln(1/x) at its centre, and how much further it reaches. */
  readonly centre: number;
  readonly reach: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The series about the point ln(1/x) = `centre` whose g and slope are given there: g'' = (nu^2 - x^2) g, whose factor is a series too. */
function seriesAbout(centre: number, [re, im, dRe, dIm]: State, nuSquare: number): Series {
  const square = Math.exp(-2 * centre);
  const factor = new Float64Array(ORDER);
  for (let m = 0, term = -square; m < ORDER; m++, term *= -2 / m) factor[m] = term;
  factor[0]! += nuSquare;
  const carry = (value: number, slope: number): Float64Array => {
    const series = new Float64Array(ORDER + 1);
    series.set([value, slope]);
    for (let m = 0; m + 2 <= ORDER; m++) {
      let sum = 0;
      for (let j = 0; j <= m; j++) sum += factor[j]! * series[m - j]!;
      series[m + 2] = sum / ((m + 1) * (m + 2));
    }
    return series;
  };
  const reach = Math.min(LONGEST, TURN / Math.sqrt(square + Math.abs(nuSquare)));
  return { centre, reach, re: carry(re, dRe), im: carry(im, dIm) };
}

function stateAt({ centre, re, im }: Series, logarithm: number): State {
  const way = logarithm - centre;
  const state: [number, number, number, number] = [re[ORDER]!, im[ORDER]!, 0, 0];
  for (let m = ORDER - 1; m >= 0; m--) {
    state[2] = state[2] * way + state[0];
    state[3] = state[3] * way + state[1];
    state[0] = state[0] * way + re[m]!;
    state[1] = state[1] * way + im[m]!;
  }
  return state;
}

/** g by x (above 0). What it gives throws DivergenceError where nu is so large that g exceeds all numbers. */
function hankel(nuSquare: number): (x: number) => State {
  /** By rising ln(1/x), as far as was asked for. */
  const all: Series[] = [];
  const seriesFor = (logarithm: number): Series => {
    if (all.length === 0) {
      const far = expansionFrom(nuSquare);
      all.push(seriesAbout(-Math.log(far), expansion(far, nuSquare), nuSquare));
    }
    for (let last = all[all.length - 1]!; logarithm > last.centre + last.reach; last = all[all.length - 1]!) {
      const next = last.centre + last.reach;
      const state = stateAt(last, next);
      if (!state.every(Number.isFinite))
        throw new DivergenceError(`the mode leaves the finite numbers at x = ${Math.exp(-next)}`, all.length);
      all.push(seriesAbout(next, state, nuSquare));
    }
    let low = 0;
    for (let high = all.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (all[middle]!.centre <= logarithm) low = middle;
      else high = middle;
    }
    return all[low]!;
  };
  return (x) => {
    if (reaches(x, nuSquare)) return expansion(x, nuSquare);
    const logarithm = -Math.log(x);
    const state = stateAt(seriesFor(logarithm), logarithm);
    if (!state.every(Number.isFinite)) throw new DivergenceError(`the mode leaves the finite numbers at x = ${x}`, 0);
    return state;
  };
}

/**
 * u_k and du_k/dt at a = 1 by wave number (above 0), to 1e-13, in de Sitter space: tau = -1/(aH) and nu^2 = 9/4 - m^2/H^2.
 * @param massSquared V''; negative too.
 * @returns what throws DivergenceError where a tachyon is too heavy: its mode outside the horizon then exceeds all numbers.
 */
export function deSitterVacuum(massSquared: number, hubble: number): (k: number) => ModeFunction {
  const g = hankel(9 / 4 - massSquared / hubble ** 2);
  // |tau|^(1/2) at a = 1.
  const scale = 1 / Math.sqrt(hubble);
  const rate = hubble * scale;
  return (k) => {
    const [re, im, dRe, dIm] = g(k / hubble);
    return { u: [scale * re, scale * im], velocity: [rate * (dRe - 1.5 * re), rate * (dIm - 1.5 * im)] };
  };
}

/** u_k and du_k/dt at a = 1 of each of `wavenumbers`, as `deSitterVacuum` gives them. Throws DivergenceError. */
export const bunchDavies = (wavenumbers: readonly number[], massSquared: number, hubble: number): ModeFunction[] =>
  wavenumbers.map(deSitterVacuum(massSquared, hubble));

/** How near 1 an exponent has no such modes to speak of: aH is constant, and nu, that grows without bound, takes ever more steps. */
const NEAR_ONE = 1e-3;

/** Whether waves without mass have an exact vacuum in a background of this exponent, if it has one at all. */
export function isExactWithoutMass(exponent: number | undefined): exponent is number {
  return exponent !== undefined && Math.abs(exponent - 1) >= NEAR_ONE;
}

/**
 * The same of a field without mass in a = (1 + H t/p)^p, p not near 1: tau = p/((1 - p) H) at a = 1 and nu = 3/2 + 1/(p - 1). Its frequency is
 * positive in the far past where the expansion accelerates (p > 1), as Bunch and Davies'; else in the far future, inside the horizon.
 * @returns what throws DivergenceError where p is so near 1 that modes outside the horizon exceed all numbers.
 */
export function powerLawVacuum(exponent: number, hubble: number): (k: number) => ModeFunction {
  const tau = exponent / (Math.abs(1 - exponent) * hubble);
  const nu = 1.5 + 1 / (exponent - 1);
  const g = hankel(nu ** 2);
  // The sign of tau: ln(1/x) runs with time before tau = 0, against it after, where the complex conjugate is of positive frequency.
  const sign = exponent > 1 ? -1 : 1;
  const scale = Math.sqrt(tau);
  // du/dt = chi' - H chi at a = 1, and chi' = (g/2 - dg/d ln(1/x)) chi/(g tau).
  const slope = (value: number, d: number): number => scale * ((sign / tau) * (value / 2 - d) - hubble * value);
  return (k) => {
    const [re, im, dRe, dIm] = g(k * tau);
    return { u: [scale * re, -sign * scale * im], velocity: [slope(re, dRe), -sign * slope(im, dIm)] };
  };
}
