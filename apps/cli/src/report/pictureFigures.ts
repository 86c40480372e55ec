/** A lattice's spectra and histograms over time, each as a family of lines coloured by time. */
import { REACH } from "@slowroll/core/field/pictures";
import type { SpectrumResult } from "@slowroll/core/field/result";
import type { Quantity } from "@slowroll/core/field/units";
import type { FieldDocument } from "../document.ts";
import { linear, logarithmic } from "./axes.ts";
import { type Clock, clockOf } from "./clock.ts";
import { type Figure, HEIGHT, logThinned, say, thinned, WIDTH, zoom } from "./figure.ts";
import { inGev } from "./gev.ts";
import { ofFirst } from "./sliceFigures.ts";

/** Lines of a family drawn at most: more colours cannot be told apart. */
const FAMILY = 16;
/** Bins of a spectrum drawn at most, more than an axis has pixels for each octave. */
export const BINS = 512;
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

/** What is drawn of spectra: a family of lines by k for each field. */
interface Spectral {
  readonly id: string;
  readonly title: (name: string) => string;
  readonly y: (name: string) => string;
  readonly of: (spectrum: SpectrumResult) => SpectrumResult["power"] | SpectrumResult["occupation"];
  readonly error: (spectrum: SpectrumResult) => SpectrumResult["error"] | SpectrumResult["occupationError"];
  readonly quantity: Quantity;
  /** The last line in words. */
  readonly agrees: (last: SpectrumResult, values: readonly (number | null)[], f: number) => string;
  readonly shows?: string;
  /** What a dashed line marks, across. */
  readonly level?: number | undefined;
}

/** A line of a family: what is drawn of one field's spectrum by k, and its standard errors; either is empty where the spectrum has none. */
interface Line {
  readonly k: readonly number[];
  readonly time: number;
  readonly values: readonly (number | null)[];
  readonly errors: readonly (number | null)[];
}

/** The lines' points at these bins, but for those that lie below the axis. */
function pointsOf(lines: readonly Line[], bins: readonly number[]) {
  const all = lines.flatMap(({ k, time, values }) =>
    bins.flatMap((b) => (b < values.length ? { k: k[b]!, value: values[b]!, time } : [])),
  );
  const most = all.reduce((high, { value }) => Math.max(high, value ?? 0), 0);
  // A null breaks a line, as what is too small does not: it lies below the axis.
  return all.filter(({ value }) => value === null || value > FLOOR * most);
}

/** Standard errors of the average over realisations, where they leave the logarithmic axis. */
function barsOf(lines: readonly Line[], bins: readonly number[]) {
  return lines.flatMap(({ k, time, values, errors }) =>
    bins.flatMap((b) => {
      const [mean, sigma] = [values[b] ?? null, errors[b] ?? null];
      if (mean === null || sigma === null) return [];
      return { k: k[b]!, time, low: Math.max(mean - sigma, mean / 10), high: mean + sigma };
    }),
  );
}

const barLayer = (bars: ReturnType<typeof barsOf>) => ({
  data: { values: bars },
  mark: { type: "rule" as const, clip: true },
  encoding: {
    x: { field: "k", type: "quantitative" as const },
    y: { field: "low", type: "quantitative" as const },
    y2: { field: "high" },
    color: { field: "time", type: "quantitative" as const },
  },
});

/** The mark of a value with a meaning, across or upright. */
const DASHED = { type: "rule" as const, strokeDash: [4, 4], color: "#999" };

function familyFigure(document: FieldDocument, name: string, f: number, what: Spectral): Figure[] {
  const { spectra, units, config, realisations } = document;
  const clock = clockOf(document);
  const { lattice } = config;
  if (!spectra || spectra.length === 0 || !lattice) return [];
  const named = config.field.fields !== undefined;
  const own = (of: ReturnType<Spectral["of"]>): readonly (number | null)[] =>
    of === undefined ? [] : part<(number | null)[]>(of as (number | null)[] | (number | null)[][], f, named);
  const lines = thinned(spectra.length, FAMILY).map((s): Line => {
    const spectrum = spectra[s]!;
    const time = clock.of(spectrum.time);
    return { k: spectrum.k, time, values: own(what.of(spectrum)), errors: own(what.error(spectrum)) };
  });
  const total = spectra[0]!.k.length;
  const bins = logThinned(total, BINS);
  const drawn = pointsOf(lines, bins);
  const above = drawn.flatMap(({ value }) => value ?? []);
  if (above.length === 0) return [];
  const bars = barsOf(lines, bins);
  const last = spectra[spectra.length - 1]!;
  const nyquist = (Math.PI * lattice.points) / lattice.length;
  const y = what.y(name);
  const { level } = what;
  const someTimes = lines.length < spectra.length ? `, ${lines.length} of ${spectra.length}` : "";
  const someBins = bins.length < total ? `, at ${bins.length} of ${total} bins` : "";
  const dashed = level === undefined ? "dashed" : "upright dashed";
  const barred = bars.length > 0 ? ` Bars are standard errors of the average over ${realisations} realisations.` : "";
  return [
    {
      id: `${what.id}${f > 0 ? f : ""}`,
      title: what.title(name),
      shows: `${y} by comoving wave number k, coloured by time${someTimes}${someBins}. ${what.shows ?? ""}Beyond the ${dashed} line, the Nyquist wave number ${say(nyquist)} of an axis, only corners of the lattice have modes.${barred}`,
      agrees: what.agrees(last, lines.at(-1)!.values, f),
      ...inGev(units, {
        k: "wavenumber",
        [what.quantity === "occupation" ? y : "power"]: what.quantity,
        [clock.symbol]: "time",
      }),
      spec: {
        width: WIDTH,
        height: HEIGHT,
        layer: [
          {
            data: { values: drawn },
            params: [zoom()],
            mark: { type: "line", tooltip: true, clip: true, strokeWidth: 1.4 },
            encoding: {
              x: { field: "k", type: "quantitative", title: "comoving k", ...logarithmic(drawn.map(({ k }) => k)) },
              y: {
                field: "value",
                type: "quantitative",
                title: y,
                ...logarithmic([...above, ...(level ? [level] : [])]),
              },
              ...family(clock),
            },
          },
          ...(bars.length > 0 ? [barLayer(bars)] : []),
          {
            data: { values: [{ k: nyquist }] },
            mark: DASHED,
            encoding: { x: { field: "k", type: "quantitative" } },
          },
          ...(level
            ? [
                {
                  data: { values: [{ level }] },
                  mark: DASHED,
                  encoding: { y: { field: "level", type: "quantitative" as const } },
                },
              ]
            : []),
        ],
      },
    },
  ];
}

