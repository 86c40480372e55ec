/** Where expressions have values. */
import type { Expression } from "./potential.ts";

/** Whether some part of an expression has no value of negative numbers: a logarithm, a root or a power that is not whole. */
export function needsPositive(expression: Expression): boolean {
  // Trees share their parts.
  const seen = new Set<Expression>();
  const some = (node: Expression): boolean => {
    if (seen.has(node)) return false;
    seen.add(node);
    if (node.kind === "realPower" || (node.kind === "call" && (node.name === "log" || node.name === "sqrt")))
      return true;
    return Object.values(node).some((inner) => typeof inner === "object" && some(inner as Expression));
  };
  return some(expression);
}
