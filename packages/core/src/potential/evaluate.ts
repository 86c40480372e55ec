/** Expression trees as float64 functions: one step a distinct node, in an order in which each finds its arguments already computed. */
import { HOST_FUNCTIONS } from "./build.ts";
import type { Expression } from "./potential.ts";

type Step = (slots: Float64Array, fields: ArrayLike<number>) => number;

/** The step of one node, given the slots of its arguments. */
function stepOf(node: Expression, slotOf: (argument: Expression) => number): Step {
  switch (node.kind) {
    case "number": {
      const { value } = node;
      return () => value;
    }
    case "field": {
      const { index } = node;
      return (_slots, fields) => fields[index]!;
    }
    case "negate": {
      const a = slotOf(node.argument);
      return (slots) => -slots[a]!;
    }
    case "binary": {
      const a = slotOf(node.left);
      const b = slotOf(node.right);
      if (node.operator === "+") return (slots) => slots[a]! + slots[b]!;
      if (node.operator === "-") return (slots) => slots[a]! - slots[b]!;
      if (node.operator === "*") return (slots) => slots[a]! * slots[b]!;
      return (slots) => slots[a]! / slots[b]!;
    }
    case "integerPower": {
      const a = slotOf(node.base);
      const { exponent } = node;
      return (slots) => slots[a]! ** exponent;
    }
    case "realPower": {
      const a = slotOf(node.base);
      const b = slotOf(node.exponent);
      return (slots) => slots[a]! ** slots[b]!;
    }
    case "call": {
      const host = HOST_FUNCTIONS[node.name];
      const a = slotOf(node.argument);
      return (slots) => host(slots[a]!);
    }
  }
}

/** A float64 function of the fields. */
export function evaluator(expression: Expression): (fields: ArrayLike<number>) => number {
  const slotOfNode = new Map<Expression, number>();
  const steps: Step[] = [];
  const slotOf = (node: Expression): number => {
    const found = slotOfNode.get(node);
    if (found !== undefined) return found;
    const slot = steps.push(stepOf(node, slotOf)) - 1;
    slotOfNode.set(node, slot);
    return slot;
  };
  const result = slotOf(expression);
  const slots = new Float64Array(steps.length);
  return (fields) => {
    for (let slot = 0; slot < steps.length; slot++) slots[slot] = steps[slot]!(slots, fields);
    return slots[result]!;
  };
}
