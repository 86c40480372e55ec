/**
 * From mathjs's tree to our own expression tree: parameters become numbers, and functions are written in the few that every engine has.
 */
import type { ConstantNode, FunctionNode, MathNode, OperatorNode, ParenthesisNode, SymbolNode } from "mathjs/number";
import { ExpressionError } from "../errors.ts";
import { add, call, divide, multiply, negate, number, power, subtract } from "./build.ts";
import { at, evaluator } from "./evaluate.ts";
import { KNOWN_CONSTANTS, type ParseOptions, parseExpression } from "./parse.ts";
import type { ElementaryFunction, Expression } from "./potential.ts";

/** A function of a text by those that engines have. */
function functionOf(name: string, [x, y]: readonly Expression[]): Expression {
  switch (name) {
    case "pow":
      return power(x!, y!);
    case "tan":
      return divide(call("sin", x!), call("cos", x!));
    case "sinh":
      // By expm1, since exp(x) - exp(-x) has no digits left near 0.
      return multiply(number(0.5), subtract(call("expm1", x!), call("expm1", negate(x!))));
    case "cosh":
      return multiply(number(0.5), add(call("exp", x!), call("exp", negate(x!))));
    default:
      return call(name as ElementaryFunction, x!);
  }
}

/** Converts a tree that parseExpression made; `names` are the fields in order, `values` the parameters' values. */
export function convert(
  node: MathNode,
  names: readonly string[],
  values: Readonly<Record<string, number>>,
): Expression {
  const recurse = (inner: MathNode): Expression => convert(inner, names, values);
  switch (node.type) {
    case "ConstantNode":
      return number((node as ConstantNode<number>).value);
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
      return functionOf(fn.toString(), args.map(recurse));
    }
    case "OperatorNode": {
      const { op, args } = node as OperatorNode;
      const [left, right] = args.map(recurse) as [Expression, Expression | undefined];
      if (!right) return op === "-" ? negate(left) : left;
      if (op === "+") return add(left, right);
      if (op === "-") return subtract(left, right);
      if (op === "*") return multiply(left, right);
      return op === "/" ? divide(left, right) : power(left, right);
    }
    default:
      throw new ExpressionError(`column 1: ${node.type} has no meaning in an expression`, 1);
  }
}

/** Throws ExpressionError where a constant part of `expression` (as 1/0, or log of a negative parameter) is not finite. */
export function assertFinite(expression: Expression, what: string, path: string | undefined): void {
  const seen = new Set<Expression>();
  const check = (node: Expression): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === "number" && !Number.isFinite(node.value)) {
      throw new ExpressionError(
        `column 1: a constant part of ${what} is ${node.value}; look for a division by zero or a logarithm, root or power outside its domain`,
        1,
        { path },
      );
    }
    for (const inner of Object.values(node)) if (typeof inner === "object") check(inner as Expression);
  };
  check(expression);
}

/**
 * A plain float64 function from text, as targets sin(theta) + x0 are. Outside its domain (log(-1), sqrt(-1)) it returns NaN.
 * @throws ExpressionError with the column.
 */
export async function compileFunction(
  text: string,
  variables: readonly string[],
  options: ParseOptions = {},
): Promise<(...values: number[]) => number> {
  const expression = convert(await parseExpression(text, variables, options), variables, {});
  assertFinite(expression, "the expression", options.path);
  const evaluate = evaluator(expression);
  return (...values) => at(evaluate, values);
}
