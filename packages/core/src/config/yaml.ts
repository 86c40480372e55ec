/**
 * From text to plain data: YAML, of which JSON is a part. Text comes from anyone, so everything that a YAML reader can be made to choke on
 * (aliases that multiply, nesting without end, unknown tags) is refused here with line and column before it can cost anything.
 */
import { InputError } from "../errors.ts";

const MAX_BYTES = 10 * 2 ** 20;
/** The library composes nodes by recursion; configs are a handful of levels deep. */
const MAX_DEPTH = 100;
const MAX_ALIASES = 100;

/** A line of at most 160 characters that ends in an ellipsis where it was cut. */
export function shorten(text: string, length = 160): string {
  const line = text.split("\n")[0]!;
  return line.length > length ? `${line.slice(0, length - 3)}...` : line;
}

/**
 * Parses one YAML document; undefined where the text is empty.
 * @param source The text's name in messages.
 * @throws InputError with line and column.
 */
export async function parseDocument(text: string, source: string): Promise<unknown> {
  const fail = (message: string, cause?: unknown): never => {
    throw new InputError(shorten(message), { path: source, cause });
  };
  if (Buffer.byteLength(text) > MAX_BYTES)
    fail(`has more than ${MAX_BYTES} bytes: keep large data in files of their own`);
  const { Lexer, LineCounter, Parser, parseAllDocuments } = await import("yaml");

  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    // Only how deep the parser stands is wanted here; its tokens are dropped.
    for (const _token of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH)
      fail(`line ${lines.lineStarts.length}: nested more than ${MAX_DEPTH} levels deep`);
  }

  const documents = parseAllDocuments(text, { uniqueKeys: true, logLevel: "error" });
  const [document] = documents;
  if (!document) return undefined;
  if (documents.length > 1) fail("holds several YAML documents: keep one, without further --- lines");
  const [trouble] = [...document.errors, ...document.warnings];
  if (trouble) {
    const { line, col } = trouble.linePos?.[0] ?? { line: 1, col: 1 };
    const what = trouble.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
    // As of a path with backslashes.
    const mend = trouble.code === "BAD_DQ_ESCAPE" ? "; use single quotes, in which a backslash is itself" : "";
    fail(`line ${line}, column ${col}: ${what}${mend}`, trouble);
  }
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) ?? undefined;
  } catch (cause) {
    return fail((cause as Error).message, cause);
  }
}

export const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Where a key leads in a section or list. What a key cannot lead into is replaced by an empty section, but a potential's name, before
 * its parameters, by a section with it.
 */
function stepInto(
  place: Record<string, unknown> | unknown[],
  key: string,
  then: string,
): Record<string, unknown> | unknown[] {
  const holder = place as Record<string, unknown>;
  const next = Object.hasOwn(holder, key) ? holder[key] : undefined;
  if (isSection(next) || Array.isArray(next)) return next;
  const isNamed = key === "potential" && then === "parameters" && typeof next === "string";
  const section: Record<string, unknown> = isNamed ? { name: next } : {};
  holder[key] = section;
  return section;
}

/** The keys on the way of `field.mean[1]`; undefined where the text is no path. */
export function keysOfPath(text: string): string[] | undefined {
  const keys = text.replace(/\[(\d+)\]/g, ".$1").split(".");
  return keys.every((key) => /^\w+$/.test(key) && key !== "__proto__") ? keys : undefined;
}

/**
 * Puts a value where the keys lead in a document; the entries of a list are numbered from 0.
 * @throws InputError (`source`) for an entry that a list has not, or of what is no list
 */
export function assign(
  document: Record<string, unknown>,
  keys: readonly string[],
  value: unknown,
  source: string,
): void {
  let place: Record<string, unknown> | unknown[] = document;
  for (const [depth, key] of keys.entries()) {
    if (Array.isArray(place) && !(/^\d+$/.test(key) && Number(key) <= place.length)) {
      throw new InputError(
        `${keys.slice(0, depth).join(".")} is a list of ${place.length}, numbered from 0: ${key} is no entry of it`,
        { path: source },
      );
    }
    if (/^\d+$/.test(key) && !Array.isArray(place)) {
      throw new InputError(`${keys.slice(0, depth).join(".")} is no list, whose entry ${key} could be given`, {
        path: source,
      });
    }
    if (depth === keys.length - 1) (place as Record<string, unknown>)[key] = value;
    else place = stepInto(place, key, keys[depth + 1]!);
  }
}

/**
 * Applies one `--set path=value` to the document; the value is read as YAML.
 * @throws InputError (--set)
 */
export async function override(document: Record<string, unknown>, assignment: string): Promise<void> {
  const split = assignment.indexOf("=");
  const keys = split < 1 ? undefined : keysOfPath(assignment.slice(0, split));
  if (!keys) {
    throw new InputError(
      `${shorten(JSON.stringify(assignment), 60)} is not path=value, as in --set network.width=256`,
      {
        path: "--set",
      },
    );
  }
  const source = `--set ${keys.join(".")}`;
  const value = await parseDocument(assignment.slice(split + 1), source);
  if (value === undefined) throw new InputError("no value is given, as in --set network.width=256", { path: source });
  assign(document, keys, value, source);
}
