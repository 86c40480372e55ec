/**
 * From text to a checked config with all defaults. Every mistake becomes one InputError of one line; nothing is computed before the
 * whole config is right.
 */
import { InputError } from "../errors.ts";
import { storesState } from "../field/setup.ts";
import { checkRules } from "./rules.ts";
import type { Config, ConfigCommand } from "./schema.ts";
import { override, parseDocument, shorten } from "./yaml.ts";

export interface ConfigSource {
  /** The text's name in messages. */
  readonly source?: string;
  /** `path=value`, applied in order before anything is checked. */
  readonly overrides?: readonly string[];
}

/**
 * The config of a command with all defaults filled in; a field's mean and velocity stay absent where stored arrays bring them.
 * @param text YAML or JSON; empty text is a config of defaults.
 * @throws InputError
 */
export async function parseConfig<C extends ConfigCommand>(
  command: C,
  text: string,
  { source = "config", overrides = [] }: ConfigSource = {},
): Promise<Config<C>> {
  const document = (await parseDocument(text, source)) ?? {};
  if (typeof document !== "object" || Array.isArray(document)) {
    throw new InputError(`must hold sections as in "network:", not ${shorten(JSON.stringify(document), 40)}`, {
      path: source,
    });
  }
  for (const assignment of overrides) await override(document as Record<string, unknown>, assignment);
  const { SCHEMAS } = await import("./schema.ts");
  const outcome = SCHEMAS[command].safeParse(document);
  if (!outcome.success) {
    const { explain } = await import("./explain.ts");
    throw explain(outcome.error.issues, document, command);
  }
  let config = outcome.data as Config<ConfigCommand>;
  checkRules(config);
  if ("field" in config && !storesState(config.fluctuations)) {
    config = {
      ...config,
      field: { ...config.field, mean: config.field.mean ?? 0, velocity: config.field.velocity ?? 0 },
    };
  }
  return config as Config<C>;
}
