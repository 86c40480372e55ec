/** What one binding does not hold, in stretches that it does. */

/** The `count` stretches of `total` things in a row, as alike as can be: their first ones and their sizes. */
export function evenly(total: number, count: number): { readonly first: number; readonly size: number }[] {
  return Array.from({ length: count }, (_, s) => {
    const first = Math.floor((s * total) / count);
    return { first, size: Math.floor(((s + 1) * total) / count) - first };
  });
}
