/** A field study's table: quantities down, start and end across, so that many fields stay within a terminal's width. */
import type { PhysicalUnit, Quantity } from "@slowroll/core/field/units";
import type { FieldDocument } from "./document.ts";
import { component } from "./outputs.ts";
import { number, table } from "./table.ts";

interface Row {
  readonly name: string;
  /** Over the records; null where it is not defined. */
  readonly values: readonly (number | null)[];
  readonly digits?: number;
  /** What it is measured in; none where it has no dimension. */
  readonly quantity?: Quantity;
}

/** Whether the fields have any energy at all: of test fields at rest at V = 0 only the modes say something. */
export function hasEnergy({ energy }: FieldDocument): boolean {
  return [energy?.potential, energy?.kinetic, energy?.gradient].some((part) =>
    part?.flat().some((value) => value !== 0),
  );
}

/** Every quantity of a result, of each field its own row. */
function rowsOf(document: FieldDocument): Row[] {
  const { times = [], efolds = [], scaleFactor = [], hubble = [], energy, modes = [], constraint, config } = document;
  const names = config.field.fields ?? [""];
  const own = (name: string, series: FieldDocument["mean"], quantity: Quantity, digits?: number): Row[] =>
    series === undefined
      ? []
      : names.map((field, f) => ({
          name: `${name} ${field}`.trim(),
          values: component(series, f),
          quantity,
          ...(digits === undefined ? {} : { digits }),
        }));
  const one = (name: string, values: Row["values"] | undefined, quantity?: Quantity, digits?: number): Row[] =>
    values === undefined
      ? []
      : [
          {
            name,
            values,
            ...(quantity === undefined ? {} : { quantity }),
            ...(digits === undefined ? {} : { digits }),
          },
        ];
  return [
    ...one("time", times, "time"),
    ...one("e-folds", efolds),
    ...one("scale factor", scaleFactor),
    ...one("Hubble rate", hubble, "hubble"),
    ...own("mean", document.mean, "field", 6),
    ...own("velocity", document.velocity, "velocity", 6),
    ...(config.lattice ? own("variance", document.variance, "variance") : []),
    ...own("kinetic", energy?.kinetic, "energyDensity"),
    ...(config.lattice ? own("gradient", energy?.gradient, "energyDensity") : []),
    ...one("potential", energy?.potential, "energyDensity"),
    ...(hasEnergy(document) ? one("equation of state", document.equationOfState, undefined, 3) : []),
    ...one("constraint", constraint, undefined, 2),
    ...modes.flatMap(({ mode, k, amplitude }) =>
      mode
        ? one(`mode ${mode.join(",")}`, amplitude as number[], "field", 6)
        : own(`k ${number(k)}`, amplitude, "modeFunction", 6),
    ),
  ];
}

/** The table, and a second one in powers of GeV where the config says what they are. */
export function fieldSummary(document: FieldDocument): string {
  const rows = rowsOf(document);
  const last = (document.times?.length ?? 0) - 1;
  const cells = ({ values, digits }: Row, unit?: PhysicalUnit): string[] =>
    [0, last].map((r) => {
      const value = values[r];
      return number(typeof value === "number" ? value * (unit?.factor ?? 1) : value, digits);
    });
  const program = table(
    [document.units ? "program units" : "field", "start", "end"],
    rows.map((row) => [row.name, ...cells(row)]),
  );
  const { factors } = document.units ?? {};
  if (!factors) return program;
  const physical = table(
    ["physical units", "start", "end", ""],
    rows.flatMap((row) =>
      row.quantity ? [[row.name, ...cells(row, factors[row.quantity]), factors[row.quantity].unit]] : [],
    ),
  );
  return program + physical;
}
