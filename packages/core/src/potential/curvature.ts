/** The second derivatives of V in the place of V or of its slopes: what evaluates and averages a potential does the same for its fields' masses. */
import type { Expression, Potential } from "./potential.ts";

const NOTHING: Expression = { kind: "number", value: 0 };

/** Indices f <= g of two fields. */
export type Pair = readonly [number, number];

/**
 * Those whose d^2V/dphi_f dphi_g are asked: each field's own in their order, then the two whose masses mix in some of the potentials. Of all
 * others it is 0 whatever the fields are.
 */
export function massPairs(potentials: readonly Potential[]): Pair[] {
  const fields = potentials[0]!.fields.map((_, f) => f);
  const trees = [...new Set(potentials)].map(({ tree }) => tree.hessian);
  const mixes = (f: number, g: number): boolean =>
    trees.some((hessian) => {
      const mixed = hessian[f]![g]!;
      return mixed.kind !== "number" || mixed.value !== 0;
    });
  return [
    ...fields.map((f): Pair => [f, f]),
    ...fields.flatMap((f) => fields.slice(f + 1).flatMap((g): Pair[] => (mixes(f, g) ? [[f, g]] : []))),
  ];
}

/** The symmetric matrices [realisations][fields][fields] of what is [realisations][pairs]. */
export function massMatrices(values: Float64Array, pairs: readonly Pair[], fields: number): Float64Array {
  const realisations = values.length / pairs.length;
  const matrices = new Float64Array(realisations * fields ** 2);
  for (let r = 0; r < realisations; r++)
    for (const [p, [f, g]] of pairs.entries()) {
      const value = values[r * pairs.length + p]!;
      matrices[(r * fields + f) * fields + g] = value;
      matrices[(r * fields + g) * fields + f] = value;
    }
  return matrices;
}

/** Each object's own, once for all of the given ones. */
function replaced(potentials: readonly Potential[], by: (potential: Potential) => Potential): Potential[] {
  const made = new Map([...new Set(potentials)].map((potential) => [potential, by(potential)]));
  return potentials.map((potential) => made.get(potential)!);
}

/** The pairs' second derivatives in the place of the slopes, all at once; V itself is left out. */
export const curvatureSlopes = (potentials: readonly Potential[], pairs: readonly Pair[]): Potential[] =>
  replaced(potentials, (potential) => ({
    ...potential,
    tree: {
      ...potential.tree,
      value: NOTHING,
      gradient: pairs.map(([f, g]) => potential.tree.hessian[f]![g]!),
    },
    value: () => 0,
    gradient: (p, ...phi) => potential.hessian(...pairs[p]!, ...phi),
  }));

/** [pairs][potentials], each object's own for each of the given ones, with the pair's in the place of V. Its slopes are left out. */
export const curvaturesOf = (potentials: readonly Potential[], pairs: readonly Pair[]): Potential[][] =>
  pairs.map(([f, g]) =>
    replaced(potentials, (potential) => ({
      ...potential,
      tree: {
        ...potential.tree,
        value: potential.tree.hessian[f]![g]!,
        gradient: potential.tree.gradient.map(() => NOTHING),
      },
      value: (...phi) => potential.hessian(f, g, ...phi),
      gradient: () => 0,
    })),
  );
