/**
 * The config's sections as zod schemas: types, ranges and defaults. What a command takes is a selection of sections. The JSON Schema that
 * editors use is made from the same objects.
 */
import { z } from "zod";

const finite = z.number();
const positive = z.number().positive();
const wholePositive = z.number().int().min(1);
/** What a 32-bit counter of the random numbers can tell apart. */
const count = wholePositive.max(2 ** 32 - 1);
const MAX_STEPS = 1e9;

const parameters = z.record(z.string(), finite);
export const potential = z.union([
  z.string(),
  z.strictObject({ name: z.string(), parameters: parameters.optional() }),
  z.strictObject({ expression: z.string(), parameters: parameters.optional() }),
]);

const network = z
  .strictObject({
    depth: wholePositive.max(1000).default(1),
    width: wholePositive.max(2 ** 24).default(1024),
    activation: z.string().default("erf"),
    weightStd: z.number().min(0).default(1.5),
    biasStd: z.number().min(0).default(0.1),
  })
  .prefault({});

const row = z.array(finite).min(1);
const data = z
  .strictObject({
    inputs: z
      .union([
        z.strictObject({ circle: z.strictObject({ points: wholePositive.max(65536).default(8) }).prefault({}) }),
        z.strictObject({ file: z.string() }),
        z.array(row).min(1),
      ])
      .default({ circle: { points: 8 } }),
    targets: z.union([z.string(), z.array(finite).min(1)]).default("sin(theta) + 0.5*cos(2*theta)"),
  })
  .prefault({});

const training = z
  .strictObject({
    learningRate: z.union([positive, z.strictObject({ relative: positive })]).default({ relative: 0.5 }),
    momentum: z.number().min(0).lt(1).default(0),
    steps: z.number().int().min(0).max(MAX_STEPS).default(200),
    potential: potential.default("quadratic"),
    recordEvery: wholePositive.default(1),
  })
  .prefault({});

const ensemble = z
  .strictObject({ size: count.default(512), seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1) })
  .prefault({});

const background = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("static") }),
    z.strictObject({ kind: z.literal("deSitter"), hubble: positive.default(1) }),
    z.strictObject({ kind: z.literal("powerLaw"), exponent: positive, hubble: positive.default(1) }),
  ])
  .default({ kind: "deSitter", hubble: 1 });

/** Mean and velocity have no default here: a stored state brings its own, so that giving them beside it can be told. */
const field = z
  .strictObject({
    potential: potential.default("quadratic"),
    mean: finite.optional(),
    velocity: finite.optional(),
  })
  .prefault({});

const lattice = z
  .strictObject({
    dimensions: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(3),
    points: wholePositive.min(2).max(2 ** 24).default(64),
    length: positive.default(2 * Math.PI),
    stencil: z.literal(2).default(2),
  })
  .optional();

const fluctuations = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({
      kind: z.literal("planeWave"),
      mode: z.array(z.number().int()).min(1).max(3),
      amplitude: finite.default(1e-3),
      velocity: finite.default(0),
    }),
    z.strictObject({ kind: z.literal("file"), field: z.string(), momentum: z.string() }),
  ])
  .default({ kind: "none" });

const time = z.strictObject({
  alpha: finite.default(0),
  step: positive,
  end: positive,
  integrator: z.literal("verlet2").optional(),
  recordEvery: wholePositive.default(1),
});

const check = z.strictObject({ path: z.string(), expected: finite, tolerance: z.number().min(0) });
const duality = z
  .strictObject({
    background: z.boolean().default(true),
    regression: z.strictObject({ bootstrap: z.number().int().min(10).max(1e6).default(200) }).optional(),
    widths: z.array(wholePositive.max(2 ** 24)).min(2).optional(),
    checks: z.array(check).optional(),
  })
  .prefault({});

const precision = z.enum(["float32", "compensated", "float64"]).default("float32");

/** What each command takes. */
export const SCHEMAS = {
  kernel: z.strictObject({ precision, network, data, training, ensemble }),
  network: z.strictObject({ precision, network, data, training, ensemble }),
  field: z.strictObject({ precision, background, field, lattice, fluctuations, time }),
  duality: z.strictObject({ precision, network, data, training, ensemble, duality }),
} as const;

export type ConfigCommand = keyof typeof SCHEMAS;
export type Config<C extends ConfigCommand> = z.output<(typeof SCHEMAS)[C]>;

/** The JSON Schema of any config file, for editors: each command's config is one of its alternatives. */
export function jsonSchema(): object {
  const commands = (Object.keys(SCHEMAS) as ConfigCommand[]).map((command) => ({
    title: `slowroll ${command}`,
    ...z.toJSONSchema(SCHEMAS[command], { io: "input", unrepresentable: "any" }),
  }));
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title: "slowroll config", anyOf: commands };
}
