/** Data of a network study: inputs, standardised where asked for, targets and test inputs. */
import { InputError } from "../errors.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import { type Standardisation, spreadsOf, standardisationOf, standardised } from "./standardise.ts";
import type { DataSpec } from "./study.ts";
import { readTargets, targetColumns } from "./targets.ts";

export interface Data {
  /** D, the number of inputs. */
  readonly points: number;
  /** d, the number of coordinates of each. */
  readonly dimension: number;
  /** [D][d], as networks see them. */
  readonly inputs: Float64Array;
  /** C, the number of outputs. */
  readonly outputs: number;
  /** [C]. */
  readonly outputNames: readonly string[];
  /** [D][C]. */
  readonly targets: Float64Array;
  /** [P][d], as networks see them, where test inputs are given. */
  readonly test?: Float64Array;
  /** Inputs and test inputs in the user's units. */
  readonly given: { readonly inputs: Float64Array; readonly test?: Float64Array };
  /** From those to what networks see. */
  readonly standardisation?: Standardisation;
  readonly warnings: readonly string[];
}

function rowNumbersWarning({ rowNumbers }: Inputs): string[] {
  if (rowNumbers === undefined) return [];
  return [
    `data.inputs.file: its column ${JSON.stringify(rowNumbers)}, a name that numbers of rows have, is an input too; name the inputs in data.inputs.columns`,
  ];
}

/** How many times as large as another differs a coordinate may be. */
const UNLIKE = 100;

/**
 * Where networks hardly see how half of the coordinates or more differ beside how large one is: a few may be so in any data, as pixels at an
 * image's edge, and are by chance in few data of many coordinates.
 */
function unlikeWarning({ names }: Inputs, inputs: Float64Array, dimension: number): string[] {
  const coordinates = spreadsOf(inputs, dimension).map(({ mean, deviation }, i) => ({
    name: names ? JSON.stringify(names[i]) : `x${i}`,
    size: Math.hypot(mean, deviation),
    deviation,
  }));
  const largest = coordinates.reduce((most, other) => (other.size > most.size ? other : most));
  const varied = coordinates.filter(({ deviation }) => deviation > 0);
  const ascending = varied.sort((one, other) => one.deviation - other.deviation);
  const middle = ascending[Math.floor((ascending.length - 1) / 2)];
  if (!middle || largest.size <= UNLIKE * middle.deviation) return [];
  const [small, large] = [middle.deviation, largest.size].map((value) => Number(value.toPrecision(3)));
  return [
    `data.inputs: networks hardly see the standard deviation of ${middle.name}, ${small}, beside the root mean square of ${largest.name}, ${large}; use data.standardise: true`,
  ];
}

/**
 * Prepares the data.
 * @throws InputError for empty, ragged or unreadable data and a wrong number of targets; ExpressionError for the targets' expression.
 */
export async function prepareData(spec: DataSpec): Promise<Data> {
  const read = await readInputs(spec.inputs, "data.inputs", { targets: targetColumns(spec.targets) });
  const { rows } = read;
  const { outputs, names: outputNames, values: targets } = await readTargets(spec.targets, read);
  const dimension = rows[0]!.length;
  const given = { inputs: Float64Array.from(rows.flat()) };
  const standardisation = spec.standardise ? standardisationOf(given.inputs, dimension) : undefined;
  const seen = (inputs: Float64Array) => (standardisation ? standardised(inputs, standardisation) : inputs);
  const data = {
    points: rows.length,
    dimension,
    inputs: seen(given.inputs),
    outputs,
    outputNames,
    targets,
    given,
    ...(standardisation ? { standardisation } : {}),
    warnings: [...rowNumbersWarning(read), ...(standardisation ? [] : unlikeWarning(read, given.inputs, dimension))],
  };
  if (!spec.test) return data;
  const tested = await readInputs(spec.test.inputs, "data.test.inputs", { like: read.names });
  if (tested.rows[0]!.length !== dimension) {
    throw new InputError(`the test inputs have ${tested.rows[0]!.length} coordinates, the data have ${dimension}`, {
      path: "data.test.inputs",
    });
  }
  const testGiven = Float64Array.from(tested.rows.flat());
  return { ...data, test: seen(testGiven), given: { ...given, test: testGiven } };
}
