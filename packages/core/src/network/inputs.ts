/** Inputs of networks: points on a circle, a sphere or a grid, Gaussian ones, rows of a config or of a file. */
import { InputError } from "../errors.ts";
import { columnNamed, openTable } from "../files/rows.ts";
import { nested } from "../lists.ts";
import { dataNormals } from "../random/normal.ts";
import { type InputsSpec, MAX_DATA } from "./study.ts";

export interface Inputs {
  /** [D][d]. */
  readonly rows: readonly (readonly number[])[];
  /** The angle of each point on the circle. */
  readonly theta?: readonly number[];
  /** [D][C]: the file's columns that were asked for as targets. */
  readonly columns?: readonly (readonly number[])[];
  /** [d]: of a file with a header. */
  readonly names?: readonly string[];
  /** All columns that the file names, whether they are inputs or not. */
  readonly header?: readonly string[];
  /** An input that no config names and that has the name of a column of row numbers. */
  readonly rowNumbers?: string;
}

/** How pandas names its index in CSV, in CSV that it has read with one, and in Parquet; R its row names in CSV. */
const ROW_NUMBERS = /^(|Unnamed: \d+|__index_level_\d+__)$/;

/** What is read of a file beside, or in the place of, the columns that a config names. */
export interface Wanted {
  readonly targets?: readonly TargetColumn[];
  /** The columns that inputs are taken from where the config names none and the file has a header: those of other inputs, in their order. */
  readonly like?: readonly string[] | undefined;
}

/** A column of the inputs' file that holds targets, and the config's place of its name. */
export interface TargetColumn {
  readonly name: string;
  readonly path: string;
}

const rowsOf = (values: Float64Array, dimension: number): number[][] => nested(values, dimension);

/** |x|^2 / d = 1. A normal vector's direction is uniform; Box and Muller's radii and cosines are never 0 together. */
const onSphere = (row: readonly number[]): number[] => {
  const scale = Math.sqrt(row.length) / Math.hypot(...row);
  return row.map((x) => x * scale);
};

function gridRows(points: readonly number[], low: number, high: number, path: string): number[][] {
  if (!(low < high)) throw new InputError(`low = ${low} is not below high = ${high}`, { path: `${path}.low` });
  const total = points.reduce((product, n) => product * n, 1);
  if (total > MAX_DATA) {
    throw new InputError(`${points.join(" x ")} = ${total} points, at most ${MAX_DATA}: make the grid coarser`, {
      path: `${path}.points`,
    });
  }
  const axis = (n: number): number[] =>
    // Ends are exact, and a symmetric grid is symmetric to the last bit.
    Array.from({ length: n }, (_, i) => low * ((n - 1 - i) / (n - 1)) + high * (i / (n - 1)));
  return points.reduce<number[][]>((rows, n) => rows.flatMap((row) => axis(n).map((x) => [...row, x])), [[]]);
}

async function fileRows(
  { file, columns }: Extract<InputsSpec, { file: string }>,
  path: string,
  { targets = [], like }: Wanted,
): Promise<Inputs> {
  const table = await openTable(file, `${path}.file`);
  if (table.length > MAX_DATA)
    throw new InputError(`${file} has ${table.length} rows, at most ${MAX_DATA}`, { path: `${path}.file` });
  const wanted = targets.map((target) => columnNamed(table, target.name, target.path));
  let chosen = columns?.map((name, i) => columnNamed(table, name, `${path}.columns[${i}]`));
  const twice = chosen?.findIndex((column, i) => wanted.includes(column) || chosen!.indexOf(column) < i) ?? -1;
  if (twice >= 0) {
    const target = wanted.length > 1 ? "a target" : "the target";
    throw new InputError(`${columns![twice]} is ${wanted.includes(chosen![twice]!) ? target : "named twice"}`, {
      path: `${path}.columns[${twice}]`,
    });
  }
  // Where names are given twice, only places tell them apart.
  if (table.names && like && new Set(like).size === like.length)
    chosen ??= like.map((name) => columnNamed(table, name, `${path}.columns`));
  if (!table.names) return { rows: await table.read(chosen) };
  const rowNumbers = chosen
    ? undefined
    : table.names.find((name, column) => ROW_NUMBERS.test(name) && !wanted.includes(column));
  chosen ??= [...table.names.keys()].filter((column) => !wanted.includes(column));
  const dimension = chosen.length;
  const rows = await table.read(
    [...chosen, ...wanted],
    [
      ...chosen.map(() => `name columns of numbers alone in ${path}.columns`),
      ...targets.map((target) => `name a column of numbers in ${target.path}`),
    ],
  );
  return {
    rows: rows.map((row) => row.slice(0, dimension)),
    ...(wanted.length > 0 ? { columns: rows.map((row) => row.slice(dimension)) } : {}),
    names: chosen.map((column) => table.names![column]!),
    header: table.names,
    ...(rowNumbers === undefined ? {} : { rowNumbers }),
  };
}

/**
 * The points that a config's section at `path` asks for; beside them the file's columns that are targets.
 * @throws InputError for empty, ragged, unreadable or too many data and for a target where there is no file.
 */
export async function readInputs(spec: InputsSpec, path: string, beside: Wanted = {}): Promise<Inputs> {
  const target = beside.targets?.[0];
  if (target && !("file" in spec)) {
    throw new InputError(`only a file has a column ${target.name}: give data.inputs: { file }`, { path: target.path });
  }
  if ("circle" in spec) {
    const { points } = spec.circle;
    const theta = Array.from({ length: points }, (_, a) => (2 * Math.PI * a) / points);
    // |x|^2 / d = 1.
    return { theta, rows: theta.map((angle) => [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)]) };
  }
  if ("grid" in spec) {
    const { points, low, high } = spec.grid;
    return { rows: gridRows(points, low, high, `${path}.grid`) };
  }
  if ("sphere" in spec || "gaussian" in spec) {
    const { points, dimension, seed } = "sphere" in spec ? spec.sphere : spec.gaussian;
    const rows = rowsOf(dataNormals(seed, points * dimension), dimension);
    return { rows: "sphere" in spec ? rows.map(onSphere) : rows };
  }
  const inputs = "file" in spec ? await fileRows(spec, path, beside) : { rows: spec };
  const { rows } = inputs;
  const place = "file" in spec ? `${path}.file` : path;
  const dimension = rows[0]?.length ?? 0;
  if (rows.length === 0 || dimension === 0)
    throw new InputError("the data are empty: give at least one input", { path: place });
  const ragged = rows.findIndex((row) => row.length !== dimension);
  if (ragged >= 0) {
    throw new InputError(`input ${ragged + 1} has ${rows[ragged]!.length} coordinates, the first has ${dimension}`, {
      path: place,
    });
  }
  return inputs;
}
