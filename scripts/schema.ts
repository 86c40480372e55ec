/** Writes the JSON Schema of the config, for editors, from the schemas that the program itself validates with. */
import { mkdirSync, writeFileSync } from "node:fs";
import { jsonSchema } from "../packages/core/src/config/schema.ts";

const folder = new URL("../packages/core/schema/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("config.schema.json", folder), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
