/** d^2V/dphi_f^2 in the place of V or of its slopes: what evaluates and averages a potential does the same for how its fields' masses vary. */
import type { Expression, Potential } from "./potential.ts";

const NOTHING: Expression = { kind: "number", value: 0 };

/** Each object's own, once for all of the given ones. */
function replaced(potentials: readonly Potential[], by: (potential: Potential) => Potential): Potential[] {
  const made = new Map([...new Set(potentials)].map((potential) => [potential, by(potential)]));
  return potentials.map((potential) => made.get(potential)!);
}

/** d^2V/dphi_f^2 in the place of dV/dphi_f, all fields' at once; V itself is left out. */
export const curvatureSlopes = (potentials: readonly Potential[]): Potential[] =>
  replaced(potentials, (potential) => ({
    ...potential,
    tree: {
      ...potential.tree,
      value: NOTHING,
      gradient: potential.fields.map((_, f) => potential.tree.hessian[f]![f]!),
    },
    value: () => 0,
    gradient: (f, ...phi) => potential.hessian(f, f, ...phi),
  }));

/** [fields][potentials], each object's own for each of the given ones. Its slopes are left out. */
export function curvaturesOf(potentials: readonly Potential[]): Potential[][] {
  const [{ fields }] = potentials as [Potential];
  return fields.map((_, f) =>
    replaced(potentials, (potential) => ({
      ...potential,
      tree: {
        ...potential.tree,
        value: potential.tree.hessian[f]![f]!,
        gradient: potential.tree.gradient.map(() => NOTHING),
      },
      value: (...phi) => potential.hessian(f, f, ...phi),
      gradient: () => 0,
    })),
  );
}
