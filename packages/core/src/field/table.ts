/**
 * A scale factor given as a table of cosmic times and a(t): ln a is interpolated by cubic Hermite pieces whose slopes are those of the
 * quartic through the five nearest rows (error of order 4 in the rows' distance), and alpha-time is its integral.
 */
import { InputError } from "../errors.ts";
import { readRows } from "../files/rows.ts";
import type { Background } from "./background.ts";

/** How far in ln x a power law reaches beyond the outer rows, whose numbers may be written with a few digits. */
const LEEWAY = 1e-4;
/** Rows of the interpolating polynomial. */
const NEAREST = 5;
/** Parts of an interval: where more were needed, a^alpha is beyond the largest number. */
const MOST_PARTS = 4096;
/** Gauss and Legendre's five points on [-1, 1] and their weights (Abramowitz and Stegun, table 25.4): order 10 within an interval. */
const NODES = [0, 0.5384693101056831, 0.906179845938664];
const WEIGHTS = [0.5688888888888889, 0.47862867049936647, 0.23692688505618908];

/**
 * Rows of two ascending-by-the-first columns, `least` of them or more.
 * @throws InputError naming the row where one is missing, not ascending, or the second number not above 0.
 */
export async function readTable(file: string, path: string, least = NEAREST): Promise<[number, number][]> {
  const rows = await readRows(file, path);
  const refuse = (message: string): never => {
    throw new InputError(`${file}: ${message}`, { path });
  };
  if (rows.length < least)
    refuse(`has ${rows.length} row${rows.length === 1 ? "" : "s"}; at least ${least} are needed`);
  for (const [r, row] of rows.entries()) {
    if (row.length !== 2) refuse(`row ${r + 1} has ${row.length} columns; two are expected`);
    if (!(row[1]! > 0)) refuse(`row ${r + 1}: ${row[1]} is not above 0`);
    if (r > 0 && !(row[0]! > rows[r - 1]![0]!)) refuse(`row ${r + 1}: ${row[0]} does not follow ${rows[r - 1]![0]}`);
  }
  return rows as [number, number][];
}

/** The slope at x[at] of the polynomial through the points `first` .. `first + NEAREST - 1`. */
function slope(x: readonly number[], y: readonly number[], first: number, at: number): number {
  let sum = 0;
  for (let j = first; j < first + NEAREST; j++) {
    // The derivative at x[at] of the Lagrange polynomial that is 1 at x[j].
    let derivative = 0;
    for (let m = first; m < first + NEAREST; m++) {
      if (m === j) continue;
      let term = 1 / (x[j]! - x[m]!);
      for (let l = first; l < first + NEAREST; l++) {
        if (l !== j && l !== m) term *= (x[at]! - x[l]!) / (x[j]! - x[l]!);
      }
      derivative += term;
    }
    sum += y[j]! * derivative;
  }
  return sum;
}

