/** Figures of a field on its background. */
import type { ResultDocument } from "../document.ts";
import { type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";

type Series = Readonly<Record<string, readonly number[]>>;

function lines(
  id: string,
  title: string,
  times: readonly number[],
  series: Series,
  axis: { y: string; log?: boolean },
  text: Pick<Figure, "shows" | "agrees">,
): Figure {
  const values = thinned(times.length, 400).flatMap((r) =>
    Object.entries(series).map(([name, of]) => ({
      time: times[r],
      name,
      value: axis.log && of[r]! <= 0 ? null : of[r],
    })),
  );
  return {
    id,
    title,
    ...text,
    spec: {
      width: WIDTH,
      height: HEIGHT - 60,
      data: { values },
      params: [{ name: "zoom", select: "interval", bind: "scales" }],
      mark: { type: "line", tooltip: true },
      encoding: {
        x: { field: "time", type: "quantitative", title: "cosmic time t" },
        y: {
          field: "value",
          type: "quantitative",
          title: axis.y,
          ...(axis.log ? { scale: { type: "log" }, axis: { format: ".0e" } } : {}),
        },
        ...(Object.keys(series).length > 1
          ? { color: { field: "name", type: "nominal", title: null, sort: null } }
          : {}),
      },
    },
  };
}

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
  const figures = [
    lines(
      "field",
      "The mean field",
      times,
      { φ: mean, "dφ/dt": velocity },
      { y: "φ, dφ/dt" },
      {
        shows: "Mean field and its cosmic-time derivative.",
        agrees: config.lattice
          ? "Integrated by the splitting named in the config."
          : "Integrated in float64 to a relative error of 1e-10.",
      },
    ),
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
  ];
  if (energy) {
    figures.push(
      lines(
        "energies",
        "Energy densities by part",
        times,
        { kinetic: energy.kinetic, gradient: energy.gradient, potential: energy.potential },
        { y: "density", log: true },
        {
          shows:
            "Kinetic, gradient and potential energy densities in cosmic time; parts that are zero or negative are left out.",
          agrees: `Their sum goes from ${say(energy.kinetic[0]! + energy.gradient[0]! + energy.potential[0]!)} to ${say(energy.kinetic[last]! + energy.gradient[last]! + energy.potential[last]!)}: expansion takes energy out of the field.`,
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
          agrees: `From ${say(variance[0])} to ${say(variance[last])}.`,
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
