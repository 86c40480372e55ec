/** Standardisation of inputs: each coordinate shifted and scaled to mean 0 and variance 1 over the inputs that networks are trained on. */

/** x becomes (x - shift) / scale, one of each for each coordinate. */
export interface Standardisation {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/** A coordinate's mean and standard deviation (with 1/D) over the inputs; the latter is 0 only where it is the same in all of them. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** Of each coordinate of `inputs`, [D][dimension]. */
export function spreadsOf(inputs: Float64Array, dimension: number): Spread[] {
  const points = inputs.length / dimension;
  const columns = Array.from({ length: dimension }, (_, i) =>
    Float64Array.from({ length: points }, (_, a) => inputs[a * dimension + i]!),
  );
  return columns.map((column) => {
    // Of equal numbers the mean may be off by rounding.
    if (column.every((x) => x === column[0])) return { mean: column[0]!, deviation: 0 };
    const mean = column.reduce((sum, x) => sum + x / points, 0);
    // In units of the largest, no square leaves float64's range.
    const largest = column.reduce((most, x) => Math.max(most, Math.abs(x - mean)), 0);
    const square = column.reduce((sum, x) => sum + ((x - mean) / largest) ** 2, 0) / points;
    return { mean, deviation: largest * Math.sqrt(square) };
  });
}

/** The standardisation of `inputs`, [D][dimension]. A coordinate that is the same in all of them is only shifted: its scale is 1. */
export function standardisationOf(inputs: Float64Array, dimension: number): Standardisation {
  const spreads = spreadsOf(inputs, dimension);
  return { shift: spreads.map(({ mean }) => mean), scale: spreads.map(({ deviation }) => deviation || 1) };
}

/** `inputs`, [..][dimension], as networks see them. */
export function standardised(inputs: Float64Array, { shift, scale }: Standardisation): Float64Array {
  return inputs.map((x, at) => (x - shift[at % shift.length]!) / scale[at % scale.length]!);
}
