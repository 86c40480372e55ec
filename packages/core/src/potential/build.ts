/**
 * Builds expression trees: each function returns the simplest tree for an operation. Constant parts are folded in float64, numeric
 * factors gather on the left, and exp(x) - 1 becomes expm1, which keeps its digits near 0.
 */
import type { ElementaryFunction, Expression } from "./potential.ts";

/** The elementary functions in float64. */
export const HOST_FUNCTIONS: Readonly<Record<ElementaryFunction, (x: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sechSquared: (x) => 1 / Math.cosh(x) ** 2,
  abs: Math.abs,
  sign: Math.sign,
};

/** x^exponent by multiplications, as the engines take it, and in less time than `**`. */
export function integerPower(x: number, exponent: number): number {
  let power = 1;
  for (let left = Math.abs(exponent), square = x; left > 0; left >>= 1, square *= square) if (left & 1) power *= square;
  return exponent < 0 ? 1 / power : power;
}

type Binary = Expression & { kind: "binary" };

export const number = (value: number): Expression => ({ kind: "number", value });

const is = (expression: Expression, value: number): boolean =>
  expression.kind === "number" && expression.value === value;
const isBinary = (expression: Expression, operator: Binary["operator"]): expression is Binary =>
  expression.kind === "binary" && expression.operator === operator;

/** The numeric factor of a product and the rest of it: factors stand on the left. */
function factored(expression: Expression): readonly [number, Expression] {
  if (isBinary(expression, "*") && expression.left.kind === "number") return [expression.left.value, expression.right];
  if (isBinary(expression, "/") && expression.right.kind === "number")
    return [1 / expression.right.value, expression.left];
  if (expression.kind === "negate") return [-1, expression.argument];
  return [1, expression];
}

export function negate(argument: Expression): Expression {
  if (argument.kind === "number") return number(-argument.value);
  if (argument.kind === "negate") return argument.argument;
  if (isBinary(argument, "-")) return { ...argument, left: argument.right, right: argument.left };
  if (isBinary(argument, "*") && argument.left.kind === "number")
    return multiply(negate(argument.left), argument.right);
  return { kind: "negate", argument };
}

export function add(left: Expression, right: Expression): Expression {
  if (left.kind === "number" && right.kind === "number") return number(left.value + right.value);
  if (is(left, 0)) return right;
  if (is(right, 0)) return left;
  if (right.kind === "negate") return subtract(left, right.argument);
  if (left.kind === "negate") return subtract(right, left.argument);
  return { kind: "binary", operator: "+", left, right };
}

export function subtract(left: Expression, right: Expression): Expression {
  if (left.kind === "number" && right.kind === "number") return number(left.value - right.value);
  if (is(left, 0)) return negate(right);
  if (is(right, 0)) return left;
  if (right.kind === "negate") return add(left, right.argument);
  if (is(left, 1) && right.kind === "call" && right.name === "exp") return negate(call("expm1", right.argument));
  if (is(right, 1) && left.kind === "call" && left.name === "exp") return call("expm1", left.argument);
  return { kind: "binary", operator: "-", left, right };
}

export function multiply(left: Expression, right: Expression): Expression {
  if (left.kind === "number" && right.kind === "number") return number(left.value * right.value);
  if (is(left, 0) || is(right, 0)) return number(0);
  if (is(left, 1)) return right;
  if (is(right, 1)) return left;
  if (right.kind === "number") return multiply(right, left);
  if (left.kind === "number") {
    // Factors of a quotient are divided, not multiplied by a rounded reciprocal.
    if (isBinary(right, "/") && right.right.kind === "number")
      return multiply(number(left.value / right.right.value), right.left);
    const [factor, rest] = factored(right);
    if (factor !== 1) return multiply(number(left.value * factor), rest);
    return left.value === -1 ? negate(right) : { kind: "binary", operator: "*", left, right };
  }
  const [a, x] = factored(left);
  const [b, y] = factored(right);
  if (a * b !== 1) return multiply(number(a * b), multiply(x, y));
  return { kind: "binary", operator: "*", left: x, right: y };
}

/** Whether a product with 1/value has the bits of the quotient by value, and float32 holds both. */
function isPowerOfTwo(value: number): boolean {
  const exponent = Math.round(Math.log2(Math.abs(value)));
  return Math.abs(exponent) <= 126 && Math.abs(value) === 2 ** exponent;
}

export function divide(left: Expression, right: Expression): Expression {
  if (is(right, 0)) return number(Number.NaN);
  if (left.kind === "number" && right.kind === "number") return number(left.value / right.value);
  if (is(left, 0)) return number(0);
  if (is(right, 1)) return left;
  if (left.kind === "negate") return negate(divide(left.argument, right));
  if (right.kind === "number") {
    if (isBinary(left, "*") && left.left.kind === "number")
      return multiply(number(left.left.value / right.value), left.right);
    if (isBinary(left, "/") && left.right.kind === "number")
      return divide(left.left, number(left.right.value * right.value));
    if (isPowerOfTwo(right.value)) return multiply(number(1 / right.value), left);
  }
  return { kind: "binary", operator: "/", left, right };
}

export function call(name: ElementaryFunction, argument: Expression): Expression {
  return argument.kind === "number" ? number(HOST_FUNCTIONS[name](argument.value)) : { kind: "call", name, argument };
}

/** Whole exponents up to this are multiplications, whose roundings add up. */
const MOST_MULTIPLIED = 64;

/**
 * Whole exponents are multiplications; larger ones powers of the square, since engines take real powers of positive numbers alone. A constant
 * base makes an exponential.
 */
export function power(base: Expression, exponent: Expression): Expression {
  if (exponent.kind === "number") {
    const { value } = exponent;
    if (base.kind === "number") return number(base.value ** value);
    if (value === 0) return number(1);
    if (value === 1) return base;
    if (value === 0.5) return call("sqrt", base);
    if (Number.isInteger(value)) {
      const odd = value % 2 !== 0;
      if (Math.abs(value) <= MOST_MULTIPLIED)
        return { kind: "integerPower", base: !odd && base.kind === "negate" ? base.argument : base, exponent: value };
      if (odd) return multiply(base, power(base, number(value - 1)));
      return { kind: "realPower", base: power(base, number(2)), exponent: number(value / 2) };
    }
  } else if (base.kind === "number") {
    return base.value > 0 ? call("exp", multiply(number(Math.log(base.value)), exponent)) : number(Number.NaN);
  }
  return { kind: "realPower", base, exponent };
}
