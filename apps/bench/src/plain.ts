/** Plain typed-array TypeScript of good quality: the simplest peer, and what checks the others. */

/** C = A B with A [rows][inner], B [inner][columns], in float32. */
export function product(a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): Float32Array {
  const c = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      for (let j = 0; j < columns; j++) c[i * columns + j]! += factor * b[k * columns + j]!;
    }
  }
  return c;
}

export interface StencilStep {
  readonly laplacian: number;
  readonly force: number;
  readonly drift: number;
}

/** One kick and drift of a phi^4 field on a points^3 grid; returns the new field and updates `momentum`. */
export function stencil<Numbers extends Float32Array | Float64Array>(
  field: Numbers,
  momentum: Numbers,
  points: number,
  step: StencilStep,
): Numbers {
  const next = new (field.constructor as new (length: number) => Numbers)(field.length);
  const plane = points * points;
  for (let z = 0; z < points; z++) {
    const up = ((z + 1) % points) * plane;
    const down = ((z + points - 1) % points) * plane;
    for (let y = 0; y < points; y++) {
      const row = z * plane + y * points;
      const north = z * plane + ((y + 1) % points) * points;
      const south = z * plane + ((y + points - 1) % points) * points;
      for (let x = 0; x < points; x++) {
        const site = row + x;
        const phi = field[site]!;
        const sum =
          field[row + (x + 1 === points ? 0 : x + 1)]! +
          field[row + (x === 0 ? points - 1 : x - 1)]! +
          field[north + x]! +
          field[south + x]! +
          field[up + y * points + x]! +
          field[down + y * points + x]!;
        const pi = momentum[site]! + step.laplacian * (sum - 6 * phi) - step.force * phi * phi * phi;
        momentum[site] = pi;
        next[site] = phi + step.drift * pi;
      }
    }
  }
  return next;
}
