/**
 * Expression trees as float64 functions of many points at once: one step a distinct node, in an order in which each finds its arguments
 * already computed, and each a loop over the points, since what to do costs more to find out than to do.
 */
import { HOST_FUNCTIONS, integerPower } from "./build.ts";
import type { Expression } from "./potential.ts";

/** Rows of as many numbers as there are points: the fields' and, by slot, those of the nodes before. */
type Rows = readonly ArrayLike<number>[];
type Step = (row: Float64Array, count: number, slots: readonly Float64Array[], fields: Rows) => void;

/** The step of one node that is no number, given the slots of its arguments. */
function stepOf(node: Exclude<Expression, { kind: "number" }>, slotOf: (argument: Expression) => number): Step {
  switch (node.kind) {
    case "field": {
      const { index } = node;
      return (row, count, _slots, fields) => {
        const field = fields[index]!;
        for (let i = 0; i < count; i++) row[i] = field[i]!;
      };
    }
    case "negate":
      return unary(slotOf(node.argument), (x) => -x);
    case "binary":
      return OPERATORS[node.operator](slotOf(node.left), slotOf(node.right));
    case "integerPower": {
      const { base, exponent } = node;
      if (exponent === 2) return OPERATORS["*"](slotOf(base), slotOf(base));
      return unary(slotOf(base), (x) => integerPower(x, exponent));
    }
    case "realPower": {
      const [a, b] = [slotOf(node.base), slotOf(node.exponent)];
      return (row, count, slots) => {
        const [x, y] = [slots[a]!, slots[b]!];
        for (let i = 0; i < count; i++) row[i] = x[i]! ** y[i]!;
      };
    }
    case "call":
      return unary(slotOf(node.argument), HOST_FUNCTIONS[node.name]);
  }
}

const unary =
  (a: number, of: (x: number) => number): Step =>
  (row, count, slots) => {
    const x = slots[a]!;
    for (let i = 0; i < count; i++) row[i] = of(x[i]!);
  };

/** Each with a loop of its own: a function that one loop calls for all of them takes longer than what it does. */
const OPERATORS: Readonly<Record<"+" | "-" | "*" | "/", (a: number, b: number) => Step>> = {
  "+": (a, b) => (row, count, slots) => {
    const [x, y] = [slots[a]!, slots[b]!];
    for (let i = 0; i < count; i++) row[i] = x[i]! + y[i]!;
  },
  "-": (a, b) => (row, count, slots) => {
    const [x, y] = [slots[a]!, slots[b]!];
    for (let i = 0; i < count; i++) row[i] = x[i]! - y[i]!;
  },
  "*": (a, b) => (row, count, slots) => {
    const [x, y] = [slots[a]!, slots[b]!];
    for (let i = 0; i < count; i++) row[i] = x[i]! * y[i]!;
  },
  "/": (a, b) => (row, count, slots) => {
    const [x, y] = [slots[a]!, slots[b]!];
    for (let i = 0; i < count; i++) row[i] = x[i]! / y[i]!;
  },
};

/** Float64 at the first `count` of points, given by a row of numbers a field. What it returns holds until the next call, and may be longer. */
export function evaluator(expression: Expression): (fields: Rows, count: number) => Float64Array {
  const slotOfNode = new Map<Expression, number>();
  const steps: { readonly slot: number; readonly take: Step }[] = [];
  const slotOf = (node: Expression): number => {
    const found = slotOfNode.get(node);
    if (found !== undefined) return found;
    const take = node.kind === "number" ? undefined : stepOf(node, slotOf);
    const slot = slotOfNode.size;
    slotOfNode.set(node, slot);
    if (take) steps.push({ slot, take });
    return slot;
  };
  const result = slotOf(expression);
  /** Rows of so many numbers, those of numbers filled once and for all. */
  const rowsOf = (count: number): Float64Array[] =>
    Array.from(slotOfNode.keys(), (node) => new Float64Array(count).fill(node.kind === "number" ? node.value : 0));
  let slots = rowsOf(1);
  return (fields, count) => {
    if (count > slots[0]!.length) slots = rowsOf(count);
    for (const { slot, take } of steps) take(slots[slot]!, count, slots, fields);
    return slots[result]!;
  };
}

/** Points that are taken at a time of many: a row of so many for each node takes little memory, and stays in the caches. */
const STRETCH = 1024;

/** The same at any number of points, in stretches. */
export function inStretches(
  evaluate: ReturnType<typeof evaluator>,
): (fields: readonly Float64Array[], count: number) => Float64Array {
  let all = new Float64Array();
  return (fields, count) => {
    if (count > all.length) all = new Float64Array(count);
    for (let first = 0; first < count; first += STRETCH) {
      const some = Math.min(STRETCH, count - first);
      const rows = fields.map((field) => field.subarray(first, first + some));
      all.set(evaluate(rows, some).subarray(0, some), first);
    }
    return all;
  };
}

/** The value at one point. */
export const at = (evaluate: ReturnType<typeof evaluator>, point: readonly number[]): number =>
  evaluate(
    point.map((field) => [field]),
    1,
  )[0]!;
