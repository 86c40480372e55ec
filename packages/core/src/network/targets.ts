/** Targets of networks, of one output or of several: by expressions in the inputs, in lists or from columns of the inputs' file. */
import { ExpressionError, InputError } from "../errors.ts";
import { compileFunction } from "../potential/expression.ts";
import type { Inputs, TargetColumn } from "./inputs.ts";
import { CIRCLE_TARGETS, MAX_DATA, type TargetsSpec } from "./study.ts";

export interface Targets {
  /** C, the outputs. */
  readonly outputs: number;
  /** [C]: the config's names of the outputs, else 0, 1, ... */
  readonly names: readonly string[];
  /** [D][C]. */
  readonly values: Float64Array;
}

const PATH = "data.targets";

const isList = (spec: TargetsSpec): spec is Extract<TargetsSpec, readonly unknown[]> => Array.isArray(spec);

/** The columns of the inputs' file that are targets. Throws InputError where one is named twice. */
export function targetColumns(spec: TargetsSpec): TargetColumn[] {
  if (typeof spec === "string" || isList(spec)) return [];
  if ("column" in spec) return [{ name: spec.column, path: `${PATH}.column` }];
  if (!("columns" in spec)) return [];
  return spec.columns.map((name, c) => {
    const path = `${PATH}.columns[${c}]`;
    if (spec.columns.indexOf(name) < c) throw new InputError(`${name} is named twice`, { path });
    return { name, path };
  });
}

/** Each output's expression, where targets are given by such. */
function expressionsOf(spec: TargetsSpec): { name: string; text: string; path: string }[] | undefined {
  if (typeof spec === "string") return [{ name: "0", text: spec, path: PATH }];
  if (isList(spec)) {
    const texts = spec.filter((text): text is string => typeof text === "string");
    return texts.length > 0 ? texts.map((text, c) => ({ name: String(c), text, path: `${PATH}[${c}]` })) : undefined;
  }
  if (!("expressions" in spec)) return undefined;
  return Object.entries(spec.expressions).map(([name, text]) => ({ name, text, path: `${PATH}.expressions.${name}` }));
}

/** Throws InputError where there are none, ExpressionError where they are in an angle that the inputs do not have. */
function assertAngles(spec: TargetsSpec, texts: readonly { text: string; path: string }[], inputs: Inputs): void {
  if (inputs.theta) return;
  const last = inputs.rows[0]!.length - 1;
  const known = last === 0 ? "x0" : `x0 ${last === 1 ? "and" : "to"} x${last}`;
  if (spec === CIRCLE_TARGETS) {
    throw new InputError(
      `must be given for inputs other than a circle: an expression in ${known}, a list of one number an input, or { column } of the inputs' file`,
      { path: PATH },
    );
  }
  for (const { text, path } of texts) {
    const column = text.search(/\btheta\b/) + 1;
    if (column === 0) continue;
    const what = `only a circle's inputs have theta: write targets in ${known}`;
    throw new ExpressionError(`column ${column}: ${what}`, column, { path });
  }
}

/** Throws InputError where an expression is a column's name and nothing that an expression may be. */
function assertNoColumn(texts: readonly { text: string; path: string }[], { header = [] }: Inputs): void {
  for (const { text, path } of texts) {
    const name = text.trim();
    if (!header.includes(name) || /^(x\d+|pi|e)$/.test(name)) continue;
    throw new InputError(`is an expression in x0, x1, ...; of the file's column ${name} write { column: ${name} }`, {
      path,
    });
  }
}

/** f of every input. Throws InputError where it is not finite, ExpressionError for what is no expression. */
async function evaluated(text: string, path: string, { rows, theta }: Inputs): Promise<number[]> {
  const names = [...(theta ? ["theta"] : []), ...rows[0]!.map((_, i) => `x${i}`)];
  const target = await compileFunction(text, names, { path });
  const values = rows.map((row, a) => target(...(theta ? [theta[a]!] : []), ...row));
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InputError(`the target of input ${bad + 1} is ${values[bad]}, not a finite number`, { path });
  return values;
}

/** Throws InputError where kernels, dense in the data and outputs together, would be too large. */
function assertFew(points: number, outputs: number): void {
  if (points * outputs <= MAX_DATA) return;
  throw new InputError(
    `${outputs} outputs at each of ${points} inputs are ${outputs * points} numbers, at most ${MAX_DATA}: give fewer outputs or inputs`,
    { path: PATH },
  );
}

/**
 * The targets of `inputs`, which were read with the columns of `targetColumns`.
 * @throws InputError for none, for too many, and for another number of them than of inputs; as `evaluated`.
 */
export async function readTargets(spec: TargetsSpec, inputs: Inputs): Promise<Targets> {
  const D = inputs.rows.length;
  const expressions = expressionsOf(spec);
  if (expressions) {
    assertAngles(spec, expressions, inputs);
    assertNoColumn(expressions, inputs);
    assertFew(D, expressions.length);
    const columns: number[][] = [];
    for (const { text, path } of expressions) columns.push(await evaluated(text, path, inputs));
    return {
      outputs: columns.length,
      names: expressions.map(({ name }) => name),
      values: Float64Array.from(inputs.rows.flatMap((_, a) => columns.map((column) => column[a]!))),
    };
  }
  const rows = inputs.columns ?? (spec as readonly (number | readonly number[])[]).map((row) => [row].flat());
  if (rows.length !== D) throw new InputError(`${rows.length} targets are given for ${D} inputs`, { path: PATH });
  const outputs = rows[0]!.length;
  assertFew(D, outputs);
  const ragged = rows.findIndex((row) => row.length !== outputs);
  if (ragged >= 0) {
    throw new InputError(`has ${rows[ragged]!.length} outputs, the first row has ${outputs}`, {
      path: `${PATH}[${ragged}]`,
    });
  }
  const named = targetColumns(spec).map(({ name }) => name);
  return {
    outputs,
    names: named.length > 1 ? named : Array.from({ length: outputs }, (_, c) => String(c)),
    values: Float64Array.from(rows.flat()),
  };
}
