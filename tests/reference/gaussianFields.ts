/** Gaussian fields drawn mode by mode in plain loops, in JavaScript's own logarithm and cosine: what packages/core/src/fourier/gaussianFields.ts draws. */
import { complete } from "@slowroll/core/cooperate";
import type { LatticeState } from "@slowroll/core/engine/latticeJob";
import type { GaussianDraw } from "@slowroll/core/fourier/gaussianFields";
import { normal4 } from "@slowroll/core/random/normal";
import { keyOfSeed, philox4x32 } from "@slowroll/core/random/philox";

/** A complex number as [real, imaginary]. */
type Complex = readonly [number, number];

/** alpha_n of stream `stream` and realisation `r`; of a pair +-n, the one whose first differing number is larger has the first two normals. */
function alpha(
  n: readonly number[],
  points: number,
  stream: number,
  r: number,
  key: readonly [number, number],
): Complex {
  const opposite = n.map((i) => (2 * i === points ? i : -i + 0));
  const first = n.findIndex((i, axis) => i !== opposite[axis]);
  const isFirst = first < 0 || n[first]! > opposite[first]!;
  const [x, y, z] = (isFirst ? n : opposite) as [number, number, number];
  const normals = normal4(philox4x32([x >>> 0, y >>> 0, z >>> 0, 2 + 16 * stream + 4096 * r], key));
  return isFirst ? [normals[0] / 2, normals[1] / 2] : [normals[2] / 2, normals[3] / 2];
}

/** The index of a mode's orbit, by counting those before it. */
function orbitOf(n: readonly number[], dimensions: number): number {
  const [a, b, c] = n.map(Math.abs).sort((p, q) => q - p) as [number, number, number];
  let count = 0;
  if (dimensions === 1) return a;
  for (let i = 0; i <= a; i++)
    for (let j = 0; j <= i; j++) {
      if (i === a && j === b) return dimensions === 2 ? count : count + c;
      count += dimensions === 2 ? 1 : j + 1;
    }
  throw new RangeError("no such mode");
}

/** sum_n f_n exp(2 pi i n.x/points), one axis after another; [points]^dimensions, last index fastest. */
function plainSum(dimensions: number, points: number, real: Float64Array, imaginary: Float64Array): Float64Array {
  let [re, im] = [real, imaginary];
  for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
    const [nextRe, nextIm] = [new Float64Array(re.length), new Float64Array(re.length)];
    for (let site = 0; site < re.length; site++) {
      const x = Math.floor(site / stride) % points;
      const begin = site - x * stride;
      for (let n = 0; n < points; n++) {
        const angle = (2 * Math.PI * ((n * x) % points)) / points;
        const [p, q] = [re[begin + n * stride]!, im[begin + n * stride]!];
        nextRe[site]! += p * Math.cos(angle) - q * Math.sin(angle);
        nextIm[site]! += q * Math.cos(angle) + p * Math.sin(angle);
      }
    }
    [re, im] = [nextRe, nextIm];
  }
  return re;
}

export function referenceGaussianFields(draw: GaussianDraw): LatticeState {
  const { grid, seed, realisations, normals, scale, atRest, mean, velocity } = draw;
  const { dimensions, points } = grid;
  const sites = points ** dimensions;
  const F = normals.length;
  const key = keyOfSeed(seed);
  const state = {
    field: new Float64Array(realisations * F * sites),
    momentum: new Float64Array(realisations * F * sites),
  };
  const width = atRest ? 2 : 4;
  const half = Math.floor(points / 2);
  const tables = normals.map(({ fill }) => {
    const table = new Float64Array(width * (half + 1) ** 3);
    complete(fill(table));
    return table;
  });
  const signed = (i: number): number => (2 * i > points ? i - points : i);
  for (let r = 0; r < realisations; r++) {
    for (const part of atRest ? ([0] as const) : ([0, 1] as const)) {
      const array = part === 0 ? state.field : state.momentum;
      for (const [i, { direction }] of normals.entries()) {
        const [real, imaginary] = [new Float64Array(sites), new Float64Array(sites)];
        for (let site = 0; site < sites; site++) {
          // The numbers along the last, middle and first axis.
          const n = [0, 1, 2].map((axis) =>
            axis < dimensions ? signed(Math.floor(site / points ** axis) % points) : 0,
          );
          const at = width * orbitOf(n, dimensions) + 2 * part;
          const [u, v] = [tables[i]![at]!, tables[i]![at + 1]!];
          const sum = (mode: readonly number[]): Complex =>
            direction.reduce<Complex>(
              ([p, q], factor, stream) => {
                const [a, b] = alpha(mode, points, stream, r, key);
                return [p + factor * a, q + factor * b];
              },
              [0, 0],
            );
          const [p, q] = sum(n);
          const [c, d] = sum(n.map((m) => (2 * m === points ? m : -m + 0)));
          // w alpha + (w beta)^*.
          real[site] = u * p - v * q + (u * c - v * d);
          imaginary[site] = u * q + v * p - (u * d + v * c);
        }
        const values = plainSum(dimensions, points, real, imaginary);
        for (const [f, factor] of direction.entries())
          for (let site = 0; site < sites; site++)
            array[(r * F + f) * sites + site]! += factor * scale * (values[site]! / sites);
      }
    }
    for (let f = 0; f < F; f++)
      for (let site = 0; site < sites; site++) {
        state.field[(r * F + f) * sites + site]! += mean[f]!;
        state.momentum[(r * F + f) * sites + site]! += velocity[f]!;
      }
  }
  return state;
}
