/** A caption's line that turns a figure's axes into powers of GeV. */
import type { PhysicalUnit, Quantity, UnitsResult } from "@slowroll/core/field/units";
import { list, say, superscript } from "./figure.ts";

const inWords = ({ factor, unit }: PhysicalUnit): string => {
  if (unit === "1") return say(factor, 4);
  const [base, power] = unit.split("^") as [string, string | undefined];
  if (power === undefined) return `${say(factor, 4)} ${base}`;
  return `${say(factor, 4)} ${base}${power === "-0.5" ? "⁻¹ᐟ²" : superscript(power)}`;
};

/** For what stands on a figure's axes, by name; nothing where the config has no units. */
export function inGev(units: UnitsResult | undefined, axes: Readonly<Record<string, Quantity>>): { inGev?: string } {
  if (!units) return {};
  const parts = Object.entries(axes).map(([name, quantity]) => `${name} in ${inWords(units.factors[quantity])}`);
  return { inGev: `Units: ${list(parts)}.` };
}
