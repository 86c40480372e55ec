/** From a snapshot's sums to the contract's spectra: mean |k| and number of modes of each bin, and the mean power of it. */
import { spectrumBins } from "../engine/engine.ts";
import type { LatticeSpec } from "./study.ts";

export interface Bins {
  /** [bins] mean |k| of the modes in the bin. */
  readonly k: number[];
  /** [bins] numbers of modes. */
  readonly count: number[];
  /** What a bin's sum over modes of |n|^d |DFT|^2 is multiplied with to give the mean of k^d |dphi_k|^2/(2 pi^2, 2 pi, pi). */
  readonly weights: number[];
  /** The engine's bins that these are: those that hold a mode, without n = 0. */
  readonly index: number[];
}

/** The numbers of modes by |n|^2 of a cubic lattice. */
function countSquares(dimensions: number, points: number): Float64Array {
  const half = Math.floor(points / 2);
  const axis = new Float64Array(half ** 2 + 1);
  for (let i = 0; i < points; i++) {
    const n = 2 * i > points ? i - points : i;
    axis[n * n]!++;
  }
  let all = axis;
  for (let d = 1; d < dimensions; d++) {
    const next = new Float64Array(all.length + half ** 2);
    for (const [square, count] of all.entries()) {
      // Of a line's squares few are taken, of a plane's a quarter.
      if (count === 0) continue;
      for (let n = 0; n <= half; n++) next[square + n * n]! += axis[n * n]! * count;
    }
    all = next;
  }
  return all;
}

/** Bins 2 pi/L wide centred on whole multiples. */
export function binsOf({ dimensions, points, length }: LatticeSpec): Bins {
  const counts = new Float64Array(spectrumBins({ dimensions, points }));
  const sums = new Float64Array(counts.length);
  for (const [square, count] of countSquares(dimensions, points).entries()) {
    if (square === 0 || count === 0) continue;
    const n = Math.sqrt(square);
    counts[Math.round(n)]! += count;
    sums[Math.round(n)]! += count * n;
  }
  const unit = (2 * Math.PI) / length;
  const dx = length / points;
  const density = [Math.PI, 2 * Math.PI, 2 * Math.PI ** 2][dimensions - 1]!;
  const scale = (unit ** dimensions * dx ** (2 * dimensions)) / length ** dimensions / density;
  const index = Array.from(counts.keys()).filter((bin) => counts[bin]! > 0);
  return {
    k: index.map((bin) => (unit * sums[bin]!) / counts[bin]!),
    count: index.map((bin) => counts[bin]!),
    weights: index.map((bin) => scale / counts[bin]!),
    index,
  };
}
