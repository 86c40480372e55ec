/** The figure of a potential: V and, below it, V′ over a range of the field, cut where steep ends would hide all structure. */
import type { Potential } from "@slowroll/core/potential/potential";
import { linear } from "./axes.ts";
import { type Figure, HEIGHT, PALETTE, WIDTH } from "./figure.ts";

const COUNT = 401;
/** A curve is drawn up to so many times the median of its magnitude. */
const REACH = 5;

/** The values that a panel shows, with its ends cut at `REACH`. */
function shown(values: readonly number[]): number[] {
  const magnitudes = values.map(Math.abs).sort((a, b) => a - b);
  const cut = REACH * magnitudes[Math.floor(magnitudes.length / 2)]!;
  return cut > 0 ? values.map((value) => Math.max(-cut, Math.min(cut, value))) : [...values];
}

/** V and V' between two values of phi. */
export function potentialFigure(potential: Potential, low: number, high: number): Figure {
  const fields = Array.from({ length: COUNT }, (_, i) => low + ((high - low) * i) / (COUNT - 1));
  const panel = (title: string, value: (phi: number) => number, height: number, color: string, isLast: boolean) => {
    const values = fields.map((phi) => ({ phi, value: value(phi) }));
    const within = shown(values.map((at) => at.value).filter(Number.isFinite));
    return {
      width: WIDTH,
      height,
      // The line breaks where there is no number.
      data: { values: values.map((at) => (Number.isFinite(at.value) ? at : { ...at, value: null })) },
      mark: { type: "line" as const, clip: true, color },
      encoding: {
        x: {
          field: "phi",
          type: "quantitative" as const,
          title: isLast ? "φ" : null,
          scale: { domain: [low, high], nice: false },
        },
        y: { field: "value", type: "quantitative" as const, title, ...linear(within) },
      },
    };
  };
  return {
    id: "potential",
    title: potential.name,
    shows: `V = ${potential.expression} and its derivative.`,
    agrees: "",
    spec: {
      title: `V = ${potential.expression}`,
      vconcat: [
        panel("V", (phi) => potential.value(phi), HEIGHT - 80, PALETTE[0]!, false),
        panel("V′", (phi) => potential.gradient(0, phi), HEIGHT - 150, PALETTE[1]!, true),
      ],
    },
  };
}
