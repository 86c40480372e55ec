/**
 * From text to mathjs's parse tree, which is all that mathjs gives: nothing of the text is ever run. The text may hold arithmetic, known
 * names and known functions; all else is refused with its column.
 */
import type { ConstantNode, FunctionNode, MathNode, OperatorNode, ParenthesisNode, SymbolNode } from "mathjs/number";
import { ExpressionError } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** Functions that an expression may call, each with one argument but pow(x, y), which is x^y. */
const KNOWN_FUNCTIONS: readonly string[] = [
  ...["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"],
  ...["abs", "sign", "pow"],
];
/** Words that mathjs takes for values or operators. */
const MATHJS_WORDS = [
  ...["true", "false", "null", "undefined", "NaN", "Infinity"],
  ...["mod", "to", "in", "and", "or", "xor", "not", "end"],
] as const;
export const KNOWN_CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };
/** Words with a meaning in expressions: none can be the name of a field or of a parameter. */
export const RESERVED: readonly string[] = [...Object.keys(KNOWN_CONSTANTS), ...KNOWN_FUNCTIONS, ...MATHJS_WORDS];
const MAX_LENGTH = 1000;
const MAX_DEPTH = 50;
const OPERATORS = new Set(["+", "-", "*", "/", "^"]);

export interface ParseOptions {
  /** The config path that errors name. */
  readonly path?: string | undefined;
  /** What mends a name that is neither known nor like one that is. */
  readonly unknown?: string;
}

/** How what people write elsewhere is written here. */
const WRITTEN: Readonly<Record<string, string>> = {
  ...{ "**": "^", "×": "*", "·": "*", "÷": "/", "−": "-", "²": "^2", "³": "^3" },
  ...{ φ: "phi", ϕ: "phi", χ: "chi", π: "pi", λ: "lambda", μ: "mu", θ: "theta" },
};

/** How functions that are none here are written with those that are. */
const WRITTEN_FUNCTIONS: Readonly<Record<string, string>> = {
  ...{ ln: "log(x)", log2: "log(x)/log(2)", log10: "log(x)/log(10)", log1p: "log(1 + x)", expm1: "exp(x) - 1" },
  ...{ min: "(x + y - abs(x - y))/2", max: "(x + y + abs(x - y))/2", heaviside: "(1 + sign(x))/2", fabs: "abs(x)" },
  ...{ sech: "1/cosh(x)", csch: "1/sinh(x)", coth: "1/tanh(x)", sec: "1/cos(x)", csc: "1/sin(x)", cot: "1/tan(x)" },
  ...{ cbrt: "x^(1/3)", square: "x^2", sgn: "sign(x)", power: "pow(x, y)" },
  ...{ asinh: "log(x + sqrt(x^2 + 1))", acosh: "log(x + sqrt(x^2 - 1))", atanh: "log((1 + x)/(1 - x))/2" },
};

/** Inverse functions that cannot be written with those here: one letter from another function, but no slip of it. */
const NOT_WRITTEN = ["asin", "acos", "atan"];

const TOKEN = /[A-Za-z_]\w*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\S/g;

/** Where the first token that `matches` stands in the text, counted from 1. */
function columnOf(text: string, matches: (token: string) => boolean): number {
  for (const { 0: token, index } of text.matchAll(TOKEN)) if (matches(token)) return index + 1;
  return 1;
}

function checkCharacters(text: string, path: string | undefined): void {
  if (text.trim() === "") throw new ExpressionError("column 1: the expression is empty", 1, { path });
  if (text.length > MAX_LENGTH) {
    throw new ExpressionError(
      `column ${MAX_LENGTH + 1}: the expression has ${text.length} characters, ${MAX_LENGTH} are allowed`,
      MAX_LENGTH + 1,
      { path },
    );
  }
  const bad = /\*\*|[^A-Za-z0-9_.,+\-*/^() \t\n]/u.exec(text);
  if (bad) {
    const arithmetic = "arithmetic with + - * / ^ and parentheses";
    const here = WRITTEN[bad[0]] ?? (/\p{L}/u.test(bad[0]) ? "names in the letters A to Z and a to z" : arithmetic);
    throw new ExpressionError(
      `column ${bad.index + 1}: ${JSON.stringify(bad[0])} has no meaning here; write ${here}`,
      bad.index + 1,
      { path },
    );
  }
  // A dot is part of a number only: anything else would be access to a property.
  const dot = /(?<![0-9])\.(?![0-9])|[A-Za-z_]\w*\.|\.[A-Za-df-z_]/.exec(text);
  if (dot) {
    const column = dot.index + dot[0].indexOf(".") + 1;
    throw new ExpressionError(`column ${column}: a dot belongs inside a number`, column, { path });
  }
  let depth = 0;
  for (const [index, character] of [...text].entries()) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (depth > MAX_DEPTH) {
      throw new ExpressionError(`column ${index + 1}: more than ${MAX_DEPTH} parentheses are open`, index + 1, {
        path,
      });
    }
  }
}

/** The operators `sign`, in the order of the text. */
function* operatorsIn(node: MathNode, sign: string): Generator<OperatorNode> {
  if (node.type === "ParenthesisNode") return yield* operatorsIn((node as ParenthesisNode).content, sign);
  if (node.type !== "OperatorNode" && node.type !== "FunctionNode") return;
  const [first, ...rest] = (node as OperatorNode | FunctionNode).args;
  if (first) yield* operatorsIn(first, sign);
  if (node.type === "OperatorNode" && (node as OperatorNode).op === sign) yield node as OperatorNode;
  for (const argument of rest) yield* operatorsIn(argument, sign);
}

