/** The public names, and what is generated from the code and kept in the repository. */
import { readFileSync } from "node:fs";
import * as core from "@slowroll/core";
import { jsonSchema } from "@slowroll/core/config/schema";
import { expect, it } from "vitest";

it("exports the same names as before", () => {
  expect(Object.keys(core).sort()).toMatchSnapshot();
});

it("keeps the JSON Schema of the config up to date (npm run schema)", () => {
  const kept = JSON.parse(readFileSync(new URL("../schema/config.schema.json", import.meta.url), "utf8"));
  expect(kept).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});
