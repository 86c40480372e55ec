/** Data of a network study: inputs, standardised where asked for, and targets from an expression, a list or the inputs' file. */
import { InputError } from "../errors.ts";
import { compileFunction } from "../potential/expression.ts";
import { readInputs } from "./inputs.ts";
import { type Standardisation, standardisationOf, standardised } from "./standardise.ts";
import type { DataSpec } from "./study.ts";

export interface Data {
  /** D, the number of inputs. */
  readonly points: number;
  /** d, the number of coordinates of each. */
  readonly dimension: number;
  /** [D][d], as networks see them. */
  readonly inputs: Float64Array;
  /** [D]. */
  readonly targets: Float64Array;
  /** [P][d], as networks see them, where test inputs are given. */
  readonly test?: Float64Array;
  /** Inputs and test inputs in the user's units. */
  readonly given: { readonly inputs: Float64Array; readonly test?: Float64Array };
  /** From those to what networks see. */
  readonly standardisation?: Standardisation;
}

/**
 * Prepares the data.
 * @throws InputError for empty, ragged or unreadable data and a wrong number of targets; ExpressionError for the targets' expression.
 */
export async function prepareData(spec: DataSpec): Promise<Data> {
  const { inputs: inputSpec, targets: targetSpec, test } = spec;
  const path = "data.targets";
  const named = typeof targetSpec === "object" && "column" in targetSpec ? targetSpec.column : undefined;
  const target = named === undefined ? undefined : { name: named, path: `${path}.column` };
  const { rows, theta, column } = await readInputs(inputSpec, "data.inputs", target);
  const dimension = rows[0]!.length;

  let targets: Float64Array;
  if (typeof targetSpec === "string") {
    const names = [...(theta ? ["theta"] : []), ...Array.from({ length: dimension }, (_, i) => `x${i}`)];
    const target = await compileFunction(targetSpec, names, { path });
    targets = Float64Array.from(rows, (row, a) => target(...(theta ? [theta[a]!] : []), ...row));
    const bad = targets.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new InputError(`the target of input ${bad + 1} is ${targets[bad]}, not a finite number`, { path });
  } else {
    const given = column ?? (targetSpec as readonly number[]);
    if (given.length !== rows.length)
      throw new InputError(`${given.length} targets are given for ${rows.length} inputs`, { path });
    targets = Float64Array.from(given);
  }
  const given = { inputs: Float64Array.from(rows.flat()) };
  const standardisation = spec.standardise ? standardisationOf(given.inputs, dimension) : undefined;
  const seen = (inputs: Float64Array) => (standardisation ? standardised(inputs, standardisation) : inputs);
  const data = {
    points: rows.length,
    dimension,
    inputs: seen(given.inputs),
    targets,
    given,
    ...(standardisation ? { standardisation } : {}),
  };
  if (!test) return data;
  const tested = await readInputs(test.inputs, "data.test.inputs");
  if (tested.rows[0]!.length !== dimension) {
    throw new InputError(`the test inputs have ${tested.rows[0]!.length} coordinates, the data have ${dimension}`, {
      path: "data.test.inputs",
    });
  }
  const testGiven = Float64Array.from(tested.rows.flat());
  return { ...data, test: seen(testGiven), given: { ...given, test: testGiven } };
}