/**
 * To mathjs a product without its sign binds tighter than a quotient, unless that is of two numbers: 1/2 x is (1/2) x, but m/2 x is
 * m/(2 x), where as many would mean (m/2) x. Throws ExpressionError for one that is divided by.
 */
function checkQuotients(tree: MathNode, text: string, path: string | undefined): void {
  const columns = Array.from(text.matchAll(/\//g), ({ index }) => index + 1);
  let count = 0;
  for (const { args } of operatorsIn(tree, "/")) {
    const column = columns[count++]!;
    const below = args[1]!;
    let factors = below;
    while (factors.type === "OperatorNode" && (factors as OperatorNode).args.length === 1)
      factors = (factors as OperatorNode).args[0]!;
    if (factors.type !== "OperatorNode" || !(factors as OperatorNode).implicit) continue;
    const product = below.toString({ implicit: "show" }).replaceAll(" ", "");
    throw new ExpressionError(
      `column ${column}: what is below this / can be read in two ways; write /${product} or /(${product})`,
      column,
      { path },
    );
  }
}

/**
 * Parses `text` in the given names (fields and parameters; pi and e are known).
 * @throws ExpressionError with the column and what is known.
 */
export async function parseExpression(
  text: string,
  names: readonly string[],
  { path, unknown }: ParseOptions = {},
): Promise<MathNode> {
  checkCharacters(text, path);
  const { parse } = await import("#mathjs");
  // To mathjs a line's end is the expression's; not where an operator is before or after it, nor where a block of YAML begins or ends.
  const joined = text.replaceAll(/(?<=(?:^|[-+*/^(,])\s*)\n|\n(?=\s*(?:[-+*/^),]|$))/g, " ");
  let tree: MathNode;
  try {
    tree = parse(joined);
  } catch (cause) {
    const { char, message } = cause as { char?: number; message: string };
    const column = Math.min(char ?? 1, text.length + 1);
    const what = message.replace(/ \(char \d+\)$/, "").toLowerCase();
    throw new ExpressionError(`column ${column}: ${what} in ${JSON.stringify(text)}`, column, { path, cause });
  }
  const refuse = (word: string, what: string): never => {
    const column = columnOf(text, (token) => token === word);
    throw new ExpressionError(`column ${column}: ${what}`, column, { path });
  };
  const symbols = [...names, ...Object.keys(KNOWN_CONSTANTS)];
  const check = (node: MathNode, depth: number): void => {
    if (depth > 4 * MAX_DEPTH) throw new ExpressionError("column 1: the expression is nested too deeply", 1, { path });
    switch (node.type) {
      case "ConstantNode": {
        const value: unknown = (node as ConstantNode).value;
        if (typeof value === "number" && Number.isFinite(value)) break;
        const column = columnOf(text, (token) => token === String(value) || Number(token) === Number.POSITIVE_INFINITY);
        throw new ExpressionError(`column ${column}: ${String(value)} is not a finite number`, column, { path });
      }
      case "SymbolNode": {
        const { name } = node as SymbolNode;
        if (!symbols.includes(name)) {
          if (KNOWN_FUNCTIONS.includes(name)) refuse(name, `${name} is a function, not a name: write ${name}(...)`);
          const meant = nearest(name, symbols);
          const hint = meant === undefined ? unknown && `${unknown};` : `did you mean ${meant}?`;
          refuse(
            name,
            `unknown name ${JSON.stringify(name)}; ${hint === undefined ? "" : `${hint} `}known: ${symbols.join(", ")}`,
          );
        }
        break;
      }
      case "ParenthesisNode":
        check((node as ParenthesisNode).content, depth + 1);
        break;
      case "OperatorNode": {
        const { op, args } = node as OperatorNode;
        if (!OPERATORS.has(op)) refuse(op, `the operator ${op} is not known; use + - * / ^`);
        // The terms of a sum, and the factors of a product, stand beside each other, though each holds those before it.
        const chain = args.length === 2 && op !== "^";
        for (const [i, argument] of args.entries()) check(argument, chain && i === 0 ? depth : depth + 1);
        break;
      }
      case "FunctionNode": {
        const call = node as FunctionNode;
        const name = call.fn.toString();
        if (names.includes(name)) refuse(name, `${name} is a name, not a function: write ${name}*(...)`);
        if (!KNOWN_FUNCTIONS.includes(name)) {
          const written = Object.hasOwn(WRITTEN_FUNCTIONS, name.toLowerCase()) && WRITTEN_FUNCTIONS[name.toLowerCase()];
          const meant = NOT_WRITTEN.includes(name) ? undefined : nearest(name, KNOWN_FUNCTIONS);
          const mend = meant === undefined ? "" : `did you mean ${meant}? `;
          refuse(
            name,
            `unknown function ${JSON.stringify(name)}; ${written ? `write ${written}` : `${mend}known: ${KNOWN_FUNCTIONS.join(", ")}`}`,
          );
        }
        const wanted = name === "pow" ? 2 : 1;
        if (call.args.length !== wanted)
          refuse(name, `${name} takes ${wanted} argument${wanted > 1 ? "s" : ""}, ${call.args.length} are given`);
        for (const argument of call.args) check(argument, depth + 1);
        break;
      }
      case "BlockNode": {
        const column = joined.indexOf("\n") + 1;
        throw new ExpressionError(`column ${column}: a line ends before the expression; write an operator`, column, {
          path,
        });
      }
      default:
        throw new ExpressionError(`column 1: only arithmetic is allowed in ${JSON.stringify(text)}`, 1, { path });
    }
  };
  check(tree, 1);
  checkQuotients(tree, text, path);
  return tree;
}
