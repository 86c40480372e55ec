/**
 * From text to a checked config with all defaults. Every mistake becomes one InputError of one line; nothing is computed before the
 * whole config is right.
 */
import { InputError } from "../errors.ts";
import { integratorOf } from "../field/schedule.ts";
import { storesState } from "../field/setup.ts";
import { inPoint, type SweepPoint, type SweptValues } from "../field/sweepPoint.ts";
import { checkRules, checkSweptRecords } from "./rules.ts";
import type { Config, ConfigCommand } from "./schema.ts";
import { isSection, override, parseDocument, shorten } from "./yaml.ts";

export interface ConfigSource {
  /** The text's name in messages. */
  readonly source?: string;
  /** `path=value`, applied in order before anything is checked. */
  readonly overrides?: readonly string[];
}

type Loaded = typeof import("./schema.ts") & Pick<typeof import("./explain.ts"), "explain">;

/** A document's config with all defaults. Throws InputError. */
function checked<C extends ConfigCommand>(command: C, document: unknown, { SCHEMAS, explain }: Loaded): Config<C> {
  const outcome = SCHEMAS[command].safeParse(document);
  if (!outcome.success) throw explain(outcome.error.issues, document, command);
  let config = outcome.data as Config<ConfigCommand>;
  checkRules(config);
  // In the schema's order, so that a complete config that is read again stays as it is written.
  if ("field" in config && config.lattice) {
    const { recordEvery, ...time } = config.time;
    config = { ...config, time: { ...time, integrator: integratorOf(time), recordEvery } };
  }
  if ("field" in config && !storesState(config.fluctuations)) {
    config = {
      ...config,
      field: { ...config.field, mean: config.field.mean ?? 0, velocity: config.field.velocity ?? 0 },
    };
  }
  return config as Config<C>;
}

/** The schemas take a while to load. */
async function load(): Promise<Loaded> {
  return { ...(await import("./schema.ts")), ...(await import("./explain.ts")) };
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
  if (!isSection(document)) {
    throw new InputError(`must hold sections as in "network:", not ${shorten(JSON.stringify(document), 40)}`, {
      path: source,
    });
  }
  for (const assignment of overrides) await override(document, assignment);
  const loaded = await load();
  /** What the config has of its sweep's first point. */
  let swept: SweptValues = {};
  if (command === "field" && "sweep" in document) {
    const { checkSweep, completeWith } = await import("./sweep.ts");
    const sweep = loaded.SCHEMAS.field.shape.sweep.safeParse(document.sweep);
    // What is no sweep is told with all else that is wrong.
    if (sweep.success && sweep.data) {
      checkSweep(sweep.data, document);
      swept = completeWith(document, sweep.data);
    }
  }
  try {
    const config = checked(command, document, loaded);
    if ("sweep" in config && config.sweep) await sweepPoints(config);
    return config;
  } catch (error) {
    const { path } = error as { path?: string };
    throw path !== undefined && Object.hasOwn(swept, path) ? inPoint(error, swept, 0) : error;
  }
}

/**
 * The points of a field's config with a sweep, in order: each with the values that it puts in the config's place, and its own config.
 * @throws InputError that names the point whose config is wrong, or where there is no sweep
 */
export async function sweepPoints(config: Config<"field">): Promise<SweepPoint<Config<"field">>[]> {
  if (!config.sweep) throw new InputError("there is none: a config without one is for fieldStudy", { path: "sweep" });
  const { pointsOf } = await import("./sweep.ts");
  const loaded = await load();
  const points = pointsOf(config, (document) => checked("field", document, loaded));
  checkSweptRecords(points.map(({ study }) => study));
  return points;
}
