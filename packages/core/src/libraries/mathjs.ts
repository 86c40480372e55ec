/** What of mathjs is used, its parser. Imported as `#mathjs`: one file that the set-up makes of it (scripts/libraries.mjs). */
import { create, parseDependencies } from "mathjs/number";

export const { parse } = create({ ...parseDependencies });
