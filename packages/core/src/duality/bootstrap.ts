/** Bootstrap errors over networks (Efron, Ann. Stat. 7 (1979) 1): a statistic's standard deviation over resampled ensembles. */
import type { Work } from "../cooperate.ts";
import { uniforms } from "../random/normal.ts";

/**
 * A statistic of `count` resamples of 0 .. size - 1 with replacement, each given as how often every one is drawn, which holds until the next.
 * Together they would take size x count numbers.
 */
export function* resampled<T>(
  size: number,
  count: number,
  stream: number,
  statistic: (weights: Float64Array) => T,
  seed = 0,
): Work<T[]> {
  const next = uniforms(seed, stream);
  const weights = new Float64Array(size);
  const values: T[] = [];
  for (let r = 0; r < count; r++) {
    weights.fill(0);
    for (let draw = 0; draw < size; draw++) weights[Math.floor(next() * size)]!++;
    values.push(statistic(weights));
    yield;
  }
  return values;
}

/** Standard deviation with 1/(n - 1), over the finite values; NaN where fewer than two are finite. */
export function spread(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return Number.NaN;
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  return Math.sqrt(finite.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (finite.length - 1));
}
