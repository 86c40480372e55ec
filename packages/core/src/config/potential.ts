/** A potential's spec from a file of its own. */
import { InputError } from "../errors.ts";
import type { PotentialSpec } from "../potential/potential.ts";
import { parseDocument } from "./yaml.ts";

/** Throws InputError where the text is neither a name, { name, parameters } nor { expression, parameters }. */
export async function parsePotential(text: string, source: string): Promise<PotentialSpec> {
  const document = await parseDocument(text, source);
  const { potential } = await import("./values.ts");
  // A whole config's potential section may stand in the file too.
  const inner =
    typeof document === "object" && document !== null && "potential" in document ? document.potential : document;
  const parsed = potential.safeParse(inner);
  if (!parsed.success) {
    throw new InputError("must be a built-in name, { name, parameters } or { expression, parameters }", {
      path: source,
    });
  }
  return parsed.data as PotentialSpec;
}
