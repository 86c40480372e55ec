/** d^2V/dphi_f^2 in the place of V: what evaluates and averages a potential does the same for how its fields' masses vary. */
import type { Expression, Potential } from "./potential.ts";

const NOTHING: Expression = { kind: "number", value: 0 };

/** [fields][potentials], each object's own for each of the given ones. Its slopes are left out. */
export function curvaturesOf(potentials: readonly Potential[]): Potential[][] {
  const [{ fields }] = potentials as [Potential];
  return fields.map((_, f) => {
    const made = new Map<Potential, Potential>();
    return potentials.map((potential) => {
      const { tree } = potential;
      const curvature = made.get(potential) ?? {
        ...potential,
        tree: { ...tree, value: tree.hessian[f]![f]!, gradient: tree.gradient.map(() => NOTHING) },
        value: (...phi: number[]) => potential.hessian(f, f, ...phi),
        gradient: () => 0,
      };
      made.set(potential, curvature);
      return curvature;
    });
  });
}
