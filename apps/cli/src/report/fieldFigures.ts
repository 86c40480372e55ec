/** Figures of a field on its background. */
import type { ResultDocument } from "../document.ts";
import { linear, logarithmic } from "./axes.ts";
import { type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";

type Series = Readonly<Record<string, readonly number[]>>;

/** Where a density passes through zero a logarithmic axis would fall without end: this far below its largest it is cut. */
const FLOOR = 1e-12;

function lines(
  id: string,
  title: string,
  times: readonly number[],
  series: Series,
  axis: { y: string; log?: boolean },
  text: Pick<Figure, "shows" | "agrees">,
): Figure {
  const drawn = Object.entries(series).filter(([, of]) => !axis.log || of.some((value) => value > 0));
  const most = Math.max(...drawn.flatMap(([, of]) => thinned(of.length, 400).map((r) => Math.abs(of[r]!))));
  const values = thinned(times.length, 400).flatMap((r) =>
    drawn.map(([name, of]) => ({
      time: times[r],
      name,
      value: axis.log && of[r]! <= FLOOR * most ? null : of[r],
    })),
  );
  const ends = values.map(({ value }) => value);
  const { scale } = linear(times);
  return {
    id,
    title,
    ...text,
    spec: {
      width: WIDTH,
      height: HEIGHT - 60,
      data: { values },
      params: [{ name: "zoom", select: "interval", bind: "scales" }],
      mark: { type: "line", tooltip: true, clip: true },
      encoding: {
        x: { field: "time", type: "quantitative", title: "cosmic time t", scale, axis: { tickCount: 10 } },
        y: {
          field: "value",
          type: "quantitative",
          title: axis.y,
          ...(axis.log ? logarithmic(ends) : linear(ends)),
        },
        ...(drawn.length > 1
          ? { color: { field: "name", type: "nominal", title: null, scale: { domain: drawn.map(([name]) => name) } } }
          : {}),
      },
    },
  };
}

/** Mean against fluctuations below which a mean that symmetry keeps at zero is rounding. */
const ROUNDING = 1e-9;

export function fieldFigures(document: Extract<ResultDocument, { command: "field" }>): Figure[] {
  const {
    times = [],
    mean = [],
    velocity = [],
    variance = [],
    energy,
    scaleFactor = [],
    efolds = [],
    modes,
    config,
  } = document;
  const last = times.length - 1;
  const largest = (of: readonly number[]): number => of.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const meanIsZero = largest(mean) < ROUNDING * Math.sqrt(largest(variance));
  const figures: Figure[] = [];
  if (!meanIsZero) {
    figures.push(
      lines(
        "field",
        "The mean field",
        times,
        { φ: mean, "dφ/dt": velocity },
        { y: "φ, dφ/dt" },
        {
          shows: "Mean field and its cosmic-time derivative.",
          agrees: `From φ = ${say(mean[0])} to ${say(mean[last])}, ${config.lattice ? "by the splitting named in the config" : "in float64 to a relative error of 10⁻¹⁰"}.`,
        },
      ),
    );
  }
  figures.push(
    lines(
      "scaleFactor",
      "The background",
      times,
      { a: scaleFactor },
      { y: "a", log: true },
      {
        shows: `Scale factor of the ${config.background.kind} background.`,
        agrees: `${say(efolds[last])} e-folds in all; the background is prescribed in closed form.`,
      },
    ),
  );
  if (energy) {
    const total = (r: number): number => energy.kinetic[r]! + energy.gradient[r]! + energy.potential[r]!;
    figures.push(
      lines(
        "energies",
        "Energy densities by part",
        times,
        { kinetic: energy.kinetic, gradient: energy.gradient, potential: energy.potential },
        { y: "density", log: true },
        {
          shows: `Kinetic, gradient and potential energy densities in cosmic time${energy.gradient.some((value) => value > 0) ? "" : " (a homogeneous field has no gradient)"}; what is zero or negative is left out.`,
          agrees: `Their sum goes from ${say(total(0))} to ${say(total(last))}${total(last) < total(0) ? ": expansion takes energy out of the field" : ""}.`,
        },
      ),
    );
  }
  if (variance.some((value) => value > 0)) {
    figures.push(
      lines(
        "variance",
        "Variance of the field",
        times,
        { variance },
        { y: "variance", log: true },
        {
          shows: "Variance of the field over the lattice.",
          agrees: `From ${say(variance[0])} to ${say(variance[last])}${meanIsZero ? `; the mean stays zero to rounding, at most ${say(largest(mean), 2)}` : ""}.`,
        },
      ),
    );
  }
  for (const { mode, k, kEff, amplitude } of modes ?? []) {
    figures.push(
      lines(
        "mode",
        "The plane wave",
        times,
        { amplitude },
        { y: "cosine amplitude" },
        {
          shows: `Signed amplitude of the wave ${mode.join(", ")}: wave number k = ${say(k)}, on this lattice k_eff = ${say(kEff)}.`,
          agrees: `It ends at ${say(amplitude[last]! / amplitude[0]!)} of its first value.`,
        },
      ),
    );
  }
  return figures;
}
