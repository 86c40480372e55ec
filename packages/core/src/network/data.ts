/** Data of a network study: inputs from the circle, a list or a CSV file, targets from an expression or a list. */
import { InputError } from "../errors.ts";
import { readRows } from "../files/rows.ts";
import { compileFunction } from "../potential/expression.ts";
import type { DataSpec } from "./study.ts";

export interface Data {
  /** D, the number of inputs. */
  readonly points: number;
  /** d, the number of coordinates of each. */
  readonly dimension: number;
  /** [D][d]. */
  readonly inputs: Float64Array;
  /** [D]. */
  readonly targets: Float64Array;
  /** [P][d], where test inputs are given. */
  readonly test?: Float64Array;
}

interface Inputs {
  readonly rows: readonly (readonly number[])[];
  /** The angle of each point on the circle. */
  readonly theta?: readonly number[];
}

/** Inputs and the number of coordinates that all have; `section` is the config's path of them. */
async function inputsOf(spec: DataSpec["inputs"], section: string): Promise<Inputs & { readonly dimension: number }> {
  const inputs = await rowsOf(spec, section);
  const { rows } = inputs;
  const path = "file" in spec ? `${section}.file` : section;
  const dimension = rows[0]?.length ?? 0;
  if (rows.length === 0 || dimension === 0)
    throw new InputError("the data are empty: give at least one input", { path });
  const ragged = rows.findIndex((row) => row.length !== dimension);
  if (ragged >= 0) {
    throw new InputError(`input ${ragged + 1} has ${rows[ragged]!.length} coordinates, the first has ${dimension}`, {
      path,
    });
  }
  return { ...inputs, dimension };
}

async function rowsOf(spec: DataSpec["inputs"], section: string): Promise<Inputs> {
  if ("circle" in spec) {
    const { points } = spec.circle;
    const theta = Array.from({ length: points }, (_, a) => (2 * Math.PI * a) / points);
    // |x|^2 / d = 1.
    return { theta, rows: theta.map((angle) => [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)]) };
  }
  return { rows: "file" in spec ? await readRows(spec.file, `${section}.file`) : spec };
}

/**
 * Prepares the data.
 * @throws InputError for empty, ragged or unreadable data and a wrong number of targets; ExpressionError for the targets' expression.
 */
export async function prepareData({ inputs: inputSpec, targets: targetSpec, test }: DataSpec): Promise<Data> {
  const { rows, theta, dimension } = await inputsOf(inputSpec, "data.inputs");

  let targets: Float64Array;
  if (typeof targetSpec === "string") {
    const names = [...(theta ? ["theta"] : []), ...Array.from({ length: dimension }, (_, i) => `x${i}`)];
    const target = await compileFunction(targetSpec, names, { path: "data.targets" });
    targets = Float64Array.from(rows, (row, a) => target(...(theta ? [theta[a]!] : []), ...row));
    const bad = targets.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new InputError(`the target of input ${bad + 1} is ${targets[bad]}, not a finite number`, {
        path: "data.targets",
      });
  } else {
    if (targetSpec.length !== rows.length) {
      throw new InputError(`${targetSpec.length} targets are given for ${rows.length} inputs`, {
        path: "data.targets",
      });
    }
    targets = Float64Array.from(targetSpec);
  }
  const data = { points: rows.length, dimension, inputs: Float64Array.from(rows.flat()), targets };
  if (!test) return data;
  const tested = await inputsOf(test.inputs, "data.test.inputs");
  if (tested.dimension !== dimension) {
    throw new InputError(`the test inputs have ${tested.dimension} coordinates, the data have ${dimension}`, {
      path: "data.test.inputs",
    });
  }
  return { ...data, test: Float64Array.from(tested.rows.flat()) };
}
