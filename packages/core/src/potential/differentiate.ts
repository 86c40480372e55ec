/**
 * Symbolic derivatives of expression trees. Each node is differentiated once and the result shares its subtrees, so that a derivative
 * is a constant times as large as the expression, however deeply functions are nested; on text trees it grows with a power of the depth.
 */
import { add, call, divide, multiply, negate, number, power, subtract } from "./build.ts";
import type { ElementaryFunction, Expression } from "./potential.ts";

/** f'(x) of f(x); `value` is the tree of f(x) itself. */
function slope(name: ElementaryFunction, x: Expression, value: Expression): Expression {
  switch (name) {
    case "exp":
      return value;
    case "expm1":
      return call("exp", x);
    case "log":
      return divide(number(1), x);
    case "sqrt":
      return divide(number(0.5), value);
    case "sin":
      return call("cos", x);
    case "cos":
      return negate(call("sin", x));
    case "tanh":
      return call("sechSquared", x);
    case "sechSquared":
      return multiply(number(-2), multiply(call("tanh", x), value));
    case "abs":
      return call("sign", x);
    case "sign":
      return number(0);
  }
}

/** The partial derivative by field `field`. The kinks of abs and sign count as flat: their slope there is 0. */
export function differentiate(expression: Expression, field: number): Expression {
  const known = new Map<Expression, Expression>();
  const derivative = (node: Expression): Expression => {
    const found = known.get(node);
    if (found) return found;
    const result = rule(node);
    known.set(node, result);
    return result;
  };
  const rule = (node: Expression): Expression => {
    switch (node.kind) {
      case "number":
        return number(0);
      case "field":
        return number(node.index === field ? 1 : 0);
      case "negate":
        return negate(derivative(node.argument));
      case "binary": {
        const { operator, left, right } = node;
        const [leftSlope, rightSlope] = [derivative(left), derivative(right)];
        if (operator === "+") return add(leftSlope, rightSlope);
        if (operator === "-") return subtract(leftSlope, rightSlope);
        if (operator === "*") return add(multiply(leftSlope, right), multiply(left, rightSlope));
        // (u/v)' = (u' - (u/v) v')/v: no square of v that could overflow.
        return divide(subtract(leftSlope, multiply(node, rightSlope)), right);
      }
      case "integerPower":
        return multiply(
          multiply(number(node.exponent), power(node.base, number(node.exponent - 1))),
          derivative(node.base),
        );
      case "realPower": {
        const { base, exponent } = node;
        const baseSlope = derivative(base);
        if (exponent.kind === "number")
          return multiply(multiply(exponent, power(base, number(exponent.value - 1))), baseSlope);
        const growth = add(
          multiply(derivative(exponent), call("log", base)),
          multiply(exponent, divide(baseSlope, base)),
        );
        return multiply(node, growth);
      }
      case "call": {
        const inner = derivative(node.argument);
        return inner.kind === "number" && inner.value === 0
          ? inner
          : multiply(slope(node.name, node.argument, node), inner);
      }
    }
  };
  return derivative(expression);
}

/** Whether V has kinks or steps, which its derivatives, flat there, do not tell of. */
export function hasKinks(expression: Expression): boolean {
  const seen = new Set<Expression>();
  const kinked = (node: Expression): boolean => {
    if (seen.has(node)) return false;
    seen.add(node);
    switch (node.kind) {
      case "number":
      case "field":
        return false;
      case "negate":
        return kinked(node.argument);
      case "binary":
        return kinked(node.left) || kinked(node.right);
      case "integerPower":
        return kinked(node.base);
      case "realPower":
        return kinked(node.base) || kinked(node.exponent);
      case "call":
        return node.name === "abs" || node.name === "sign" || kinked(node.argument);
    }
  };
  return kinked(expression);
}
