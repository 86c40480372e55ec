/** A lattice's spectra and histograms over time, each as a family of lines coloured by time. */
import { REACH } from "@slowroll/core/field/pictures";
import type { ResultDocument } from "../document.ts";
import { linear, logarithmic } from "./axes.ts";
import { type Clock, clockOf } from "./clock.ts";
import { type Figure, HEIGHT, say, thinned, WIDTH } from "./figure.ts";
import { inGev } from "./gev.ts";

type FieldDocument = Extract<ResultDocument, { command: "field" }>;

/** Lines of a family drawn at most: more colours cannot be told apart. */
const FAMILY = 16;
/** Of the largest power: what is smaller is rounding, also float64's of a mean far above its fluctuations, or was left empty. */
const FLOOR = 1e-17;

/** One field's part of a value that has an axis of fields only where fields are named. */
function part<T>(value: T | readonly T[], f: number, named: boolean): T {
  return (named ? (value as readonly T[])[f] : value) as T;
}

/** Dimensionless power by dimensions, as axes write it. */
export const POWER = (name: string, dimensions: number): string =>
  [`k|δ${name}ₖ|²/π`, `k²|δ${name}ₖ|²/2π`, `k³|δ${name}ₖ|²/2π²`][dimensions - 1]!;

const family = ({ title }: Clock) => ({
  color: {
    field: "time",
    type: "quantitative" as const,
    title,
    scale: { scheme: "viridis" as const },
    legend: { gradientLength: 200 },
  },
  detail: { field: "time", type: "quantitative" as const },
});

export function spectrumFigures(document: FieldDocument, names: readonly string[]): Figure[] {
  const { spectra, units, config } = document;
  const clock = clockOf(document);
  const { lattice } = config;
  if (!spectra || spectra.length === 0 || !lattice) return [];
  const named = config.field.fields !== undefined;
  const shown = thinned(spectra.length, FAMILY).map((s) => spectra[s]!);
  const nyquist = (Math.PI * lattice.points) / lattice.length;
  return names.flatMap((name, f) => {
    const powers = (power: (typeof shown)[number]["power"]): number[] =>
      part<number[]>(power as number[] | number[][], f, named);
    const values = shown.flatMap(({ time, k, power }) =>
      powers(power).map((value, b) => ({ k: k[b]!, power: value, time: clock.of(time) })),
    );
    const most = values.reduce((high, { power }) => Math.max(high, power), 0);
    const drawn = values.filter(({ power }) => power > FLOOR * most);
    // Standard errors of the average over realisations, where they leave the logarithmic axis.
    const bars = shown.flatMap(({ time, k, power, error }) =>
      error === undefined
        ? []
        : powers(error).map((sigma, b) => {
            const mean = powers(power)[b]!;
            return { k: k[b]!, time: clock.of(time), low: Math.max(mean - sigma, mean / 10), high: mean + sigma };
          }),
    );
    if (drawn.length === 0) return [];
    const last = spectra[spectra.length - 1]!;
    const lastPowers = powers(last.power);
    const peak = lastPowers.indexOf(Math.max(...lastPowers));
    const y = POWER(name, lattice.dimensions);
    return {
      id: `spectra${f > 0 ? f : ""}`,
      title: `Power spectra of ${name}`,
      shows: `${y} by comoving wave number k, coloured by time${shown.length < spectra.length ? `, ${shown.length} of ${spectra.length}` : ""}. Beyond the dashed line, the Nyquist wave number ${say(nyquist)} of an axis, only corners of the lattice have modes.${bars.length > 0 ? ` Bars are standard errors of the average over ${document.realisations} realisations.` : ""}`,
      agrees: `At the end the power peaks at k = ${say(last.k[peak])} with ${say(lastPowers[peak])}.`,
      ...inGev(units, { k: "wavenumber", power: "power", [clock.symbol]: "time" }),
      spec: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: drawn },
            params: [{ name: "zoom", select: "interval", bind: "scales" }],
            mark: { type: "line", tooltip: true, clip: true, strokeWidth: 1.4 },
            encoding: {
              x: { field: "k", type: "quantitative", title: "comoving k", ...logarithmic(drawn.map(({ k }) => k)) },
              y: { field: "power", type: "quantitative", title: y, ...logarithmic(drawn.map(({ power }) => power)) },
              ...family(clock),
            },
          },
          ...(bars.length > 0
            ? [
                {
                  data: { values: bars },
                  mark: { type: "rule" as const, clip: true },
                  encoding: {
                    x: { field: "k", type: "quantitative" as const },
                    y: { field: "low", type: "quantitative" as const },
                    y2: { field: "high" },
                    color: { field: "time", type: "quantitative" as const },
                  },
                },
              ]
            : []),
          {
            data: { values: [{ k: nyquist }] },
            mark: { type: "rule", strokeDash: [4, 4], color: "#999" },
            encoding: { x: { field: "k", type: "quantitative" } },
          },
        ],
      },
    };
  });
}

