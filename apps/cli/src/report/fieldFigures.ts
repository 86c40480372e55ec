/** Figures of a field on its background. */
import type { ResultDocument } from "../document.ts";
import { linear, logarithmic } from "./axes.ts";
import { type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";
import { sliceFigures, spectrumFigures } from "./pictureFigures.ts";

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

const largest = (of: readonly number[]): number => of.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A quantity of each field as [T] of its own, named by `label` of the field's name. */
function byField(of: FieldSeries | undefined, names: readonly string[], label: (name: string) => string): Series {
  if (!of) return {};
  return Object.fromEntries(
    names.map((name, f) => [label(name), of.map((value) => (typeof value === "number" ? value : value[f]!))]),
  );
}

type FieldSeries = NonNullable<Extract<ResultDocument, { command: "field" }>["mean"]>;

/** Several lines' first and last values in words. */
function ends(series: Series): string {
  return Object.entries(series)
    .map(([name, of]) => `${name} from ${say(of[0])} to ${say(of[of.length - 1])}`)
    .join(", ");
}

export function fieldFigures(document: Extract<ResultDocument, { command: "field" }>): Figure[] {
  const { times = [], energy, scaleFactor = [], efolds = [], modes, constraint, config } = document;
  const last = times.length - 1;
  const names = config.field.fields ?? ["φ"];
  const mean = byField(document.mean, names, (name) => name);
  const velocity = byField(document.velocity, names, (name) => `d${name}/dt`);
  const variance = byField(document.variance, names, (name) => (names.length > 1 ? name : "variance"));
  const rms = Math.sqrt(Math.max(0, ...Object.values(variance).map(largest)));
  const mostMean = Math.max(0, ...Object.values(mean).map(largest));
  const meanIsZero = mostMean < ROUNDING * rms;
  const figures: Figure[] = [];
  if (!meanIsZero) {
    figures.push(
      lines(
        "field",
        "The mean field",
        times,
        { ...mean, ...velocity },
        { y: "mean, and its derivative" },
        {
          shows: "Mean of each field and its cosmic-time derivative.",
          agrees: `${ends(mean)}, ${config.lattice ? "by the splitting named in the config" : "in float64 to a relative error of 10⁻¹⁰"}.`,
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
        agrees: `${say(efolds[last])} e-folds in all; ${config.background.kind === "selfConsistent" ? "the fields' own mean energies drive it" : "the background is prescribed"}.`,
      },
    ),
  );
  if (energy) {
    const parts = {
      ...byField(energy.kinetic, names, (name) => (names.length > 1 ? `kinetic ${name}` : "kinetic")),
      ...byField(energy.gradient, names, (name) => (names.length > 1 ? `gradient ${name}` : "gradient")),
      potential: energy.potential,
    };
    const total = (r: number): number => Object.values(parts).reduce((sum, of) => sum + of[r]!, 0);
    figures.push(
      lines(
        "energies",
        "Energy densities by part",
        times,
        parts,
        { y: "density", log: true },
        {
          shows: `Kinetic, gradient and potential energy densities in cosmic time${config.lattice ? "" : " (a homogeneous field has no gradient)"}; what is zero or negative is left out.`,
          agrees: `Their sum goes from ${say(total(0))} to ${say(total(last))}${total(last) < total(0) ? ": expansion takes energy out of the fields" : ""}.`,
        },
      ),
    );
  }
  if (constraint && largest(constraint) > 0) {
    figures.push(
      lines(
        "constraint",
        "The first Friedmann equation",
        times,
        { constraint },
        { y: "|H² − ρ/3m²|/(H² + ρ/3m²)", log: true },
        {
          shows: "How far the expansion is from what the energy density asks for: the check of energy conservation.",
          agrees: `At most ${say(largest(constraint), 2)}.`,
        },
      ),
    );
  }
  if (Object.values(variance).some((of) => of.some((value) => value > 0))) {
    figures.push(
      lines(
        "variance",
        "Variance of the fields",
        times,
        variance,
        { y: "variance", log: true },
        {
          shows: "Variance of each field over the lattice.",
          agrees: `${ends(variance)}${meanIsZero ? `; the mean stays zero to rounding, at most ${say(mostMean, 2)}` : ""}.`,
        },
      ),
    );
  }
  for (const [m, { mode, k, kEff, amplitude }] of (modes ?? []).entries()) {
    figures.push(
      lines(
        `mode${m > 0 ? m : ""}`,
        mode ? "The plane wave" : `The mode k = ${say(k)}`,
        times,
        { amplitude },
        { y: mode ? "cosine amplitude" : "|δφₖ|", ...(mode ? {} : { log: true }) },
        {
          shows: mode
            ? `Signed amplitude of the wave ${mode.join(", ")}: wave number k = ${say(k)}, on this lattice k_eff = ${say(kEff)}.`
            : `Size of the vacuum's mode function of comoving wave number ${say(k)}.`,
          agrees: `It ends at ${say(amplitude[last]! / amplitude[0]!)} of its first value.`,
        },
      ),
    );
  }
  return [...figures, ...spectrumFigures(document, names), ...sliceFigures(document, names)];
}
