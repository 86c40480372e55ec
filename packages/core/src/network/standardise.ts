/** Standardisation of inputs: each coordinate shifted and scaled to mean 0 and variance 1 over the inputs that networks are trained on. */

/** x becomes (x - shift) / scale, one of each for each coordinate. */
export interface Standardisation {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/**
 * The means and the standard deviations (with 1/D) of the coordinates of `inputs`, [D][dimension]. A coordinate that is the same in all of
 * them is only shifted: its scale is 1.
 */
export function standardisationOf(inputs: Float64Array, dimension: number): Standardisation {
  const points = inputs.length / dimension;
  const columns = Array.from({ length: dimension }, (_, i) =>
    Float64Array.from({ length: points }, (_, a) => inputs[a * dimension + i]!),
  );
  const moments = columns.map((column): [shift: number, scale: number] => {
    // Of equal numbers the mean may be off by rounding.
    if (column.every((x) => x === column[0])) return [column[0]!, 1];
    const mean = column.reduce((sum, x) => sum + x / points, 0);
    // In units of the largest, no square leaves float64's range.
    const largest = column.reduce((most, x) => Math.max(most, Math.abs(x - mean)), 0);
    return [mean, largest * Math.sqrt(column.reduce((sum, x) => sum + ((x - mean) / largest) ** 2, 0) / points)];
  });
  return { shift: moments.map(([shift]) => shift), scale: moments.map(([, scale]) => scale) };
}

/** `inputs`, [..][dimension], as networks see them. */
export function standardised(inputs: Float64Array, { shift, scale }: Standardisation): Float64Array {
  return inputs.map((x, at) => (x - shift[at % shift.length]!) / scale[at % scale.length]!);
}
