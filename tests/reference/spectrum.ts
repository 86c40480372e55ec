/** The discrete Fourier transform as its plain sum, axis by axis, and the binned spectrum of it. */
import { type Grid, spectrumBins } from "@slowroll/core/engine/latticeJob";

/** sum_x phi(x) exp(-2 pi i n.x/points) for every n, [points]^dimensions of real and of imaginary parts, last index fastest. */
export function referenceTransform(
  { dimensions, points }: Pick<Grid, "dimensions" | "points">,
  values: Float64Array,
): { readonly real: Float64Array; readonly imaginary: Float64Array } {
  let real = Float64Array.from(values);
  let imaginary = new Float64Array(values.length);
  const cosines = Array.from({ length: points }, (_, n) => Math.cos((2 * Math.PI * n) / points));
  const sines = Array.from({ length: points }, (_, n) => Math.sin((2 * Math.PI * n) / points));
  for (let axis = 0, stride = 1; axis < dimensions; axis++, stride *= points) {
    const nextReal = new Float64Array(values.length);
    const nextImaginary = new Float64Array(values.length);
    for (let site = 0; site < values.length; site++) {
      const n = Math.floor(site / stride) % points;
      const first = site - n * stride;
      for (let x = 0; x < points; x++) {
        const c = cosines[(n * x) % points]!;
        const s = sines[(n * x) % points]!;
        const re = real[first + x * stride]!;
        const im = imaginary[first + x * stride]!;
        nextReal[site]! += c * re + s * im;
        nextImaginary[site]! += c * im - s * re;
      }
    }
    real = nextReal;
    imaginary = nextImaginary;
  }
  return { real, imaginary };
}

/** The whole numbers of a mode along the axes, the last first. */
function numbersOf(site: number, { dimensions, points }: Pick<Grid, "dimensions" | "points">): number[] {
  return Array.from({ length: dimensions }, (_, axis) => {
    const n = Math.floor(site / points ** axis) % points;
    return n > points / 2 ? n - points : n;
  });
}

/** [bins]: see Snapshot.spectra; `weight` in place of |n|^d where given. */
export function referenceSpectrum(
  grid: Pick<Grid, "dimensions" | "points">,
  values: Float64Array,
  weight: (mode: readonly number[]) => number = (mode) => Math.hypot(...mode) ** grid.dimensions,
): Float64Array {
  const { real, imaginary } = referenceTransform(grid, values);
  const sums = new Float64Array(spectrumBins(grid));
  for (let site = 1; site < values.length; site++) {
    const mode = numbersOf(site, grid);
    sums[Math.round(Math.hypot(...mode))]! += weight(mode) * (real[site]! ** 2 + imaginary[site]! ** 2);
  }
  return sums;
}

/** The weight of a mode's |DFT|^2: a power of its omega, 0 where it has none. */
export function frequencyWeight(waveSquares: Float64Array, massSquared: number, power: 1 | -1) {
  return (mode: readonly number[]): number => {
    const square = mode.reduce((sum, n) => sum + waveSquares[Math.abs(n)]!, massSquared);
    return square > 0 ? Math.sqrt(square) ** power : 0;
  };
}
