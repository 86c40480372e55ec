/** What more than one section of the config is made of: numbers by their range, seeds and potentials. */
import { z } from "#zod";
import { RESERVED } from "../potential/parse.ts";

export const finite = z.number();
export const positive = z.number().positive();
export const wholePositive = z.number().int().min(1);
/** Key of random numbers; to be described by what is drawn. */
export const seed = z.number().int().min(0).default(1);

/** Forms of an expression: its text, or a constant, which YAML reads as a number. */
export const expression = [z.string(), finite.transform(String)] as const;

/** Names of several fields. */
export const fieldNames = z
  .array(
    z
      .string({ error: "must be text" })
      .regex(/^[A-Za-z_]\w*$/, { error: "must have Latin letters, digits and _ only" })
      .refine((name) => !RESERVED.includes(name), { error: "must be a name without a meaning in expressions" }),
  )
  .min(1)
  .max(16)
  .refine((names) => new Set(names).size === names.length, { error: "must be different names" });

const parameters = z.record(z.string(), finite).describe("values of the potential's parameters by name");

/** One potential, wherever a config or a file names one. */
export const potential = z
  .union(
    [
      z.string(),
      z.strictObject({ name: z.string(), parameters: parameters.exactOptional() }),
      z.strictObject({
        expression: z.union(expression, { error: "must be an expression" }),
        parameters: parameters.exactOptional(),
      }),
    ],
    { error: "must be a built-in name, { name, parameters } or { expression, parameters }" },
  )
  .describe("V(phi): a built-in name, { name, parameters } or { expression, parameters }");
