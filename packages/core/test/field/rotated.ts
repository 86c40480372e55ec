/** Fields whose masses mix in a known way: free ones, turned. */
import type { FieldStudy } from "@slowroll/core/field/study";

export const base: FieldStudy = {
  background: { kind: "deSitter", hubble: 1 },
  field: { potential: "quadratic" },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 1, end: 5, recordEvery: 1 },
};
export const NAMES = ["phi", "chi", "sigma"];

/** Columns are orthonormal, [F][F], with no element zero. */
export const ROTATIONS: Record<number, number[][]> = {
  2: [
    [0.8, -0.6],
    [0.6, 0.8],
  ],
  3: [
    [2 / 3, -1 / 3, 2 / 3],
    [2 / 3, 2 / 3, -1 / 3],
    [-1 / 3, 2 / 3, 2 / 3],
  ],
};

/** Free fields that are the rotation of ones of these masses squared. */
export function rotated(masses: readonly number[]): FieldStudy["field"] {
  const fields = NAMES.slice(0, masses.length);
  const terms = masses.map((mass, i) => {
    const combination = fields.map((name, f) => `(${ROTATIONS[masses.length]![f]![i]!})*${name}`).join(" + ");
    return `(${mass})*(${combination})^2/2`;
  });
  return { fields, potential: { expression: terms.join(" + ") } };
}

export const free = (masses: readonly number[]): FieldStudy["field"] => {
  const fields = NAMES.slice(0, masses.length);
  return {
    fields,
    potential: { expression: masses.map((mass, f) => `(${mass})*${fields[f]}^2/2`).join(" + ") },
  };
};

/** Largest difference over the largest of the second, where that is not zero. */
export const apart = (got: ArrayLike<number>, want: Float64Array): number =>
  want.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0) /
  (want.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1);
