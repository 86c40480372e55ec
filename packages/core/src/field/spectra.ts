/** From a snapshot's sums to the contract's spectra: mean |k| and number of modes of each bin, and the mean power of it. */
import { complete } from "../cooperate.ts";
import { type Snapshot, spectrumBins } from "../engine/latticeJob.ts";
import { eachOrbit } from "../fourier/orbits.ts";
import { massPairs } from "../potential/curvature.ts";
import { followStates, leastSquares } from "./occupation.ts";
import type { Moment, Series, SeriesWithGaps, SpectrumResult } from "./result.ts";
import type { Setup } from "./setup.ts";
import type { LatticeSpec } from "./study.ts";

export interface Bins {
  /** [bins] mean |k| of the modes in the bin. */
  readonly k: number[];
  /** [bins] numbers of modes. */
  readonly count: number[];
  /** What a bin's sum over modes of |n|^d |DFT|^2 is multiplied with to give the mean of k^d |dphi_k|^2/(2 pi^2, 2 pi, pi). */
  readonly weights: number[];
  /** What a bin's sum of |DFT|^2, weighted in whatever way, is multiplied with to give the mean of the same of |dphi_k|^2. */
  readonly means: number[];
  /** The engine's bins that these are: those that hold a mode, without n = 0. */
  readonly index: number[];
}

/** Signs that a mode's number can have: 0 has none, and points/2 is its own opposite. */
const signs = (n: number, points: number): number => (n === 0 || 2 * n === points ? 1 : 2);

/** Modes of the orbit (a, b, c), in any order of the numbers that there are. */
function modesOf({ dimensions, points }: LatticeSpec, a: number, b: number, c: number): number {
  if (dimensions === 1) return signs(a, points);
  if (dimensions === 2) return (a === b ? 1 : 2) * signs(a, points) * signs(b, points);
  const orders = a === b && b === c ? 1 : a === b || b === c ? 3 : 6;
  return orders * signs(a, points) * signs(b, points) * signs(c, points);
}

/** Bins 2 pi/L wide centred on whole multiples. */
export function binsOf(lattice: LatticeSpec): Bins {
  const { dimensions, points, length } = lattice;
  const counts = new Float64Array(spectrumBins({ dimensions, points }));
  const sums = new Float64Array(counts.length);
  const add = (orbit: number, a: number, b: number, c: number): void => {
    if (orbit === 0) return;
    const n = Math.sqrt(a * a + b * b + c * c);
    const bin = Math.round(n);
    const count = modesOf(lattice, a, b, c);
    counts[bin]! += count;
    sums[bin]! += count * n;
  };
  complete(eachOrbit(lattice, add));
  const unit = (2 * Math.PI) / length;
  const dx = length / points;
  const density = [Math.PI, 2 * Math.PI, 2 * Math.PI ** 2][dimensions - 1]!;
  const perVolume = dx ** (2 * dimensions) / length ** dimensions;
  const scale = (unit ** dimensions * dx ** (2 * dimensions)) / length ** dimensions / density;
  const index = Array.from(counts.keys()).filter((bin) => counts[bin]! > 0);
  return {
    k: index.map((bin) => (unit * sums[bin]!) / counts[bin]!),
    count: index.map((bin) => counts[bin]!),
    weights: index.map((bin) => scale / counts[bin]!),
    means: index.map((bin) => perVolume / counts[bin]!),
    index,
  };
}

/** [R][F][size] in the order of [R][F] indices. */
function reordered(values: Float64Array, index: readonly (readonly number[])[]): Float64Array {
  const fields = index[0]!.length;
  const size = values.length / (index.length * fields);
  const result = new Float64Array(values.length);
  for (const [r, own] of index.entries())
    for (const [f, i] of own.entries()) {
      const from = (r * fields + i) * size;
      result.set(values.subarray(from, from + size), (r * fields + f) * size);
    }
  return result;
}

/**
 * What makes a spectrum of the result from a snapshot, its cosmic time and what was observed with it; snapshots come in their order, since
 * mass eigenstates have their names from those before.
 */
export function developSpectra(
  { fields, named, potential }: Setup,
  lattice: LatticeSpec,
): (time: number, shot: Snapshot, moments: readonly Moment[]) => SpectrumResult {
  const bins = binsOf(lattice);
  let least: number[] | undefined;
  const nameStates = followStates(fields);
  const mixes = massPairs([potential]).length > fields;
  const perField = <T>(value: (f: number) => T): T | T[] =>
    named ? Array.from({ length: fields }, (_, f) => value(f)) : value(0);
  return (time, { spectra, momentumSpectra, oscillators, curvature }, moments) => {
    const realisations = moments.length;
    const size = spectra!.length / (realisations * fields);
    /** Mean over the realisations of sums times weights and its standard error, [fields] of [bins] each. */
    const statistics = (sums: Float64Array, weights: readonly number[]) =>
      Array.from({ length: fields }, (_, f) => {
        const values = Array.from({ length: realisations }, (_, r) =>
          bins.index.map((bin, b) => weights[b]! * sums[(r * fields + f) * size + bin]!),
        );
        const mean = bins.k.map((_, b) => values.reduce((sum, value) => sum + value[b]!, 0) / realisations);
        const error = mean.map((value, b) => {
          const squares = values.reduce((sum, own) => sum + (own[b]! - value) ** 2, 0);
          return Math.sqrt(squares / (realisations * (realisations - 1)));
        });
        return { mean, error };
      });
    const several = realisations > 1;
    const power = statistics(spectra!, bins.weights);
    const velocity = momentumSpectra && statistics(momentumSpectra, bins.weights);
    const halves = bins.means.map((weight) => weight / 2);
    const states = curvature && nameStates(curvature, realisations);
    const occupation = oscillators && statistics(reordered(oscillators, states!.index), halves);
    /** a^2 m^2, the least of the realisations'. */
    const massSquared = (f: number): number =>
      moments.reduce(
        (least, { scaleFactor }, r) => Math.min(least, scaleFactor ** 2 * states!.massSquared[r]![f]!),
        Number.POSITIVE_INFINITY,
      );
    const whereAll = (f: number, values: readonly number[]): (number | null)[] => {
      const mass = massSquared(f);
      if (mass > 0) return [...values];
      least ??= leastSquares(lattice, bins);
      return values.map((value, b) => (least![b]! + mass > 0 ? value : null));
    };
    return {
      time,
      k: bins.k,
      count: bins.count,
      power: perField((f) => power[f]!.mean) as Series,
      ...(several ? { error: perField((f) => power[f]!.error) as Series } : {}),
      ...(velocity ? { velocityPower: perField((f) => velocity[f]!.mean) as Series } : {}),
      ...(velocity && several ? { velocityError: perField((f) => velocity[f]!.error) as Series } : {}),
      ...(occupation ? { occupation: perField((f) => whereAll(f, occupation[f]!.mean)) as SeriesWithGaps } : {}),
      ...(occupation && several
        ? { occupationError: perField((f) => whereAll(f, occupation[f]!.error)) as SeriesWithGaps }
        : {}),
      ...(states
        ? { massSquared: perField((f) => states.massSquared.reduce((sum, own) => sum + own[f]!, 0) / realisations) }
        : {}),
      ...(states && mixes ? { mixing: states.mixing } : {}),
    };
  };
}
