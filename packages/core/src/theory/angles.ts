/**
 * Angles between Gaussian variables, whose cosine is their correlation, by the squared sine: a correlation near 1 or -1, as between close
 * inputs, keeps only half of the angle's digits.
 */

/** sqrt(left right), to the last digit of what is equal and without a product that may be out of range. */
export const geometricMean = (left: number, right: number): number =>
  left === right ? left : Math.sqrt(left) * Math.sqrt(right);

/** The correlation of (u, v) of covariance [[suu, suv], [suv, svv]]; 0 where one does not vary. */
export function correlationOf(suu: number, suv: number, svv: number): number {
  const norm = geometricMean(suu, svv);
  return norm > 0 ? Math.max(-1, Math.min(1, suv / norm)) : 0;
}

/** Of (u, v) of covariance [[suu, suv], [suv, svv]]: 1 - c^2 with their correlation c; 0 where one does not vary. */
export const sineSquaredBetween = (suu: number, suv: number, svv: number): number =>
  suu > 0 && svv > 0 ? Math.max(0, 1 - (suv / suu) * (suv / svv)) : 0;

/** 1 - cos t, from sin^2 t where that is small. */
export const versine = (cosine: number, sineSquared: number): number =>
  cosine > 0 ? sineSquared / (1 + cosine) : 1 - cosine;

/** sin t - t cos t, without the difference where it is small. */
export function segment(angle: number): number {
  const square = angle * angle;
  return Math.abs(angle) < 0.01
    ? ((angle * square) / 3) * (1 - (square / 10) * (1 - square / 28))
    : Math.sin(angle) - angle * Math.cos(angle);
}

/** (sqrt(left) - sqrt(right))^2. */
const rootDifferenceSquared = (left: number, right: number): number =>
  left === right ? 0 : ((left - right) / (Math.sqrt(left) + Math.sqrt(right))) ** 2;

/** E[(u - v)^2], or E[(u + v)^2] where the correlation is negative: the smaller. */
export function meanSquareDifference(suu: number, suv: number, svv: number, sineSquared: number): number {
  const norm = geometricMean(suu, svv);
  return rootDifferenceSquared(suu, svv) + 2 * norm * versine(norm > 0 ? Math.abs(suv) / norm : 0, sineSquared);
}

/** The squared sine between variables of these variances and this E[(u - v)^2] or E[(u + v)^2]. */
export function sineSquaredOf(suu: number, svv: number, meanSquare: number): number {
  const norm = geometricMean(suu, svv);
  if (norm === 0) return 0;
  const complement = Math.max(0, meanSquare - rootDifferenceSquared(suu, svv)) / (2 * norm);
  return complement * Math.max(0, 2 - complement);
}

/** Angles t of cos t = suv/sqrt((1 + suu)(1 + svv)), as moments of error functions have them; suv >= 0. */
export interface ShiftedAngles {
  /** Half the sum of those of (u, u) and (v, v), and half their difference. */
  readonly mean: number;
  readonly spread: number;
  /** That of (u, v) less `mean`. */
  readonly excess: number;
  /** ln((1 + suu)/(1 + svv))/2. */
  readonly ratio: number;
}

/** From E[(u - v)^2], by sums of what is small where that is. */
export function shiftedAngles(suu: number, svv: number, meanSquare: number): ShiftedAngles {
  const [left, right] = [1 + suu, 1 + svv];
  const ratio = Math.log1p((suu - svv) / right) / 2;
  const norm = Math.sqrt(left) * Math.sqrt(right);
  // cosh(ratio) - 1.
  const bend = 2 * Math.sinh(ratio / 2) ** 2;
  // 1 - cos t = 1/left of (u, u).
  const [first, second] = [2 * Math.asin(Math.sqrt(0.5 / left)), 2 * Math.asin(Math.sqrt(0.5 / right))];
  const angle = 2 * Math.asin(Math.min(1, Math.sqrt(Math.max(0, (1 + meanSquare / 2) / norm - bend) / 2)));
  const mean = (first + second) / 2;
  const spread = (first - second) / 2;
  // cos(mean) - cos t, where cos(mean) = (cos(first) + cos(second))/(2 cos(spread)).
  const cosines =
    meanSquare / (2 * norm) -
    bend * (1 + 1 / norm) +
    ((suu / left + svv / right) * Math.sin(spread / 2) ** 2) / Math.cos(spread);
  return {
    mean,
    spread,
    excess: 2 * Math.asin(Math.min(1, Math.max(0, cosines) / (2 * Math.sin((angle + mean) / 2)))),
    ratio,
  };
}
