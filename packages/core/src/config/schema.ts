/**
 * The config as zod schemas: types, ranges, defaults and one line of meaning each. What a command takes is a selection of sections. The
 * JSON Schemas that editors use are made from the same objects, so that neither can say what the other does not.
 */
import { z } from "#zod";
import { fieldSections } from "./fieldSchema.ts";
import {
  batchedTraining,
  data,
  depth,
  deviation,
  ensemble,
  learningRate,
  momentum,
  network,
  observeKernel,
  observeNetworks,
  points,
  testedData,
  training,
  width,
} from "./networkSchema.ts";
import { finite } from "./values.ts";

const check = z.strictObject({
  path: z.string().min(1).describe("path into the result, as regression.lambdaEta.value"),
  expected: finite,
  tolerance: z.number().min(0).describe("largest |value - expected| that passes"),
});
const hyperparameters = z
  .strictObject({
    learningRate: z.array(learningRate).min(1).exactOptional(),
    momentum: z.array(momentum).min(1).exactOptional(),
    width: z.array(width).min(1).exactOptional(),
    depth: z.array(depth).min(1).exactOptional(),
    weightStd: z.array(deviation).min(1).exactOptional(),
    biasStd: z.array(deviation).min(1).exactOptional(),
    activation: z.array(z.string()).min(1).exactOptional(),
    points: z
      .array(points)
      .min(1)
      .exactOptional()
      .describe("numbers of data, of data.inputs that are a circle, a sphere or gaussian"),
  })
  .exactOptional()
  .describe("values that each hyperparameter takes in turn, all others as configured");
const duality = z
  .strictObject({
    background: z.boolean().default(true).describe("the trajectory against its dual fields"),
    regression: z
      .strictObject({
        bootstrap: z.number().int().min(10).max(1e5).default(200).describe("resamples behind each error"),
      })
      .exactOptional()
      .describe("friction, cosmological constant and masses from the training curves"),
    widths: z.array(width).min(2).exactOptional().describe("widths to compare, ascending"),
    perturbations: z
      .strictObject({
        mode: z
          .number()
          .int()
          .min(0)
          .default(0)
          .describe("eigenvector of the infinite-width kernel: 0 is that of the largest eigenvalue"),
      })
      .exactOptional()
      .describe("the ensemble's variance along a mode against a wave of its dual field on a lattice"),
    hyperparameters,
    checks: z.array(check).exactOptional().describe("what must hold; else exit 1"),
  })
  .prefault({})
  .describe("which comparisons are made");

const precision = z
  .enum(["float32", "compensated", "float64"])
  .default("float32")
  .describe("what an engine keeps its state in");

/** What each command takes. */
export const SCHEMAS = {
  kernel: z.strictObject({ precision, network, data, training, ensemble, observe: observeKernel }),
  network: z.strictObject({
    precision,
    network,
    data: testedData,
    training: batchedTraining,
    ensemble,
    observe: observeNetworks,
  }),
  field: z.strictObject({ precision, ...fieldSections }),
  duality: z.strictObject({ precision, network, data, training, ensemble, duality }),
} as const;

export type ConfigCommand = keyof typeof SCHEMAS;
/** A command's config with all defaults filled in. */
export type Config<C extends ConfigCommand> = z.output<(typeof SCHEMAS)[C]>;

/** The JSON Schema (draft 2020-12) of a command's config file. */
export function commandSchema(command: ConfigCommand): object {
  return { title: `slowroll ${command}`, ...z.toJSONSchema(SCHEMAS[command], { io: "input" }) };
}

/** The JSON Schema of a field's config with a sweep, which need not give what is swept in its place too. */
function sweptSchema(): object {
  const { required: _, ...schema } = z.toJSONSchema(SCHEMAS.field, {
    io: "input",
    override: ({ jsonSchema: part }) => {
      delete part.required;
      // Without its kind a section is of several.
      if (part.oneOf) part.anyOf = part.oneOf;
      delete part.oneOf;
    },
  });
  return { title: "slowroll field with a sweep", ...schema, required: ["sweep"] };
}

/** The JSON Schema of any config file, for editors: each command's config is one of its alternatives. */
export function jsonSchema(): object {
  const commands = Object.keys(SCHEMAS) as ConfigCommand[];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "slowroll config",
    anyOf: [...commands.map(commandSchema), sweptSchema()],
  };
}
