/**
 * From zod's issues to one line of English: what is wrong, where, and how to mend it. Of several mistakes the first in the order of the
 * user's own file is told, since that is where a reader starts; a missing key stands after all that are there.
 */
import { InputError } from "../errors.ts";
import { mend, nearest } from "../nearest.ts";
import { type ConfigCommand, commandSchema, SCHEMAS } from "./schema.ts";
import { isSection, shorten } from "./yaml.ts";

export type Issue = import("zod").core.$ZodIssue;
type Path = readonly PropertyKey[];

export const pathText = (path: Path): string =>
  path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i ? "." : ""}${String(key)}`)).join("");

/** What zod calls a type, in words. */
const WORDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a finite number",
  string: "text",
  array: "a list",
  object: "a section",
  record: "a section of names and values",
  boolean: "true or false",
};

function valueAt(document: unknown, path: Path): unknown {
  let place: unknown = document;
  for (const key of path) {
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, key)) return undefined;
    place = (place as Record<PropertyKey, unknown>)[key];
  }
  return place;
}

/** What stands at a path, shortened for a message. */
function shown(document: unknown, path: Path): string {
  const value = valueAt(document, path);
  if (value === null) return "empty";
  return typeof value === "number" ? String(value) : shorten(JSON.stringify(value) ?? "nothing", 40);
}

/** The value that text was probably meant for, where there is one. */
function maybe(given: unknown, values: readonly unknown[]): string {
  const names = values.filter((value) => typeof value === "string");
  const name = typeof given === "string" ? nearest(given, names) : undefined;
  return name === undefined ? "" : `; did you mean ${name}?`;
}

/** The number that a quotient stands for, as an omega of 1/3: YAML has none. */
function quotient(given: unknown): string {
  const parts = typeof given === "string" && /^(-?[\d.]+) *\/ *([\d.]+)$/.exec(given);
  const value = parts ? Number(parts[1]) / Number(parts[2]) : Number.NaN;
  return Number.isFinite(value) ? `: write ${value}` : "";
}

type Node = {
  properties?: Record<string, Node>;
  anyOf?: Node[];
  oneOf?: Node[];
  items?: Node;
  const?: unknown;
};

/** What the schema has at a path, found in its JSON Schema, which lists the alternatives of unions too. */
function nodesAt(command: ConfigCommand, path: Path): Node[] {
  const spread = (nodes: Node[]): Node[] =>
    nodes.flatMap((node) => [node, ...spread([...(node.anyOf ?? []), ...(node.oneOf ?? [])])]);
  let nodes = spread([commandSchema(command) as Node]);
  for (const key of path) {
    const inner = nodes.map((node) => (typeof key === "number" ? node.items : node.properties?.[String(key)]));
    nodes = spread(inner.filter((node) => node !== undefined));
  }
  return nodes;
}

const keysOf = (nodes: readonly Node[]): string[] => [
  ...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {}))),
];

/** Keys that the schema allows at a path. */
export const keysAt = (command: ConfigCommand, path: Path): string[] => keysOf(nodesAt(command, path));

/** Those of the section there of that kind; none where there is no such kind. */
export const keysOfKind = (command: ConfigCommand, path: Path, kind: unknown): string[] =>
  keysOf(nodesAt(command, path).filter(({ properties }) => properties?.kind?.const === kind));

/** The other commands that have a section of this name. */
const commandsWith = (key: string, command: ConfigCommand): string[] =>
  (Object.keys(SCHEMAS) as ConfigCommand[]).filter(
    (other) => other !== command && Object.hasOwn(SCHEMAS[other].shape, key),
  );

const list = (names: readonly string[]): string =>
  names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}` : names.join("");

/** Where an issue stands in the user's file, as the position of each key on the way; a key that is missing stands last. */
function position(document: unknown, { path, code, ...issue }: Issue): number[] {
  const full = code === "unrecognized_keys" ? [...path, (issue as { keys: string[] }).keys[0]!] : path;
  return full.map((key, depth) => {
    const parent = valueAt(document, full.slice(0, depth));
    const index = typeof key === "number" ? key : Object.keys(parent ?? {}).indexOf(String(key));
    return index < 0 ? Number.POSITIVE_INFINITY : index;
  });
}

function first(document: unknown, issues: readonly Issue[]): Issue {
  const placed = issues.map((issue) => ({ issue, at: position(document, issue) }));
  placed.sort((one, other) => {
    const depth = one.at.findIndex((index, i) => index !== other.at[i]);
    return depth < 0 ? one.at.length - other.at.length : one.at[depth]! - (other.at[depth] ?? -1);
  });
  return placed[0]!.issue;
}

/** How many given keys an alternative of a union does not know. */
const strangers = (alternative: readonly Issue[]): number =>
  alternative.reduce(
    (sum, issue) => sum + (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys.length : 0),
    0,
  );

/**
 * The one alternative of a union that the given value was meant for: of its type, knowing the most of its keys, and of several such, as
 * lists of one kind or another are, with the fewest mistakes in it.
 */
