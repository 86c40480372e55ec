/** Bootstrap errors over networks (Efron, Ann. Stat. 7 (1979) 1): a statistic's standard deviation over resampled ensembles. */
import { uniforms } from "../random/normal.ts";

/** `count` resamples of 0 .. size - 1 with replacement, as how often each is drawn. */
export function resamples(size: number, count: number, stream: number, seed = 0): Float64Array[] {
  const next = uniforms(seed, stream);
  return Array.from({ length: count }, () => {
    const weights = new Float64Array(size);
    for (let draw = 0; draw < size; draw++) weights[Math.floor(next() * size)]!++;
    return weights;
  });
}

/** Standard deviation with 1/(n - 1), over the finite values; NaN where fewer than two are finite. */
export function spread(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return Number.NaN;
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  return Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (finite.length - 1));
}
