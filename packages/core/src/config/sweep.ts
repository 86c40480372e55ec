/** A sweep's points: a field config with some of its values replaced. Each is a config of its own, and all are checked before any runs. */
import { InputError } from "../errors.ts";
import { inPoint, type SweepPoint, type SweptValues } from "../field/sweepPoint.ts";
import { mend } from "../nearest.ts";
import { keysAt, keysOfKind } from "./explain.ts";
import type { Config } from "./schema.ts";
import { assign, isSection, keysOfPath, shorten } from "./yaml.ts";

type Sweep = NonNullable<Config<"field">["sweep"]>;
/** Points beyond which a report shows nothing that anyone reads. */
const MAX_POINTS = 1000;
/** What all points of one run have in common, and why. */
const SHARED: Readonly<Record<string, string>> = {
  precision: "one engine runs all points",
  checkpoint: "one file is kept for all points",
  sweep: "sweeps are not nested",
};

const pathsOf = (sweep: Sweep): string[] =>
  Array.isArray(sweep) ? [...new Set(sweep.flatMap(Object.keys))] : Object.keys(sweep);

/** Paths of the document's values, and of all sections that have such a key, that end in a name: q of field.potential.parameters.q. */
function pathsTo(name: string, document: object): string[] {
  const { sweep: _, ...sections } = document as Record<string, unknown>;
  const inDocument = (place: Record<string, unknown>, above: string): string[] =>
    Object.entries(place).flatMap(([key, value]) => {
      const here = `${above}${key}`;
      return [...(key === name ? [here] : []), ...(isSection(value) ? inDocument(value, `${here}.`) : [])];
    });
  const inSchema = keysAt("field", [])
    .filter((section) => keysAt("field", [section]).includes(name))
    .map((section) => `${section}.${name}`);
  return [...new Set([...inDocument(sections, ""), ...inSchema])];
}

/** Throws InputError for a path that leads to no key of a field's config, or to one that all points share. */
function checkPath(path: string, document: object): void {
  const place = `sweep.${shorten(path, 80)}`;
  const keys = keysOfPath(path);
  if (!keys) throw new InputError("is no config path, as field.potential.parameters.q", { path: place });
  const why = Object.hasOwn(SHARED, keys[0]!)
    ? SHARED[keys[0]!]
    : keys[0] === "field" && keys[1] === "fields"
      ? "results are by field"
      : undefined;
  if (why) throw new InputError(`may not be swept: ${why}`, { path: place });
  const way = keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  for (const [depth, key] of way.entries()) {
    const above = way.slice(0, depth);
    const known = keysAt("field", above);
    if (typeof key === "number" || known.length === 0 || known.includes(key)) continue;
    const ending = keys.length === 1 ? pathsTo(key, document) : [];
    const hint =
      ending.length > 0
        ? `did you mean ${ending.join(" or ")}?`
        : mend(key, known, (name) => [...keys.slice(0, depth), name, ...keys.slice(depth + 1)].join("."));
    throw new InputError(`unknown key ${keys.slice(0, depth + 1).join(".")}; ${hint}`, { path: place });
  }
}

/** Throws InputError for what cannot be swept; nothing is known yet of the values. */
export function checkSweep(sweep: Sweep, document: object): void {
  const paths = pathsOf(sweep);
  if (paths.length === 0) throw new InputError("names no config path to sweep", { path: "sweep" });
  for (const path of paths) checkPath(path, document);
  if (Array.isArray(sweep)) {
    for (const [p, values] of sweep.entries()) {
      const missing = paths.find((path) => !Object.hasOwn(values, path));
      if (missing !== undefined)
        throw new InputError(`has no ${missing}, which other points have; give each point the same paths`, {
          path: `sweep[${p}]`,
        });
    }
  }
  const count = Array.isArray(sweep)
    ? sweep.length
    : Object.values(sweep).reduce((product, values) => product * values.length, 1);
  if (count > MAX_POINTS)
    throw new InputError(`gives ${count} points, at most ${MAX_POINTS} are run: sweep fewer values`, { path: "sweep" });
}

function valuesOf(sweep: Sweep): SweptValues[] {
  if (Array.isArray(sweep)) return sweep;
  return Object.entries(sweep).reduce<SweptValues[]>(
    (points, [path, values]) => points.flatMap((point) => values.map((value) => ({ ...point, [path]: value }))),
    [{}],
  );
}

/** The document's section there, if there is one. */
function sectionAt(document: Record<string, unknown>, way: readonly string[]): Record<string, unknown> | undefined {
  const found = way.reduce<unknown>((place, key) => (isSection(place) ? place[key] : undefined), document);
  return isSection(found) ? found : undefined;
}

/**
 * Gives the document's sections the first point's values where they have none, so that what is swept need not be given besides.
 * @returns the values given, by path
 */
export function completeWith(document: Record<string, unknown>, sweep: Sweep): SweptValues {
  const given: Record<string, number | string> = {};
  const values = valuesOf(sweep)[0]!;
  for (const [path, value] of Object.entries(values)) {
    const keys = keysOfPath(path)!;
    const way = keys.slice(0, -1);
    const section = sectionAt(document, way);
    const last = keys[keys.length - 1]!;
    if (!section || section[last] !== undefined) continue;
    // It may be of the point's kind alone.
    const isOther = Object.hasOwn(values, [...way, "kind"].join(".")) && section.kind !== undefined;
    if (isOther && !keysOfKind("field", way, section.kind).includes(last)) continue;
    section[last] = value;
    given[path] = value;
  }
  return given;
}

/**
 * Leaves out of sections whose kind is swept what a point's own kind has not: defaults of the config's kind, or what is given for the other
 * points. What the point itself gives stays.
 */
function keepKinds(document: Record<string, unknown>, values: SweptValues): void {
  for (const path of Object.keys(values)) {
    const way = keysOfPath(path)!.slice(0, -1);
    const section = sectionAt(document, way);
    if (!path.endsWith(".kind") || !section) continue;
    const known = keysOfKind("field", way, section.kind);
    // What is no kind is told by the check.
    if (known.length === 0) continue;
    for (const key of Object.keys(section))
      if (!known.includes(key) && !Object.hasOwn(values, [...way, key].join("."))) delete section[key];
  }
}

/**
 * The points of a config with a sweep.
 * @param check the config of a document without a sweep, all defaults filled in
 * @throws InputError that names the point whose config is wrong
 */
export function pointsOf(
  config: Config<"field">,
  check: (document: Record<string, unknown>) => Config<"field">,
): SweepPoint<Config<"field">>[] {
  const { sweep, ...base } = config;
  return valuesOf(sweep!).map((values, p) => {
    try {
      const document = structuredClone(base) as Record<string, unknown>;
      for (const [path, value] of Object.entries(values)) assign(document, keysOfPath(path)!, value, path);
      keepKinds(document, values);
      return { values, study: check(document) };
    } catch (error) {
      throw inPoint(error, values, p);
    }
  });
}