function meant(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofType = alternatives.filter(
    (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const fewest = Math.min(...ofType.map(strangers));
  const known = ofType.filter((issues) => strangers(issues) === fewest);
  const least = Math.min(...known.map(({ length }) => length));
  const best = known.filter(({ length }) => length === least);
  return best.length === 1 ? best[0] : undefined;
}

interface Told {
  readonly place: string;
  readonly message: string;
}

/** A key that the schema does not have at `path`, or not beside what else is given there. */
function unknownKey(key: string, path: Path, document: unknown, command: ConfigCommand): Told {
  const known = keysAt(command, path);
  if (known.includes(key)) {
    const kind = valueAt(document, [...path, "kind"]);
    const why =
      typeof kind === "string"
        ? `of kind ${shorten(kind, 40)}; remove it or change ${pathText([...path, "kind"])}`
        : "beside the others given; remove it";
    return { place: pathText([...path, key]), message: `is no key ${why}` };
  }
  const others = path.length === 0 ? commandsWith(key, command) : [];
  if (others.length > 0) {
    const takes = `${list(others)} ${others.length > 1 ? "take" : "takes"} it`;
    return { place: key, message: `is no section of the ${command} command; ${takes}` };
  }
  const hint = known.length > 0 ? mend(key, known, (name) => pathText([...path, name])) : "remove it";
  return { place: shorten(pathText([...path, key]), 80), message: `unknown key; ${hint}` };
}

type UnionIssue = Extract<Issue, { code: "invalid_union" }>;

/** A value that fits no alternative of a union: what is wrong with the one that was meant, else what all of them are. */
function noAlternative(issue: UnionIssue, document: unknown, command: ConfigCommand): Told {
  const { path } = issue;
  const place = pathText(path);
  const but = `, not ${shown(document, path)}`;
  const given = valueAt(document, path);
  if (issue.discriminator !== undefined) {
    const { options = [] } = issue as { options?: readonly unknown[] };
    const message =
      given === undefined
        ? `is missing: give one of ${options.join(", ")}`
        : `must be one of ${options.join(", ")}${but}${maybe(given, options)}`;
    return { place, message };
  }
  const inner = meant(issue.errors)?.map((one) => ({ ...one, path: [...path, ...one.path] }) as Issue);
  if (inner) return explainOne(first(document, inner), document, command);
  // No alternative fits better than another: of sections a key that none knows is told, else all forms are.
  const known = keysAt(command, path);
  const stranger = known.length > 0 && isSection(given) && Object.keys(given).find((key) => !known.includes(key));
  return stranger ? unknownKey(stranger, path, document, command) : { place, message: `${issue.message}${but}` };
}

function explainOne(issue: Issue, document: unknown, command: ConfigCommand): Told {
  const { path } = issue;
  const place = pathText(path);
  const but = `, not ${shown(document, path)}`;
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKey(issue.keys[0]!, path, document, command);
    case "invalid_union":
      return noAlternative(issue, document, command);
    case "invalid_type": {
      const words = WORDS[issue.expected] ?? issue.expected;
      const given = valueAt(document, path);
      const written = issue.expected === "number" ? quotient(given) : "";
      return { place, message: given === undefined ? `is missing: give ${words}` : `must be ${words}${but}${written}` };
    }
    case "too_small":
    case "too_big": {
      const least = issue.code === "too_small";
      const bound = least ? issue.minimum : issue.maximum;
      if (issue.origin === "array")
        return { place, message: `needs at ${least ? "least" : "most"} ${bound} ${bound === 1 ? "entry" : "entries"}` };
      if (issue.origin === "string") return { place, message: "must not be empty" };
      const relation = issue.inclusive ? `at ${least ? "least" : "most"}` : least ? "above" : "below";
      return { place, message: `must be ${relation} ${bound}${but}` };
    }
    case "invalid_key":
      return {
        place: pathText(path.slice(0, -1)),
        message: `${issue.issues[0]?.message ?? issue.message}, not ${shorten(JSON.stringify(path.at(-1)), 40)}`,
      };
    case "invalid_value":
      return {
        place,
        message: `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}${but}${maybe(valueAt(document, path), issue.values)}`,
      };
    default:
      return { place, message: `${issue.message}${but}` };
  }
}

/** Where the first key stands that has swallowed its value: {a:b} of YAML is a key "a:b" without a value. */
function swallowed(document: unknown, path: Path = []): Path | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  for (const [key, value] of Object.entries(document)) {
    const here = [...path, Array.isArray(document) ? Number(key) : key];
    if (value === null && /^\w+:\S/.test(key)) return here;
    const inner = swallowed(value, here);
    if (inner) return inner;
  }
  return undefined;
}

/** The error that tells the first of a document's issues; what follows of a space left out is told as that. */
export function explain(issues: readonly Issue[], document: unknown, command: ConfigCommand): InputError {
  const key = swallowed(document);
  if (key) {
    const written = shorten(String(key.at(-1)).replace(":", ": "), 40);
    return new InputError(`a space is missing after a colon; write ${written}`, {
      path: pathText(key.slice(0, -1)) || command,
    });
  }
  const { place, message } = explainOne(first(document, issues), document, command);
  return new InputError(shorten(message), { path: place || command });
}
