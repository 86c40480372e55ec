import { closest } from "fastest-levenshtein";

/** The known name nearest to what was written, for error messages. `known` is not empty. */
export function nearest(written: string, known: readonly string[]): string {
  const exact = known.find((name) => name.toLowerCase() === written.toLowerCase());
  return exact ?? closest(written, known);
}