const peak = ({ k }: SpectrumResult, values: readonly (number | null)[]): string => {
  const at = values.reduce<number>((best, value, b) => ((value ?? 0) > (values[best] ?? 0) ? b : best), 0);
  return `at k = ${say(k[at])} with ${say(values[at] ?? undefined)}`;
};

/** A mass eigenstate that is not a field by itself, to the digits that are said. */
function stateOf({ mixing }: SpectrumResult, names: readonly string[], f: number): string {
  const parts = mixing?.[f]?.flatMap((part, g) =>
    Math.abs(part) < 5e-3 ? [] : [`${part < 0 ? "−" : "+"} ${Math.abs(part).toFixed(2)} ${names[g]}`],
  );
  return !parts || parts.length < 2 ? "" : ` of the mass eigenstate ${parts.join(" ").replace(/^\+ /, "")}`;
}

/** The spectra of each field, and where asked for those of its velocity and its occupation numbers. */
export function spectrumFigures(document: FieldDocument, names: readonly string[]): Figure[] {
  const { lattice, fluctuations } = document.config;
  const dimensions = lattice?.dimensions ?? 3;
  const level = fluctuations.kind === "vacuum" ? fluctuations.amplitude ** 2 / 2 : undefined;
  const kinds: Spectral[] = [
    {
      id: "spectra",
      title: (name) => `Power spectra of ${name}`,
      y: (name) => POWER(name, dimensions),
      of: ({ power }) => power,
      error: ({ error }) => error,
      quantity: "power",
      agrees: (last, values) => `At the end the power peaks ${peak(last, values)}.`,
    },
    {
      id: "velocitySpectra",
      title: (name) => `Power spectra of d${name}/dt`,
      y: (name) => POWER(`${name}′`, dimensions),
      of: ({ velocityPower }) => velocityPower,
      error: ({ velocityError }) => velocityError,
      quantity: "velocityPower",
      shows: "The prime is the derivative in cosmic time. ",
      agrees: (last, values) => `At the end the power peaks ${peak(last, values)}.`,
    },
    {
      id: "occupation",
      title: (name) => `Occupation numbers of ${name}`,
      y: () => "nₖ",
      of: ({ occupation }) => occupation,
      error: ({ occupationError }) => occupationError,
      quantity: "occupation",
      level,
      shows: `${level === undefined ? "" : `The level dashed line is the vacuum's, ${say(level)}. `}Modes without a frequency, ω² = k² + a²⟨V″⟩ ≤ 0, have none. `,
      agrees: (last, values, f) => {
        const mass = last.massSquared;
        const own = typeof mass === "object" ? mass[f] : mass;
        const state = stateOf(last, names, f);
        return values.some((value) => value !== null)
          ? `At the end they are largest ${peak(last, values)}; ⟨V″⟩ = ${say(own)}${state}.`
          : `At the end no bin has them, with ⟨V″⟩ = ${say(own)}${state}.`;
      },
    },
  ];
  return names.flatMap((name, f) => kinds.flatMap((kind) => familyFigure(document, name, f, kind)));
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
      shows: `Probability density of (${name} − ⟨${name}⟩)/rms over the sites${ofFirst(document)}, coloured by time${shown.length < histograms.length ? `, ${shown.length} of ${histograms.length}` : ""}; dashed, a Gaussian.`,
      agrees: `One of the ${sites} sites alone in a bin is a density of ${say(one, 2)}; the outermost bins hold what lies beyond ${REACH} rms.`,
      ...inGev(units, { [clock.symbol]: "time" }),
      spec: {
        width: WIDTH,
        height: HEIGHT - 40,
        layer: [
          {
            data: { values: drawn },
            params: [zoom()],
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
