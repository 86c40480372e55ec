/** The registry of built-in potentials. */
import { alphaAttractorE } from "./alphaAttractorE.ts";
import { alphaAttractorT } from "./alphaAttractorT.ts";
import type { Builtin } from "./builtin.ts";
import { cosine } from "./cosine.ts";
import { doubleWell } from "./doubleWell.ts";
import { exponential } from "./exponential.ts";
import { hilltop } from "./hilltop.ts";
import { quadratic } from "./quadratic.ts";
import { quartic } from "./quartic.ts";
import { starobinsky } from "./starobinsky.ts";

/** All built-in potentials by name. */
export const builtins: Readonly<Record<string, Builtin>> = Object.fromEntries(
  [quadratic, quartic, doubleWell, cosine, starobinsky, exponential, alphaAttractorT, alphaAttractorE, hilltop].map(
    (builtin) => [builtin.name, builtin],
  ),
);

/** The names of all built-in potentials. */
export const potentialNames: readonly string[] = Object.keys(builtins);