/** Index of the interval of ascending `x` that holds `value`, the outer ones reaching beyond. */
function interval(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The background of a table that begins at t = 0 with a = 1.
 * @throws InputError (background.file) where it begins elsewhere.
 */
export function tableBackground(rows: readonly (readonly [number, number])[], alpha: number): Background {
  const [t0, a0] = rows[0]!;
  if (t0 !== 0 || Math.abs(a0 - 1) > 1e-12) {
    throw new InputError(`the table begins with t = ${t0}, a = ${a0}; it must begin with t = 0, a = 1`, {
      path: "background.file",
    });
  }
  const t = rows.map(([time]) => time);
  const logs = rows.map(([, a]) => Math.log(a));
  const slopes = t.map((_, r) => slope(t, logs, Math.max(0, Math.min(t.length - NEAREST, r - 2)), r));
  /** ln a and H at cosmic time `time` of interval `i`. */
  const at = (time: number, i: number): [number, number] => {
    const h = t[i + 1]! - t[i]!;
    const u = (time - t[i]!) / h;
    const [y0, y1, s0, s1] = [logs[i]!, logs[i + 1]!, h * slopes[i]!, h * slopes[i + 1]!];
    const cubic = 2 * (y0 - y1) + s0 + s1;
    const square = 3 * (y1 - y0) - 2 * s0 - s1;
    return [y0 + u * (s0 + u * (square + u * cubic)), (s0 + u * (2 * square + 3 * u * cubic)) / h];
  };
  /** The alpha-time from `start` to `time`, both in interval `i`. */
  const elapsed = (start: number, time: number, i: number): number => {
    const half = (time - start) / 2;
    const rate = (x: number): number => Math.exp(-alpha * at(start + half * (1 + x), i)[0]);
    return half * NODES.reduce((sum, x, n) => sum + WEIGHTS[n]! * (n === 0 ? rate(0) : rate(x) + rate(-x)), 0);
  };
  // Cosmic times and etas at the ends of parts of the intervals, within each of which a^alpha changes by less than e^0.5.
  const [times, etas, inside] = [[0], [0], [] as number[]];
  for (let i = 0; i + 1 < t.length; i++) {
    const h = t[i + 1]! - t[i]!;
    const steepest = h * (Math.abs(slopes[i]!) + Math.abs(slopes[i + 1]!)) + 1.5 * Math.abs(logs[i + 1]! - logs[i]!);
    const parts = Math.max(1, Math.min(MOST_PARTS, Math.ceil(2 * Math.abs(alpha) * steepest)));
    for (let part = 1; part <= parts; part++) {
      const start = times[times.length - 1]!;
      const time = part === parts ? t[i + 1]! : t[i]! + (h * part) / parts;
      etas.push(etas[etas.length - 1]! + elapsed(start, time, i));
      times.push(time);
      inside.push(i);
    }
  }
  const last = etas[etas.length - 1]!;
  /** Cosmic time at eta, and its interval: Newton's method from the linear guess, whose error squares with every turn. */
  const locate = (eta: number): [number, number] => {
    const part = interval(etas, eta);
    const [start, i] = [times[part]!, inside[part]!];
    const width = etas[part + 1]! - etas[part]!;
    // Times may be in any unit.
    const rounding = 1e-15 * Math.max(width, Math.abs(eta));
    let time = start + ((times[part + 1]! - start) * (eta - etas[part]!)) / width;
    for (let turn = 0; turn < 20; turn++) {
      const error = etas[part]! + elapsed(start, time, i) - eta;
      if (Math.abs(error) <= rounding) break;
      time -= error * Math.exp(alpha * at(time, i)[0]);
    }
    return [time, i];
  };
  return {
    scaleFactor: (eta) => Math.exp(at(...locate(eta))[0]),
    time: (eta) => locate(eta)[0],
    hubble: (eta) => at(...locate(eta))[1],
    // The last row itself is reached.
    end: last * (1 + 1e-12),
  };
}

/**
 * A function through the rows of a file, a power law between two of them and 0 beyond the first and the last.
 * @throws InputError as `readTable`, or where the first number of a row is not above 0.
 */
export async function readPowerLaws(file: string, path: string): Promise<(x: number) => number> {
  const rows = await readTable(file, path, 2);
  // The others follow it.
  if (!(rows[0]![0] > 0))
    throw new InputError(`${file}: row 1 begins with ${rows[0]![0]}, which is not above 0`, { path });
  const x = rows.map(([abscissa]) => Math.log(abscissa));
  const y = rows.map(([, ordinate]) => Math.log(ordinate));
  return (value) => {
    const at = Math.log(value);
    if (at < x[0]! - LEEWAY || at > x[x.length - 1]! + LEEWAY) return 0;
    const i = interval(x, at);
    return Math.exp(y[i]! + ((at - x[i]!) / (x[i + 1]! - x[i]!)) * (y[i + 1]! - y[i]!));
  };
}
