/**
 * From text to a checked config. Every mistake becomes one InputError with one line: what is wrong, where, and how to mend it; the first
 * one in the schema's order is told.
 */
import { InputError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Config, ConfigCommand } from "./schema.ts";

type Issue = import("zod").core.$ZodIssue;
type Path = readonly PropertyKey[];

const MAX_BYTES = 10 * 2 ** 20;

const pathText = (path: Path): string => path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i ? "." : ""}${String(key)}`)).join("");

/** What stands at a path of the given document, shortened for a message. */
function shown(document: unknown, path: Path): string {
  let place: unknown = document;
  for (const key of path) place = (place as Record<PropertyKey, unknown> | undefined)?.[key];
  if (typeof place === "number") return String(place);
  const text = JSON.stringify(place) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** Keys that the schema allows at a path, found in its JSON Schema, which lists the alternatives of unions too. */
async function keysAt(command: ConfigCommand, path: Path): Promise<string[]> {
  const { SCHEMAS } = await import("./schema.ts");
  const { z } = await import("zod");
  type Node = { properties?: Record<string, Node>; anyOf?: Node[]; oneOf?: Node[]; items?: Node };
  let nodes: Node[] = [z.toJSONSchema(SCHEMAS[command], { io: "input", unrepresentable: "any" }) as Node];
  const spread = (list: Node[]): Node[] => list.flatMap((node) => [node, ...spread([...(node.anyOf ?? []), ...(node.oneOf ?? [])])]);
  for (const key of path) {
    nodes = spread(nodes).flatMap((node) => (typeof key === "number" ? [node.items] : [node.properties?.[String(key)]]).filter((n) => n !== undefined));
  }
  return [...new Set(spread(nodes).flatMap((node) => Object.keys(node.properties ?? {})))];
}

const UNIONS: Readonly<Record<string, string>> = {
  "training.learningRate": "a positive number, or { relative: x }",
  "training.potential": "a built-in name, { name, parameters } or { expression, parameters }",
  "field.potential": "a built-in name, { name, parameters } or { expression, parameters }",
  "data.inputs": "{ circle: { points } }, { file: x.csv } or a list of rows of numbers",
  "data.targets": "an expression or a list of numbers",
  "lattice.dimensions": "1, 2 or 3",
};

const EXPECTED: Readonly<Record<string, string>> = { int: "a whole number", number: "a number", string: "text", array: "a list", object: "a section", boolean: "true or false", record: "a section of numbers" };

/** Of a union's alternatives, the one that the given value was meant for: the one that fails furthest in. */
function deepest(issue: Issue & { code: "invalid_union" }): Issue | undefined {
  const candidates = issue.errors.map((alternative) => alternative[0]).filter((inner) => inner !== undefined);
  const inside = candidates.filter((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys");
  return inside.length === 1 ? inside[0] : inside.find(({ code }) => code !== "invalid_type" && code !== "unrecognized_keys");
}

async function explain(issue: Issue, document: unknown, command: ConfigCommand, prefix: Path = []): Promise<InputError> {
  const path = [...prefix, ...issue.path];
  const at = pathText(path);
  const fail = (message: string, place = at): InputError => new InputError(message, { path: place || command });
  switch (issue.code) {
    case "unrecognized_keys": {
      const key = issue.keys[0]!;
      const known = await keysAt(command, path);
      const place = pathText([...path, key]);
      return fail(known.length ? `unknown key; did you mean ${pathText([...path, nearest(key, known)])}?` : "unknown key", place);
    }
    case "invalid_union": {
      const inner = deepest(issue);
      if (inner) return explain(inner, document, command, path);
      if (issue.discriminator) {
        const kind = [...path, ...(path[path.length - 1] === issue.discriminator ? [] : [issue.discriminator])];
        const { options } = issue as { options?: readonly unknown[] };
        const known = options?.map(String) ?? [];
        return fail(`must be ${known.length ? `one of ${known.join(", ")}` : "a known kind"}, not ${shown(document, kind)}`, pathText(kind));
      }
      return fail(`must be ${UNIONS[at] ?? "one of the documented forms"}, not ${shown(document, path)}`);
    }
    case "invalid_type": {
      const given = shown(document, path);
      const wanted = EXPECTED[issue.expected] ?? issue.expected;
      return fail(given === "nothing" ? `is missing: give ${wanted}` : `must be ${UNIONS[at] ?? wanted}, not ${given}`);
    }
    case "too_small":
      return fail(
        issue.origin === "array"
          ? `needs at least ${issue.minimum} ${issue.minimum === 1 ? "entry" : "entries"}`
          : `must be ${issue.inclusive ? "at least" : "above"} ${issue.minimum}, not ${shown(document, path)}`,
      );
    case "too_big":
      return fail(
        issue.origin === "array"
          ? `takes at most ${issue.maximum} entries`
          : `must be ${issue.inclusive ? "at most" : "below"} ${issue.maximum}, not ${shown(document, path)}`,
      );
    case "invalid_value":
      return fail(`must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}, not ${shown(document, path)}`);
    default:
      return fail(`${issue.message}, not ${shown(document, path)}`);
  }
}

/** Parses YAML (of which JSON is a part). Throws InputError with line and column. */
export async function parseDocument(text: string, source: string): Promise<unknown> {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new InputError(`has more than ${MAX_BYTES} bytes`, { path: source });
  const { parseAllDocuments } = await import("yaml");
  const documents = parseAllDocuments(text, { prettyErrors: true, uniqueKeys: true });
  if (!Array.isArray(documents)) return undefined;
  const [document] = documents;
  if (!document) return undefined;
  if (documents.length > 1) throw new InputError("holds several YAML documents; give one", { path: source });
  const [error] = document.errors;
  if (error) {
    const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
    const what = error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
    throw new InputError(`line ${line}, column ${col}: ${what}`, { path: source });
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new InputError((cause as Error).message.split("\n")[0]!, { path: source, cause });
  }
}

/** Applies one `--set path=value`; the value is read as YAML. Throws InputError. */
async function override(document: Record<string, unknown>, assignment: string): Promise<void> {
  const split = assignment.indexOf("=");
  const keys = assignment.slice(0, split).split(".");
  if (split < 1 || keys.some((key) => !/^\w+$/.test(key) || key === "__proto__")) {
    throw new InputError(`${JSON.stringify(assignment)} is not path=value, as in --set network.width=256`, { path: "--set" });
  }
  const value = await parseDocument(assignment.slice(split + 1), `--set ${keys.join(".")}`);
  let place: Record<string, unknown> = document;
  for (const key of keys.slice(0, -1)) {
    const next = Object.hasOwn(place, key) ? place[key] : undefined;
    if (typeof next === "object" && next !== null) place = next as Record<string, unknown>;
    else {
      const section: Record<string, unknown> = {};
      place[key] = section;
      place = section;
    }
  }
  place[keys[keys.length - 1]!] = value;
}

/** Rules that hold between keys. */
function checkTogether(config: Config<ConfigCommand>): void {
  if ("field" in config && config.fluctuations.kind === "file") {
    for (const key of ["mean", "velocity"] as const) {
      if (config.field[key] !== undefined) {
        throw new InputError("may not be given with stored arrays, which hold the whole field", { path: `field.${key}` });
      }
    }
  }
  if ("field" in config && !config.lattice && config.fluctuations.kind !== "none") {
    throw new InputError("needs a lattice: add a lattice section", { path: "fluctuations" });
  }
  if ("duality" in config && config.duality.widths) {
    const { widths } = config.duality;
    const bad = widths.findIndex((width, w) => w > 0 && width <= widths[w - 1]!);
    if (bad > 0) throw new InputError("widths must ascend, each once", { path: `duality.widths[${bad}]` });
  }
  if ("duality" in config && config.duality.regression && config.training.steps < 4) {
    throw new InputError("the regression needs at least 4 steps", { path: "training.steps" });
  }
}

/**
 * The config of a command with all defaults filled in.
 * @param text YAML or JSON; `source` is its name in messages.
 * @param overrides `path=value`, applied in order.
 * @throws InputError
 */
export async function parseConfig<C extends ConfigCommand>(
  command: C,
  text: string,
  { source = "config", overrides = [] }: { readonly source?: string; readonly overrides?: readonly string[] } = {},
): Promise<Config<C>> {
  const parsed = (await parseDocument(text, source)) ?? {};
  if (typeof parsed !== "object" || Array.isArray(parsed)) {
    throw new InputError(`must hold sections (network:, data:, ...), not ${shown(parsed, [])}`, { path: source });
  }
  const document = parsed as Record<string, unknown>;
  for (const assignment of overrides) await override(document, assignment);
  const { SCHEMAS } = await import("./schema.ts");
  const outcome = SCHEMAS[command].safeParse(document);
  if (!outcome.success) {
    // An unknown key is told before what may follow from it.
    const issues = outcome.error.issues;
    throw await explain(issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!, document, command);
  }
  const config = outcome.data as Config<ConfigCommand>;
  checkTogether(config);
  if ("field" in config && config.fluctuations.kind !== "file") {
    config.field.mean ??= 0;
    config.field.velocity ??= 0;
  }
  return config as Config<C>;
}