/** A histogram, whose range is known in rms, as a probability density of its standardised variable; none of a field without fluctuations. */
function standardised(low: number, high: number, counts: readonly number[]) {
  if (!(high > low)) return [];
  const width = (2 * REACH) / counts.length;
  const sites = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count, b) => ({
    x: (b + 0.5) * width - REACH,
    // Zero has no place on a logarithmic axis.
    density: count === 0 ? null : count / (sites * width),
  }));
}

export function histogramFigures(document: FieldDocument, names: readonly string[]): Figure[] {
  const { histograms, units, config } = document;
  const clock = clockOf(document);
  if (!histograms || histograms.length === 0) return [];
  const named = config.field.fields !== undefined;
  const shown = thinned(histograms.length, FAMILY).map((h) => histograms[h]!);
  return names.flatMap((name, f) => {
    const drawn = shown.flatMap(({ time, low, high, counts }) =>
      standardised(
        part(low, f, named),
        part(high, f, named),
        part<number[]>(counts as number[] | number[][], f, named),
      ).map((point) => ({ ...point, time: clock.of(time) })),
    );
    if (drawn.length === 0) return [];
    const x = linear(drawn.filter(({ density }) => density !== null).map((point) => point.x));
    const [left, right] = x.scale.domain as [number, number];
    const densities = drawn.flatMap(({ density }) => density ?? []);
    const counts = part<number[]>(shown[0]!.counts as number[] | number[][], f, named);
    const sites = counts.reduce((sum, count) => sum + count, 0);
    const one = counts.length / (2 * REACH) / sites;
    const normal = Array.from({ length: 201 }, (_, i) => left + ((right - left) * i) / 200)
      .map((at) => ({ x: at, density: Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI) }))
      .filter(({ density }) => density >= one);
    return {
      id: `histograms${f > 0 ? f : ""}`,
      title: `Distribution of ${name}`,
      shows: `Probability density of (${name} − ⟨${name}⟩)/rms over the sites, coloured by time${shown.length < histograms.length ? `, ${shown.length} of ${histograms.length}` : ""}; dashed, a Gaussian.`,
      agrees: `One of the ${sites} sites alone in a bin is a density of ${say(one, 2)}; the outermost bins hold what lies beyond ${REACH} rms.`,
      ...inGev(units, { [clock.symbol]: "time" }),
      spec: {
        width: WIDTH,
        height: HEIGHT - 40,
        layer: [
          {
            data: { values: drawn },
            params: [{ name: "zoom", select: "interval", bind: "scales" }],
            mark: { type: "line", interpolate: "step", tooltip: true, clip: true, strokeWidth: 1.4 },
            encoding: {
              x: { field: "x", type: "quantitative", title: `(${name} − ⟨${name}⟩)/rms`, ...x },
              y: { field: "density", type: "quantitative", title: "probability density", ...logarithmic(densities) },
              ...family(clock),
            },
          },
          {
            data: { values: normal },
            mark: { type: "line", strokeDash: [5, 4], color: "#000", strokeWidth: 1.2, clip: true },
            encoding: {
              x: { field: "x", type: "quantitative" },
              y: { field: "density", type: "quantitative" },
            },
          },
        ],
      },
    };
  });
}
