/**
 * Potentials of one form: the same operations on other numbers, as those of one expression are whose parameters differ. Their one set of trees
 * has constants where the numbers differ, so that an engine compiles it once and reads each realisation's numbers from a table: the numbers are
 * those of each potential's own trees, folded in float64 and rounded once, and so are the results.
 * What a number changes in the operations makes another form: a term that vanishes, a whole exponent, a factor of 1, which is left out, a
 * divisor of 2, which is a factor. A product by 1 is exact, but GPUs' compilers fuse a sum with a product before it, and round otherwise where
 * that is another product.
 */
import { InputError } from "../errors.ts";
import { isHalf } from "./emit.ts";
import type { Expression, ExpressionOf, Potential } from "./potential.ts";

/** A number that differs between potentials of one form: the `index`-th of each one's constants. */
export interface Constant {
  readonly kind: "constant";
  readonly index: number;
}

export type FormExpression = ExpressionOf<Constant>;

/** What code is emitted from: a form, or a potential by itself, which has no constants. */
export interface Emitted {
  readonly fields: readonly string[];
  readonly tree: { readonly value: FormExpression; readonly gradient: readonly FormExpression[] };
  /** Constants of the trees. */
  readonly count?: number;
}

export interface Form extends Required<Emitted> {
  /** [count] of each potential. */
  readonly constants: ReadonlyMap<Potential, readonly number[]>;
}

/** What makes one tree of several, and the values of its constants so far, [constants][trees]. */
function unifier(): { unify(nodes: readonly Expression[]): FormExpression | undefined; values: readonly number[][] } {
  const values: number[][] = [];
  const indices = new Map<string, number>();
  // Trees share subtrees, which need not be the same ones in each.
  const known = new Map<Expression, { nodes: readonly Expression[]; form: FormExpression | undefined }[]>();

  const number = (numbers: readonly number[]): FormExpression => {
    if (numbers.every((value) => Object.is(value, numbers[0]))) return { kind: "number", value: numbers[0]! };
    const key = numbers.map((value) => (Object.is(value, -0) ? "-0" : value)).join();
    const index = indices.get(key) ?? values.push([...numbers]) - 1;
    indices.set(key, index);
    return { kind: "constant", index };
  };
  /** All nodes as of the first one's kind; undefined where one is not. */
  const alike = <K extends Expression["kind"]>(nodes: readonly Expression[], kind: K) =>
    nodes.every((node): node is Extract<Expression, { kind: K }> => node.kind === kind)
      ? (nodes as readonly Extract<Expression, { kind: K }>[])
      : undefined;
  const rule = (nodes: readonly Expression[]): FormExpression | undefined => {
    const [first] = nodes as [Expression];
    switch (first.kind) {
      case "number": {
        const all = alike(nodes, first.kind);
        return all && number(all.map(({ value }) => value));
      }
      case "field":
        return alike(nodes, first.kind)?.every(({ index }) => index === first.index) ? first : undefined;
      case "negate": {
        const all = alike(nodes, first.kind);
        const argument = all && unify(all.map((node) => node.argument));
        return argument && { kind: "negate", argument };
      }
      case "binary": {
        const all = alike(nodes, first.kind);
        if (!all?.every(({ operator }) => operator === first.operator)) return undefined;
        const left = unify(all.map((node) => node.left));
        const right = left && unify(all.map((node) => node.right));
        return right && { ...first, left, right };
      }
      case "integerPower": {
        const all = alike(nodes, first.kind);
        const base = all?.every(({ exponent }) => exponent === first.exponent) && unify(all.map((node) => node.base));
        return base ? { ...first, base } : undefined;
      }
      case "realPower": {
        const all = alike(nodes, first.kind);
        const base = all && unify(all.map((node) => node.base));
        const exponent = base && unify(all.map((node) => node.exponent));
        const halves = exponent?.kind === "constant" && values[exponent.index]!.some(isHalf);
        return exponent && !halves ? { kind: "realPower", base, exponent } : undefined;
      }
      case "call": {
        const all = alike(nodes, first.kind);
        const argument = all?.every(({ name }) => name === first.name) && unify(all.map((node) => node.argument));
        return argument ? { ...first, argument } : undefined;
      }
    }
  };
  const unify = (nodes: readonly Expression[]): FormExpression | undefined => {
    const seen = known.get(nodes[0]!) ?? [];
    const found = seen.find((other) => other.nodes.every((node, i) => node === nodes[i]));
    if (found) return found.form;
    const form = rule(nodes);
    known.set(nodes[0]!, [...seen, { nodes, form }]);
    return form;
  };
  return { unify, values };
}

/** The form of potentials, each given once; undefined where they are not of one. */
function unified(potentials: readonly Potential[]): Form | undefined {
  const [{ fields, tree }] = potentials as [Potential];
  if (potentials.some((other) => other.fields.length !== fields.length)) return undefined;
  const { unify, values } = unifier();
  const value = unify(potentials.map((potential) => potential.tree.value));
  const gradient = tree.gradient.flatMap((_, f) => unify(potentials.map((other) => other.tree.gradient[f]!)) ?? []);
  if (!value || gradient.length < tree.gradient.length) return undefined;
  const constants = new Map(potentials.map((potential, p) => [potential, values.map((all) => all[p]!)]));
  return { fields, tree: { value, gradient }, count: values.length, constants };
}

/** Whether the realisations of one job may have any of them. */
export function areOfOneForm(potentials: readonly Potential[]): boolean {
  return unified([...new Set(potentials)]) !== undefined;
}

/**
 * The form of potentials, in which what they all have in common stays in the trees.
 * @throws InputError where they are not of one.
 */
export function formOf(potentials: readonly Potential[]): Form {
  const form = unified([...new Set(potentials)]);
  if (!form)
    throw new InputError(
      "the realisations' potentials are not of one form: they may differ in numbers that leave no operation out, as a factor of 1 does",
      { path: "potential" },
    );
  return form;
}
