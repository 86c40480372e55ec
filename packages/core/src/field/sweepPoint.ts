/** One point of a sweep: what tells it from the others, in data and in words. */
import { ExpressionError, InputError } from "../errors.ts";
import type { FieldStudy } from "./study.ts";

/** What a point puts in place of the config's, by config path. */
export type SweptValues = Readonly<Record<string, number | string>>;

export interface SweepPoint<S extends FieldStudy = FieldStudy> {
  readonly values: SweptValues;
  readonly study: S;
}

/** The shortest end of each path that tells it from the others and starts with a name: q of field.potential.parameters.q, mode.0. */
export function shortNames(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const keys = path.split(".");
    const ends = keys.map((_, i) => keys.slice(keys.length - 1 - i).join("."));
    const differs = (end: string) => paths.every((other) => other === path || !`.${other}`.endsWith(`.${end}`));
    return ends.find((end) => !/^\d/.test(end) && differs(end)) ?? path;
  });
}

/** `q = 100, amplitude = 0.1`. */
export function describePoint(values: SweptValues): string {
  const names = shortNames(Object.keys(values));
  return Object.values(values)
    .map((value, i) => `${names[i]} = ${value}`)
    .join(", ");
}

/** An error of one point that says which, and where in the sweep; any other as it is. */
export function inPoint(error: unknown, values: SweptValues, point: number): unknown {
  if (!(error instanceof InputError || error instanceof ExpressionError)) return error;
  const { path, message } = error;
  const swept = path !== undefined && Object.hasOwn(values, path);
  const which = `point ${point + 1} (${describePoint(values)})`;
  return new InputError(`${which}: ${swept || path === undefined ? "" : `${path}: `}${message}`, {
    path: swept ? `sweep.${path}` : "sweep",
    cause: error,
  });
}
