/** A sweep's table: points down, what was swept and the values at their ends across. */
import type { SweepEntry } from "@slowroll/core/field/sweep";
import { shortNames } from "@slowroll/core/field/sweepPoint";
import type { FieldDocument } from "./document.ts";
import { component } from "./outputs.ts";
import { number, table } from "./table.ts";

export function sweepSummary({ config }: FieldDocument, sweep: readonly SweepEntry[]): string {
  const paths = Object.keys(sweep[0]?.values ?? {});
  const names = config.field.fields ?? [""];
  const own = (name: "mean" | "variance") =>
    names.map((field, f) => ({
      head: `${name} ${field}`.trim(),
      cell: (entry: SweepEntry) => number(component(entry[name] ?? [], f).at(-1)),
    }));
  const columns = [
    { head: "time", cell: ({ times }: SweepEntry) => number(times?.at(-1)) },
    ...own("mean"),
    ...(config.lattice ? own("variance") : []),
    ...(sweep.some(({ constraint }) => constraint)
      ? [{ head: "constraint", cell: ({ constraint }: SweepEntry) => number(constraint?.at(-1), 2) }]
      : []),
    ...(sweep.some(({ error }) => error)
      ? [{ head: "", cell: ({ error }: SweepEntry) => (error ? `diverged at step ${error.step}` : "") }]
      : []),
  ];
  const points = table(
    [...shortNames(paths), ...columns.map(({ head }) => head)],
    sweep.map((entry) => [
      ...paths.map((path) => String(entry.values[path])),
      ...columns.map(({ cell }) => cell(entry)),
    ]),
  );
  return config.units ? `${points}values are in program units; the report has them in powers of GeV\n` : points;
}
