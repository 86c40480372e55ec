/** A potential's spec from a file of its own. */
import { InputError } from "../errors.ts";
import type { PotentialSpec } from "../potential/potential.ts";
import { isSection, parseDocument } from "./yaml.ts";

/** A potential, and the names of its fields, phi alone unless given. */
export interface NamedPotential {
  readonly potential: PotentialSpec;
  readonly fields?: readonly string[];
}

/**
 * A potential from a file: as a config names one, or a `field` section's `potential` and `fields`.
 * @throws InputError where the text is neither.
 */
export async function parsePotential(text: string, source: string): Promise<NamedPotential> {
  const document = await parseDocument(text, source);
  const { fieldNames, potential } = await import("./values.ts");
  const inField = isSection(document) && "potential" in document;
  const given = inField ? document.potential : document;
  const parsed = potential.safeParse(given);
  if (!parsed.success) {
    if (typeof given === "object" && given !== null && !("fields" in given)) {
      // As of the same in a config.
      const { explain } = await import("./explain.ts");
      const place = ["field", "potential"];
      const issues = parsed.error.issues.map((issue) => ({ ...issue, path: [...place, ...issue.path] }));
      const { path, message } = explain(issues, { field: { potential: given } }, "field");
      const here = (text: string): string => text.replace(place.join("."), inField ? `${source}.potential` : source);
      throw new InputError(here(message), { path: here(path ?? "") });
    }
    throw new InputError(
      "must be a built-in name, { name, parameters } or { expression, parameters }, or { potential, fields } of several fields",
      { path: source },
    );
  }
  if (!inField || !("fields" in document)) return { potential: parsed.data as PotentialSpec };
  const fields = fieldNames.safeParse(document.fields);
  if (!fields.success) {
    const { message, path } = fields.error.issues[0]!;
    if (path.length > 0) throw new InputError(message, { path: `${source}.fields[${String(path[0])}]` });
    throw new InputError("must be a list of the fields' names, each once", { path: `${source}.fields` });
  }
  return { potential: parsed.data as PotentialSpec, fields: fields.data };
}
