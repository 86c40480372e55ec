// The eigenvectors of a symmetric matrix, by ml-matrix. Plain JavaScript, because a worker is started from files that Node reads as they
// are; the main thread has it through eigen.ts.
import { EigenvalueDecomposition, Matrix, QrDecomposition } from "ml-matrix";

/** Departure from orthonormality beyond which vectors are made orthonormal: many times their rounding. */
const ROUNDING = 1e-11;

/** Whether V^T V x = x for two vectors x without symmetry, which costs size^2 where V^T V costs size^3. */
function orthonormal(vectors, size) {
  return [Math.SQRT2, Math.PI].every((irrational) => {
    const x = Float64Array.from({ length: size }, (_, i) => ((i * irrational) % 1) - 0.5);
    const back = new Float64Array(size);
    for (let a = 0; a < size; a++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += vectors[a * size + i] * x[i];
      for (let i = 0; i < size; i++) back[i] += vectors[a * size + i] * sum;
    }
    return back.every((value, i) => Math.abs(value - x[i]) <= ROUNDING);
  });
}

/** As `eigen` in eigen.ts, of a Float64Array. */
export function decompose(symmetric, size) {
  // Squares of the elements must neither overflow nor vanish.
  const scale = symmetric.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const matrix = Matrix.from1DArray(
    size,
    size,
    symmetric.map((value) => value / scale),
  );
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((i, j) => realEigenvalues[j] - realEigenvalues[i]);
  const vectors = new Float64Array(size * size);
  for (let a = 0; a < size; a++)
    for (let i = 0; i < size; i++) vectors[a * size + i] = eigenvectorMatrix.get(a, order[i]);
  return {
    values: Float64Array.from(order, (i) => realEigenvalues[i] * scale),
    // Vectors of a many-fold eigenvalue may come out parallel, as of the null space of a kernel of rank one.
    vectors: orthonormal(vectors, size)
      ? vectors
      : Float64Array.from(new QrDecomposition(Matrix.from1DArray(size, size, vectors)).orthogonalMatrix.to1DArray()),
  };
}
