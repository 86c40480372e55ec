/** What draws the figures. Imported as `#vega`: one file that the set-up makes of it (scripts/libraries.mjs). */
export { Error as ERROR, logger, parse, scheme, View } from "vega";
export { compile } from "vega-lite";
