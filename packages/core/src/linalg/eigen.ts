/** Eigenvalues and eigenvectors of symmetric matrices, by ml-matrix. */
import { EigenvalueDecomposition, Matrix, QrDecomposition } from "ml-matrix";

export interface Eigen {
  /** Descending. */
  readonly values: Float64Array;
  /** Column i of [size][size] belongs to value i. */
  readonly vectors: Float64Array;
}

/** Eigenvalues and orthonormal eigenvectors of a symmetric matrix [size][size] of finite numbers. Takes 4 s for 512 and up to a minute for 1,024. */
export function eigen(symmetric: ArrayLike<number>, size: number): Eigen {
  const elements = Array.from(symmetric);
  // Squares of the elements must neither overflow nor vanish.
  const scale = elements.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const matrix = Matrix.from1DArray(
    size,
    size,
    elements.map((value) => value / scale),
  );
  const decomposition = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = decomposition.realEigenvalues
    .map((value, index) => ({ value, index }))
    .sort((left, right) => right.value - left.value);
  // The decomposition gives vectors of a many-fold eigenvalue that may be parallel, as of the null space of a kernel of rank one.
  const columns = decomposition.eigenvectorMatrix.subMatrixColumn(order.map(({ index }) => index));
  return {
    values: Float64Array.from(order, ({ value }) => value * scale),
    vectors: Float64Array.from(new QrDecomposition(columns).orthogonalMatrix.to1DArray()),
  };
}
