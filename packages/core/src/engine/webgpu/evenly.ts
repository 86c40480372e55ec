/** Things in a row in even stretches: what one binding does not hold, or what workgroups take in turns. */

/** The size of the fewest stretches of at most `most`: all are of it but the last. */
export const share = (total: number, most: number): number => Math.ceil(total / Math.ceil(total / Math.max(1, most)));

/** The `count` stretches of `total` things in a row, as alike as can be: their first ones and their sizes. */
export function evenly(total: number, count: number): { readonly first: number; readonly size: number }[] {
  return Array.from({ length: count }, (_, s) => {
    const first = Math.floor((s * total) / count);
    return { first, size: Math.floor(((s + 1) * total) / count) - first };
  });
}
