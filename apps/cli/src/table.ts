/** Tables on a terminal. */
import Table from "cli-table3";

/** A number in a table's cell. */
export const number = (value: number | null | undefined, digits = 4): string =>
  value === null || value === undefined ? "-" : value.toPrecision(digits);

/** A number with its error: as many digits as the error has meaning in. */
export function withError(value: number | null | undefined, error: number | null | undefined): string {
  if (value === null || value === undefined) return "-";
  if (error === null || error === undefined || !Number.isFinite(error) || error <= 0) return value.toPrecision(4);
  const digits = Math.max(0, 1 - Math.floor(Math.log10(error)));
  return digits > 8
    ? `${value.toPrecision(4)} +- ${error.toPrecision(2)}`
    : `${value.toFixed(digits)} +- ${error.toFixed(digits)}`;
}

const PLAIN = { style: { head: [], border: [], compact: true } };

export function table(head: string[], rows: string[][]): string {
  const made = new Table({ head, ...PLAIN });
  made.push(...rows);
  return `${made.toString()}\n`;
}
