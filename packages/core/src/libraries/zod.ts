/** Imported as `#zod`: one file that the set-up makes of it (scripts/libraries.mjs). */
export { z } from "zod";
