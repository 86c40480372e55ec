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
export function stencil(field: Float32Array, momentum: Float32Array, points: number, step: StencilStep): Float32Array {
  const next = new Float32Array(field.length);
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

/** Full-batch descent of one hidden layer of erf-like units on least squares, one network; returns the outputs after `steps`. */
export interface ShallowNetwork {
  /** [width][inputs + 1], the last column being the biases. */
  readonly weights: Float64Array;
  /** [width + 1], the last being the bias. */
  readonly output: Float64Array;
}

export function trainShallow(
  { weights, output }: ShallowNetwork,
  inputs: Float64Array,
  targets: Float64Array,
  activation: { value(z: number): number; derivative(z: number): number },
  { width, scale, bias, rate, steps }: { width: number; scale: number; bias: number; rate: number; steps: number },
): Float64Array {
  const D = targets.length;
  const fanIn = inputs.length / D;
  const f = new Float64Array(D);
  const hidden = new Float64Array(width * D);
  const slope = new Float64Array(width * D);
  for (let step = 0; step <= steps; step++) {
    f.fill(output[width]! * bias);
    for (let j = 0; j < width; j++) {
      for (let a = 0; a < D; a++) {
        let z = 0;
        for (let i = 0; i < fanIn; i++) z += weights[j * fanIn + i]! * inputs[a * fanIn + i]!;
        hidden[j * D + a] = scale * activation.value(z);
        slope[j * D + a] = scale * activation.derivative(z);
        f[a]! += output[j]! * hidden[j * D + a]!;
      }
    }
    if (step === steps) break;
    for (let j = 0; j < width; j++) {
      let gradient = 0;
      const own = output[j]!;
      for (let a = 0; a < D; a++) {
        const push = f[a]! - targets[a]!;
        gradient += push * hidden[j * D + a]!;
        const delta = push * own * slope[j * D + a]!;
        for (let i = 0; i < fanIn; i++) weights[j * fanIn + i]! -= rate * delta * inputs[a * fanIn + i]!;
      }
      output[j]! -= rate * gradient;
    }
    let sum = 0;
    for (let a = 0; a < D; a++) sum += f[a]! - targets[a]!;
    output[width]! -= rate * bias * sum;
  }
  return f;
}
