/** What more than one section of the config is made of: numbers by their range, seeds and potentials. */
import { z } from "#zod";

export const finite = z.number();
export const positive = z.number().positive();
export const wholePositive = z.number().int().min(1);

const parameters = z.record(z.string(), finite).describe("values of the potential's parameters by name");

/** One potential, wherever a config or a file names one. */
export const potential = z
  .union(
    [
      z.string(),
      z.strictObject({ name: z.string(), parameters: parameters.exactOptional() }),
      z.strictObject({ expression: z.string(), parameters: parameters.exactOptional() }),
    ],
    { error: "must be a built-in name, { name, parameters } or { expression, parameters }" },
  )
  .describe("V(phi): a built-in name, { name, parameters } or { expression, parameters }");
