/**
 * Potentials of one form: alike but for their numbers, as those of one expression are whose parameters differ. Their one set of trees has
 * constants where the numbers differ, so that an engine compiles it once and reads each realisation's numbers from a table: the numbers are
 * those of each potential's own trees, folded in float64 and rounded once, and so are the results. Where one has a number as a factor or
 * divisor, others may have none, or a minus: those of 1 and -1 change no bit (unless a compiler fuses a product with a sum, which then rounds
 * once less).
 * Whatever else parameters change in a tree, such as a whole exponent or a term that vanishes, makes another form.
 */
import { InputError } from "../errors.ts";
import { isPowerOfTwo } from "./build.ts";
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

/** A number that multiplies or divides, and what it does so to. */
type Scaled = readonly [number, Expression];

/** The factor of a product, 1 or -1 where it is not written. */
function factored(node: Expression): Scaled {
  if (node.kind === "negate") return [-1, node.argument];
  if (node.kind === "binary" && node.operator === "*" && node.left.kind === "number")
    return [node.left.value, node.right];
  return [1, node];
}

const isQuotient = (
  node: Expression,
): node is Extract<Expression, { kind: "binary" }> & { right: { kind: "number" } } =>
  node.kind === "binary" && node.operator === "/" && node.right.kind === "number";

/** The divisor of a quotient, which powers of two are as factors (build.ts). */
function divided(node: Expression): Scaled {
  if (isQuotient(node)) return [node.right.value, node.left];
  const [factor, rest] = factored(node);
  return isPowerOfTwo(factor) ? [1 / factor, rest] : [1, node];
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
  const product = (parts: readonly Scaled[]): FormExpression | undefined => {
    const right = unify(parts.map(([, rest]) => rest));
    return right && { kind: "binary", operator: "*", left: number(parts.map(([factor]) => factor)), right };
  };
  const quotient = (parts: readonly Scaled[]): FormExpression | undefined => {
    const left = unify(parts.map(([, rest]) => rest));
    return left && { kind: "binary", operator: "/", left, right: number(parts.map(([divisor]) => divisor)) };
  };
  /** Products or quotients of all, by numbers that some have. */
  const scaled = (nodes: readonly Expression[]): FormExpression | undefined => {
    const divides = nodes.some(isQuotient);
    const parts = nodes.map(divides ? divided : factored);
    if (parts.every(([, rest], i) => rest === nodes[i])) return undefined;
    return divides ? quotient(parts) : product(parts);
  };
  /** A sum of some and a difference of others is a sum whose second part has factors of either sign. */
  const sum = (nodes: readonly Extract<Expression, { kind: "binary" }>[]): FormExpression | undefined => {
    if (!nodes.every(({ operator }) => operator === "+" || operator === "-")) return undefined;
    const left = unify(nodes.map((node) => node.left));
    const right = product(
      nodes.map((node) => {
        const [factor, rest] = factored(node.right);
        return [node.operator === "-" ? -factor : factor, rest];
      }),
    );
    return left && right && { kind: "binary", operator: "+", left, right };
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
        return alike(nodes, first.kind)?.every(({ index }) => index === first.index) ? first : scaled(nodes);
      case "negate": {
        const all = alike(nodes, first.kind);
        const argument = all && unify(all.map((node) => node.argument));
        return argument ? { kind: "negate", argument } : scaled(nodes);
      }
      case "binary": {
        const all = alike(nodes, first.kind);
        if (!all?.every(({ operator }) => operator === first.operator)) return (all && sum(all)) ?? scaled(nodes);
        const left = unify(all.map((node) => node.left));
        const right = left && unify(all.map((node) => node.right));
        return right ? { ...first, left, right } : scaled(nodes);
      }
      case "integerPower": {
        const all = alike(nodes, first.kind);
        const base = all?.every(({ exponent }) => exponent === first.exponent) && unify(all.map((node) => node.base));
        return base ? { ...first, base } : scaled(nodes);
      }
      case "realPower": {
        const all = alike(nodes, first.kind);
        const base = all && unify(all.map((node) => node.base));
        const exponent = base && unify(all.map((node) => node.exponent));
        const halves = exponent?.kind === "constant" && values[exponent.index]!.some(isHalf);
        return exponent && !halves ? { kind: "realPower", base, exponent } : scaled(nodes);
      }
      case "call": {
        const all = alike(nodes, first.kind);
        const argument = all?.every(({ name }) => name === first.name) && unify(all.map((node) => node.argument));
        return argument ? { ...first, argument } : scaled(nodes);
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
  if (!value || gradient.length < fields.length) return undefined;
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
    throw new InputError("the realisations' potentials are not of one form: they may differ in numbers only", {
      path: "potential",
    });
  return form;
}
