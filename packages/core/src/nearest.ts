/** What was meant by a name that is unknown, for error messages: a name like it, else all there are. */
import { closest, distance } from "fastest-levenshtein";

/** Characters of names told at most where none is like what was written. */
const MOST = 120;

/** `lr` of learningRate. */
const initials = (name: string): string => name.replace(/(?<=[A-Za-z])[a-z0-9]+/g, "").toLowerCase();

/**
 * The known name that was most likely meant: the same in other letters' case, one that begins as written or whose words do, or the one
 * nearest to it, if no more than half of it had to change.
 */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const text = written.toLowerCase();
  const same = known.find((name) => name.toLowerCase() === text);
  if (same !== undefined || text === "" || known.length === 0) return same;
  const lower = known.map((name) => name.toLowerCase());
  const like = closest(text, lower);
  if (2 * distance(text, like) <= Math.max(text.length, like.length)) return known[lower.indexOf(like)];
  if (text.length < 2) return undefined;
  return known.find((name) => name.toLowerCase().startsWith(text) || initials(name) === text);
}

/** `did you mean x?`, or the known names where none is like what was written; `place` writes a name as users do. */
export function mend(written: string, known: readonly string[], place = (name: string): string => name): string {
  const meant = nearest(written, known);
  if (meant !== undefined) return `did you mean ${place(meant)}?`;
  let told = known.length;
  while (told > 1 && known.slice(0, told).join(", ").length > MOST) told--;
  const more = told < known.length ? ` and ${known.length - told} more` : "";
  return `known: ${known.slice(0, told).join(", ")}${more}`;
}
