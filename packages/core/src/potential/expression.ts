/**
 * From mathjs's tree to our own expression tree: parameters become numbers, constant parts are folded in float64, and functions are
 * written in the few that every engine has, in forms that keep their digits (sech^2 as 1 - tanh^2, exp(x) - 1 as expm1).
 */
import type { ConstantNode, FunctionNode, MathNode, OperatorNode, ParenthesisNode, SymbolNode } from "mathjs/number";
import { ExpressionError } from "../errors.ts";
import { KNOWN_CONSTANTS, type ParseOptions, parseExpression } from "./parse.ts";
import type { ElementaryFunction, Expression } from "./potential.ts";

const number = (value: number): Expression => ({ kind: "number", value });
const isNumber = (expression: Expression, value: number): boolean =>
  expression.kind === "number" && expression.value === value;

const HOST_FUNCTIONS: Readonly<Record<ElementaryFunction, (x: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
};

function call(name: ElementaryFunction, argument: Expression): Expression {
  return argument.kind === "number" ? number(HOST_FUNCTIONS[name](argument.value)) : { kind: "call", name, argument };
}

function negate(argument: Expression): Expression {
  if (argument.kind === "number") return number(-argument.value);
  return argument.kind === "negate" ? argument.argument : { kind: "negate", argument };
}

const isExp = (expression: Expression): expression is Expression & { kind: "call" } =>
  expression.kind === "call" && expression.name === "exp";

function binary(operator: "+" | "-" | "*" | "/", left: Expression, right: Expression): Expression {
  if (left.kind === "number" && right.kind === "number") {
    const [a, b] = [left.value, right.value];
    return number(operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : a / b);
  }
  if (operator === "+" && isNumber(left, 0)) return right;
  if ((operator === "+" || operator === "-") && isNumber(right, 0)) return left;
  if (operator === "-" && isNumber(left, 0)) return negate(right);
  if (operator === "*" && (isNumber(left, 0) || isNumber(right, 0))) return number(0);
  if (operator === "*" && isNumber(left, 1)) return right;
  if ((operator === "*" || operator === "/") && isNumber(right, 1)) return left;
  if (operator === "/" && isNumber(left, 0)) return number(0);
  // 1 - exp(x) loses its digits for small x; expm1 keeps them.
  if (operator === "-" && isNumber(left, 1) && isExp(right)) return negate(call("expm1", right.argument));
  if (operator === "-" && isExp(left) && isNumber(right, 1)) return call("expm1", left.argument);
  return { kind: "binary", operator, left, right };
}

function power(base: Expression, exponent: Expression): Expression {
  if (base.kind === "number" && exponent.kind === "number") return number(base.value ** exponent.value);
  if (exponent.kind === "number") {
    if (exponent.value === 0) return number(1);
    if (exponent.value === 1) return base;
    if (exponent.value === 0.5) return call("sqrt", base);
    if (Number.isInteger(exponent.value) && Math.abs(exponent.value) <= 64) {
      return { kind: "integerPower", base, exponent: exponent.value };
    }
  }
  return { kind: "realPower", base, exponent };
}

/** 1 - tanh(x)^2, which neither overflows nor loses digits that matter. */
const sechSquared = (x: Expression): Expression => binary("-", number(1), power(call("tanh", x), number(2)));

/** The functions of a text and those that mathjs's derivatives bring in. */
function functionOf(name: string, x: Expression): Expression {
  const exp = (): Expression => call("exp", x);
  const inverseExp = (): Expression => call("exp", negate(x));
  switch (name) {
    case "tan":
      return binary("/", call("sin", x), call("cos", x));
    case "sec":
      return binary("/", number(1), call("cos", x));
    case "sinh":
      return binary("*", number(0.5), binary("-", exp(), inverseExp()));
    case "cosh":
      return binary("*", number(0.5), binary("+", exp(), inverseExp()));
    case "sech":
      return call("sqrt", sechSquared(x));
    default:
      return call(name as ElementaryFunction, x);
  }
}

/** Converts a checked tree; `names` are the fields in order, `values` the parameters' values. */
export function convert(
  node: MathNode,
  names: readonly string[],
  values: Readonly<Record<string, number>>,
): Expression {
  const recurse = (inner: MathNode): Expression => convert(inner, names, values);
  switch (node.type) {
    case "ConstantNode":
      return number(Number((node as ConstantNode).value));
    case "ParenthesisNode":
      return recurse((node as ParenthesisNode).content);
    case "SymbolNode": {
      const { name } = node as SymbolNode;
      const index = names.indexOf(name);
      if (index >= 0) return { kind: "field", index };
      return number(Object.hasOwn(values, name) ? values[name]! : KNOWN_CONSTANTS[name]!);
    }
    case "FunctionNode": {
      const { fn, args } = node as FunctionNode;
      return functionOf(fn.toString(), recurse(args[0]!));
    }
    case "OperatorNode": {
      const { op, args } = node as OperatorNode;
      const [left, right] = args as [MathNode, MathNode | undefined];
      if (!right) return op === "-" ? negate(recurse(left)) : recurse(left);
      if (op === "^") {
        const exponent = recurse(right);
        // Even powers of sech come from derivatives of tanh.
        if (
          left.type === "FunctionNode" &&
          (left as FunctionNode).fn.toString() === "sech" &&
          exponent.kind === "number" &&
          exponent.value % 2 === 0
        ) {
          return power(sechSquared(recurse((left as FunctionNode).args[0]!)), number(exponent.value / 2));
        }
        return power(recurse(left), exponent);
      }
      return binary(op as "+" | "-" | "*" | "/", recurse(left), recurse(right));
    }
    default:
      throw new ExpressionError(`${node.type} has no meaning in an expression`, 1);
  }
}

/** A float64 function of the fields. */
export function evaluator(expression: Expression): (fields: ArrayLike<number>) => number {
  switch (expression.kind) {
    case "number":
      return () => expression.value;
    case "field":
      return (fields) => fields[expression.index]!;
    case "negate": {
      const argument = evaluator(expression.argument);
      return (fields) => -argument(fields);
    }
    case "binary": {
      const left = evaluator(expression.left);
      const right = evaluator(expression.right);
      if (expression.operator === "+") return (fields) => left(fields) + right(fields);
      if (expression.operator === "-") return (fields) => left(fields) - right(fields);
      if (expression.operator === "*") return (fields) => left(fields) * right(fields);
      return (fields) => left(fields) / right(fields);
    }
    case "integerPower": {
      const base = evaluator(expression.base);
      return (fields) => base(fields) ** expression.exponent;
    }
    case "realPower": {
      const base = evaluator(expression.base);
      const exponent = evaluator(expression.exponent);
      return (fields) => base(fields) ** exponent(fields);
    }
    case "call": {
      const host = HOST_FUNCTIONS[expression.name];
      const argument = evaluator(expression.argument);
      return (fields) => host(argument(fields));
    }
  }
}

/**
 * A plain float64 function from text, as targets sin(theta) + x0 are.
 * @throws ExpressionError with the column.
 */
export async function compileFunction(
  text: string,
  variables: readonly string[],
  options: ParseOptions = {},
): Promise<(...values: number[]) => number> {
  const evaluate = evaluator(convert(await parseExpression(text, variables, options), variables, {}));
  return (...values) => evaluate(values);
}
