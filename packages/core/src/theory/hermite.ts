/**
 * Gaussian moments of smooth activations for many pairs at once (Mehler): with act(sqrt(s) z) = sum_n A_n(s) h_n(z) in the normalised
 * Hermite polynomials, E[act(u) act(v)] = sum_n A_n(suu) A_n(svv) c^n for u and v of correlation c; likewise act'. So D points take D
 * quadratures in one dimension rather than D^2 in two. The number of terms grows as the variance: 215 for tanh at 1, 64 for gelu; tanh has one up to a variance of 18, gelu to 100.
 */
import type { Work } from "../cooperate.ts";
import type { Activation } from "../network/activations.ts";
import { sineSquaredOf, versine } from "./angles.ts";
import type { Moments } from "./gaussian.ts";

/** Terms at most. */
const TERMS = 4096;
/** The trapezoidal rule: h_n(z) times the normal density is below 1e-16 beyond RANGE, and has no wave number near 2 pi / STEP. */
const RANGE = 12.5;
const STEP = 1 / 32;
/** Series end where this many terms in a row, both parities, are below ... */
const RUN = 8;
/** ... this share of E[act^2], and all terms sum to it within MISSING. */
const NEGLIGIBLE = 1e-17;
const MISSING = 1e-13;
/** Powers of a correlation below exp(SMALL) are left out. */
const SMALL = -38;

const nodes = Float64Array.from({ length: (2 * RANGE) / STEP + 1 }, (_, i) => i * STEP - RANGE);
const weights = nodes.map((z) => (STEP * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI));
/** Row n: h_n at the nodes times the rule's weights; extended as needed. */
const rows: Float64Array[] = [weights, weights.map((weight, i) => weight * nodes[i]!)];

function row(n: number): Float64Array {
  for (let m = rows.length; m <= n; m++) {
    const [last, before] = [rows[m - 1]!, rows[m - 2]!];
    rows.push(last.map((h, i) => (nodes[i]! * h - Math.sqrt(m - 1) * before[i]!) / Math.sqrt(m)));
  }
  return rows[n]!;
}

interface Coefficients {
  readonly value: Float64Array;
  readonly slope: Float64Array;
}

/** In four sums, which do not wait for one another. */
const dot = (left: Float64Array, right: Float64Array): number => {
  const whole = left.length - (left.length % 4);
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    sum0 += left[i]! * right[i]!;
    sum1 += left[i + 1]! * right[i + 1]!;
    sum2 += left[i + 2]! * right[i + 2]!;
    sum3 += left[i + 3]! * right[i + 3]!;
  }
  for (let i = whole; i < left.length; i++) sum0 += left[i]! * right[i]!;
  return sum0 + sum1 + (sum2 + sum3);
};

/** The coefficients of `samples` at the nodes, at least `terms`; undefined where TERMS do not suffice. */
function coefficients(samples: Float64Array, terms: number): number[] | undefined {
  const square = dot(
    weights,
    samples.map((sample) => sample * sample),
  );
  const result: number[] = [];
  let sum = 0;
  for (let n = 0, small = 0; n < terms || small < RUN || sum < (1 - MISSING) * square; n++) {
    if (n === TERMS) return undefined;
    const coefficient = dot(row(n), samples);
    result.push(coefficient);
    sum += coefficient ** 2;
    small = coefficient ** 2 <= NEGLIGIBLE * square ? small + 1 : 0;
  }
  return result;
}

/** Both series at variance `s`, equally long. That of the slopes, which is mostly the longer, first. */
function expand({ value, derivative }: Activation, s: number, terms: number): Coefficients | undefined {
  const deviation = Math.sqrt(s);
  const slopes = nodes.map((z) => derivative(deviation * z));
  const values = nodes.map((z) => value(deviation * z));
  let slope = coefficients(slopes, terms);
  const full = slope && coefficients(values, slope.length);
  if (full && full.length > slope!.length) slope = coefficients(slopes, full.length);
  return slope && full && { value: Float64Array.from(full), slope: Float64Array.from(slope).subarray(0, full.length) };
}

/** The series of all points. */
export interface HermiteSeries {
  /** The moments of the pair (a, b) of correlation c. */
  moments(a: number, b: number, correlation: number): Moments;
  /** The squared sine of the angle between act(u) and act(v), from that between u and v, where that is small. */
  sineSquared(a: number, b: number, correlation: number, sineSquared: number): number;
}

/**
 * The series of points of these variances; undefined where one does not end, as at large variance. All are equally long: what one neglects
 * may be much of another.
 */
export function* hermiteSeries(activation: Activation, variances: Float64Array): Work<HermiteSeries | undefined> {
  let known = new Map<number, Coefficients>();
  const points: Coefficients[] = [];
  // The largest variance, which mostly takes the longest series, first.
  const order = [...variances.keys()].sort((a, b) => variances[b]! - variances[a]!);
  let terms = 0;
  for (let i = 0; i < order.length; i++) {
    // To 14 digits: data on a circle share one variance but for the rounding.
    const variance = Number(variances[order[i]!]!.toPrecision(14));
    const series = known.get(variance) ?? expand(activation, variance, terms);
    if (!series) return undefined;
    if (series.value.length > terms) {
      terms = series.value.length;
      known = new Map();
      // From the start again with as many terms.
      if (i > 0) {
        i = -1;
        continue;
      }
    }
    known.set(variance, series);
    points[order[i]!] = series;
    yield;
  }
  return {
    moments(a, b, correlation) {
      const [left, right] = [points[a]!, points[b]!];
      let value = 0;
      let slope = 0;
      const needed = Math.min(terms, 1 + Math.floor(SMALL / Math.log(Math.min(Math.abs(correlation), 1 - 1e-9))));
      for (let n = needed - 1; n >= 0; n--) {
        value = value * correlation + left.value[n]! * right.value[n]!;
        slope = slope * correlation + left.slope[n]! * right.slope[n]!;
      }
      return { value, slope };
    },
    sineSquared(a, b, correlation, sineSquared) {
      const [left, right] = [points[a]!.value, points[b]!.value];
      const cosine = Math.abs(correlation);
      // E[(act(u) - act(v))^2], of the parts of act(v) turned round where the correlation is negative: with A_n and B_n the sum of
      // (A_n - B_n)^2 + 2 A_n B_n (1 - c^n), and 1 - c^n = (1 - c)(1 + c + ... + c^(n - 1)), summed by powers of c.
      let [leftSquare, rightSquare, apart, rest, sum] = [0, 0, 0, 0, 0];
      for (let n = terms - 1; n >= 0; n--) {
        const other = correlation < 0 && n % 2 === 0 ? -right[n]! : right[n]!;
        leftSquare += left[n]! ** 2;
        rightSquare += other ** 2;
        apart += (left[n]! - other) ** 2;
        sum = sum * cosine + rest;
        rest += left[n]! * other;
      }
      return sineSquaredOf(leftSquare, rightSquare, apart + 2 * versine(cosine, sineSquared) * sum);
    },
  };
}
