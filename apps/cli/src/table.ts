/** Tables on a terminal. */
import Table from "cli-table3";

/** A number in a table's cell. */
export const number = (value: number | null | undefined, digits = 4): string =>
  value === null || value === undefined ? "-" : value.toPrecision(digits);

const PLAIN = { style: { head: [], border: [], compact: true } };

export function table(head: string[], rows: string[][]): string {
  const made = new Table({ head, ...PLAIN });
  made.push(...rows);
  return `${made.toString()}\n`;
}
