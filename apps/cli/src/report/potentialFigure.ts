import type { Potential } from "@slowroll/core/potential/potential";
import { type Figure, HEIGHT, WIDTH } from "./figure.ts";

/** V and V' between two values of phi. Values that are not finite are left out. */
export function potentialFigure(potential: Potential, low: number, high: number): Figure {
  const count = 401;
  const values = Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1)).flatMap((phi) => [
    { phi, name: "V", value: potential.value(phi) },
    { phi, name: "V′", value: potential.gradient(0, phi) },
  ]);
  return {
    id: "potential",
    title: potential.name,
    shows: `V = ${potential.expression} and its derivative.`,
    agrees: "",
    spec: {
      width: WIDTH,
      height: HEIGHT,
      title: `V = ${potential.expression}`,
      data: { values: values.filter(({ value }) => Number.isFinite(value)) },
      mark: "line",
      encoding: {
        x: { field: "phi", type: "quantitative", title: "φ" },
        y: { field: "value", type: "quantitative", title: null },
        color: { field: "name", type: "nominal", title: null },
      },
    },
  };
}
