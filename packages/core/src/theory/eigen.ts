import { EigenvalueDecomposition, Matrix } from "ml-matrix";

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Column i of [size][size] belongs to value i. */
  readonly vectors: Float64Array;
}

/** Eigenvalues and orthonormal eigenvectors of a symmetric matrix [size][size]. */
export function eigen(symmetric: ArrayLike<number>, size: number): Eigen {
  const decomposition = new EigenvalueDecomposition(Matrix.from1DArray(size, size, Array.from(symmetric)), {
    assumeSymmetric: true,
  });
  const order = decomposition.realEigenvalues
    .map((value, index) => ({ value, index }))
    .sort((left, right) => right.value - left.value);
  const vectors = new Float64Array(size * size);
  for (const [column, { index }] of order.entries()) {
    for (let row = 0; row < size; row++) vectors[row * size + column] = decomposition.eigenvectorMatrix.get(row, index);
  }
  return { values: Float64Array.from(order, ({ value }) => value), vectors };
}
