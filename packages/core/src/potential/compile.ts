/** From a config's potential to V with its derivatives: see potential.ts. */
import type { MathNode, SymbolNode } from "mathjs/number";
import { InputError } from "../errors.ts";
import { mend } from "../nearest.ts";
import type { Parameter } from "./builtins/builtin.ts";
import { builtins, potentialNames } from "./builtins/index.ts";
import { differentiate } from "./differentiate.ts";
import { at, evaluator, inStretches } from "./evaluate.ts";
import { assertFinite, convert } from "./expression.ts";
import { parseExpression, RESERVED } from "./parse.ts";
import type { Potential, PotentialSpec } from "./potential.ts";

export interface CompileOptions {
  /** Names of the fields, in order. */
  readonly fields?: readonly string[];
  /** The config path that errors name. */
  readonly path?: string;
}

const describe = (name: string, { positive, nonZero }: Parameter): string =>
  `${name} must be a finite number${positive ? " above 0" : nonZero ? " other than 0" : ""}`;

/** The values of a built-in's parameters, defaults filled in. */
function builtinParameters(
  name: string,
  given: Readonly<Record<string, number>>,
  path: string,
): Record<string, number> {
  const { parameters, aliases = {} } = builtins[name]!;
  const values = Object.fromEntries(Object.entries(parameters).map(([key, parameter]) => [key, parameter.default]));
  const known = [...Object.keys(parameters), ...Object.keys(aliases)];
  for (const [key, value] of Object.entries(given)) {
    const place = `${path}.parameters.${key}`;
    if (!known.includes(key)) {
      throw new InputError(`${name} has no parameter ${JSON.stringify(key)}; ${mend(key, known)}`, {
        path: place,
      });
    }
    const target = Object.hasOwn(aliases, key) ? aliases[key]!.parameter : key;
    if (target !== key && Object.hasOwn(given, target)) {
      throw new InputError(`give either ${key} or ${target}, not both`, { path: place });
    }
    const parameter = parameters[target]!;
    if (!Number.isFinite(value) || (parameter.positive && value <= 0) || (parameter.nonZero && value === 0)) {
      throw new InputError(describe(key, parameter), { path: place });
    }
    values[target] = target === key ? value : aliases[key]!.value(value);
  }
  return values;
}

/**
 * A built-in's V of the one field, or of the one that is named phi.
 * @throws InputError where none of several is, or where a field has the name of something else in it.
 */
function builtinExpression(name: string, fields: readonly string[], path: string): string {
  const { expression } = builtins[name]!;
  const hidden = fields.find((field) => field !== "phi" && new RegExp(`\\b${field}\\b`).test(expression));
  if (hidden !== undefined)
    throw new InputError(`V = ${expression} of ${name} has a ${hidden} of its own: give the field another name`, {
      path,
    });
  if (fields.includes("phi")) return expression;
  const [field, ...others] = fields as [string, ...string[]];
  if (others.length > 0) {
    throw new InputError(
      `${name} is of phi, which none of ${fields.join(", ")} is: name a field so, or give an expression`,
      { path },
    );
  }
  return expression.replaceAll(/\bphi\b/g, field);
}

/** The values of a free expression's parameters. */
function freeParameters(
  given: Readonly<Record<string, number>>,
  fields: readonly string[],
  path: string,
): Record<string, number> {
  for (const [key, value] of Object.entries(given)) {
    const place = `${path}.parameters.${key}`;
    if (!/^[A-Za-z_]\w*$/.test(key))
      throw new InputError("a parameter's name has Latin letters, digits and _ only", { path: place });
    if (fields.includes(key) || RESERVED.includes(key))
      throw new InputError(`${key} already has a meaning in expressions; choose another name`, { path: place });
    if (!Number.isFinite(value)) throw new InputError(`${key} must be a finite number`, { path: place });
  }
  return { ...given };
}

/** A parameter that no part of the expression names is a slip, most often of another name. */
function assertUsed(node: MathNode, parameters: readonly string[], path: string): void {
  const used = new Set(node.filter(({ type }) => type === "SymbolNode").map((symbol) => (symbol as SymbolNode).name));
  const unused = parameters.find((parameter) => !used.has(parameter));
  if (unused !== undefined)
    throw new InputError(`the expression does not use ${unused}; leave it out or write it in`, {
      path: `${path}.${unused}`,
    });
}

/**
 * Compiles a potential.
 * @throws InputError (unknown name or parameter, value out of range), ExpressionError (with the column).
 */
export async function compilePotential(spec: PotentialSpec, options: CompileOptions = {}): Promise<Potential> {
  const { fields = ["phi"], path = "potential" } = options;
  const given = typeof spec === "string" ? {} : (spec.parameters ?? {});
  const name = typeof spec === "string" ? spec : "name" in spec ? spec.name : undefined;
  if (name !== undefined && !Object.hasOwn(builtins, name)) {
    const quoted = JSON.stringify(name);
    const hint = /[\^*+(]/.test(name) ? `write { expression: ${quoted} }` : mend(name, potentialNames);
    throw new InputError(`unknown potential ${quoted}; ${hint}`, {
      path: typeof spec === "string" ? path : `${path}.name`,
    });
  }
  const expression =
    name === undefined ? (spec as { expression: string }).expression : builtinExpression(name, fields, path);
  const parameters = name === undefined ? freeParameters(given, fields, path) : builtinParameters(name, given, path);
  const expressionPath = name === undefined ? `${path}.expression` : path;

  const node = await parseExpression(expression, [...fields, ...Object.keys(parameters)], {
    path: expressionPath,
    unknown: "give it a value in parameters",
  });
  if (name === undefined) assertUsed(node, Object.keys(parameters), `${path}.parameters`);
  const value = convert(node, fields, parameters);
  const gradient = fields.map((_, f) => differentiate(value, f));
  const hessian = gradient.map((slope) => fields.map((_, g) => differentiate(slope, g)));
  assertFinite(value, "V", expressionPath);
  for (const slope of gradient) assertFinite(slope, "V'", expressionPath);
  for (const curvature of hessian.flat()) assertFinite(curvature, "V''", expressionPath);

  const evaluateValue = evaluator(value);
  const evaluateGradient = gradient.map(evaluator);
  const gradientsOf = evaluateGradient.map(inStretches);
  const evaluateHessian = hessian.map((row) => row.map(evaluator));
  return {
    name: name ?? "expression",
    expression,
    fields,
    parameters,
    tree: { value, gradient, hessian },
    value: (...phi) => at(evaluateValue, phi),
    values: inStretches(evaluateValue),
    gradients: (f, points, count) => gradientsOf[f]!(points, count),
    gradient: (f, ...phi) => at(evaluateGradient[f]!, phi),
    hessian: (f, g, ...phi) => at(evaluateHessian[f]![g]!, phi),
  };
}
