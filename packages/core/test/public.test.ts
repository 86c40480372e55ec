/** The public names, and what is generated from the code and kept in the repository. */
import { readFileSync } from "node:fs";
import * as core from "@slowroll/core";
import { parseConfig } from "@slowroll/core/config/parse";
import { jsonSchema } from "@slowroll/core/config/schema";
import { expect, it } from "vitest";
import { z } from "zod";

it("exports the same names as before", () => {
  expect(Object.keys(core).sort()).toMatchSnapshot();
});

const architecture = {
  ...{ inputDimension: 2, depth: 1, width: 8, weightStd: 1, biasStd: 0 },
  activation: core.activationNamed("erf"),
};
const inputs = Float64Array.of(1, 0, 0, 1);
const { ntk: theta } = core.infiniteWidthKernels(architecture, inputs, 2);
const potential = await core.compilePotential("quadratic");
const dynamics = { points: 2, theta, potential, learningRate: 0.1, momentum: 0 };
const square = core.createTransform({ dimensions: 2, points: 4 });
const three = new Float64Array(3);
it.each<[string, () => unknown]>([
  ["kernels of more points", () => core.infiniteWidthKernels(architecture, inputs, 3)],
  ["kernels of test inputs", () => core.infiniteWidthKernels(architecture, inputs, 2, three)],
  ["an eigensystem", () => core.eigen(theta, 3)],
  ["a recursion from fewer values", () => core.recursion(dynamics, [1], [0, 1])],
  ["a recursion by a smaller Theta", () => core.recursion({ ...dynamics, theta: three }, [1, 2], [0, 1])],
  // It used to wait for ever for a step that had gone by.
  ["a recursion recorded backwards", () => core.recursion(dynamics, [1, 2], [1, 0])],
  ["a recursion between steps", () => core.recursion(dynamics, [1, 2], [0.5])],
  ["an integration backwards", () => core.integrate((_, y, slope) => slope.set(y), [1], [0, 1, 0.5])],
  ["a transform of fewer values", () => square.forward(three)],
  ["a transform of fewer modes", () => square.inverse({ real: three, imaginary: three })],
  ["a grid of no points", () => core.createTransform({ dimensions: 2, points: 0 })],
])("refuses what has not the sizes that are said: %s", (_name, call) => {
  expect(call).toThrow(RangeError);
});

it("keeps the JSON Schema of the config up to date (npm run schema)", () => {
  const kept = JSON.parse(readFileSync(new URL("../schema/config.schema.json", import.meta.url), "utf8"));
  expect(kept).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

it.each([
  { time: { end: 1 }, sweep: { "time.step": [0.1, 0.2] } },
  { background: {}, time: { step: 0.1, end: 1 }, sweep: { "background.kind": ["static", "deSitter"] } },
  { background: { kind: "powerLaw" }, time: { step: 0.1, end: 1 }, sweep: { "background.exponent": [0.5, 0.6] } },
])("takes in the JSON Schema, as the program does, configs that leave out what they sweep: %j", async (config) => {
  expect((await parseConfig("field", JSON.stringify(config))).sweep).toEqual(config.sweep);
  const schema = z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  expect(schema.safeParse(config).success).toBe(true);
  const { sweep: _, ...alone } = config;
  expect(schema.safeParse(alone).success).toBe(false);
});
