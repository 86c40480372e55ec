/** What is seen of an ensemble in its kernel: outputs along the eigenvectors, and the kernel along the targets. */
import type { Work } from "../cooperate.ts";
import type { Eigen } from "../linalg/eigen.ts";

/** u_i . f of each eigenvector, [D], for f [D]. */
export function inModes(f: ArrayLike<number>, { vectors }: Eigen): Float64Array {
  const D = f.length;
  const result = new Float64Array(D);
  // Four rows at once, for which a sum is read and written once.
  const fours = D - (D % 4);
  for (let a = 0; a < fours; a += 4) {
    const [f0, f1, f2, f3] = [f[a]!, f[a + 1]!, f[a + 2]!, f[a + 3]!];
    for (let i = 0, at = a * D; i < D; i++, at++)
      result[i]! += f0 * vectors[at]! + f1 * vectors[at + D]! + f2 * vectors[at + 2 * D]! + f3 * vectors[at + 3 * D]!;
  }
  for (let a = fours; a < D; a++) {
    const own = f[a]!;
    for (let i = 0, at = a * D; i < D; i++, at++) result[i]! += own * vectors[at]!;
  }
  return result;
}

/** u_i^T C u_i of each eigenvector, [D], for a covariance C [D][D]: D^3 of work. */
export function* modeVariances(covariance: Float64Array, spectrum: Eigen): Work<Float64Array> {
  const D = spectrum.values.length;
  const result = new Float64Array(D);
  for (let a = 0; a < D; a++) {
    const along = inModes(covariance.subarray(a * D, (a + 1) * D), spectrum);
    for (let i = 0; i < D; i++) result[i]! += spectrum.vectors[a * D + i]! * along[i]!;
    yield;
  }
  return result;
}

/** <Theta, y y^T>_F/(||Theta||_F |y|^2) of one kernel [D][D]; NaN for y = 0. */
export function targetAlignment(theta: Float64Array, targets: Float64Array): number {
  const D = targets.length;
  let along = 0;
  let square = 0;
  let norm = 0;
  for (let a = 0, i = 0; a < D; a++) {
    square += targets[a]! ** 2;
    let row = 0;
    for (let b = 0; b < D; b++, i++) {
      const value = theta[i]!;
      row += value * targets[b]!;
      norm += value * value;
    }
    along += targets[a]! * row;
  }
  return along / (Math.sqrt(norm) * square);
}
