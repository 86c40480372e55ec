/** Figures of fields on their background. */
import { integratorOf } from "@slowroll/core/field/schedule";
import type { FieldDocument } from "../document.ts";
import { hasEnergy } from "../fieldSummary.ts";
import { component } from "../outputs.ts";
import { clockOf } from "./clock.ts";
import { type Figure, largest, say, thinned } from "./figure.ts";
import { inGev } from "./gev.ts";
import { histogramFigures, spectrumFigures } from "./pictureFigures.ts";
import { sliceFigures } from "./sliceFigures.ts";
import { sweepFigures } from "./sweepFigures.ts";
import { type Line, type Panel, timeFigure } from "./timeFigure.ts";

type FieldSeries = NonNullable<FieldDocument["mean"]>;

/** Mean against fluctuations below which a mean that symmetry keeps at zero is rounding. */
const ROUNDING = 1e-9;
/** Fields whose energies are drawn apart: more dashes cannot be told apart. */
const FIELDS_APART = 3;
/** Of skewness and kurtosis, below which nobody looks. */
const SPAN = 0.1;
/** Relative change of H below which it is constant. */
const CONSTANT = 1e-9;
/** Modes drawn at most: as many as there are colours. */
const MODES = 8;

/** A quantity of each field as [T] of its own. */
function byField(of: FieldSeries | undefined, names: readonly string[]): Line[] {
  return of ? names.map((name, f) => ({ name, values: component(of, f) })) : [];
}

/** Several lines' first and last values in words. */
function ends(lines: readonly Line[]): string {
  return lines.map(({ name, values }) => `${name} from ${say(values[0])} to ${say(values.at(-1))}`).join(", ");
}

const added = (lines: readonly Line[]): number[] =>
  lines[0]!.values.map((_, r) => lines.reduce((sum, { values }) => sum + values[r]!, 0));

function meanFigure(document: FieldDocument, names: readonly string[]): Figure {
  const { units, config } = document;
  const clock = clockOf(document);
  const mean = byField(document.mean, names);
  const panels: Panel[] = [
    { y: "⟨φ⟩", lines: mean },
    { y: "d⟨φ⟩/dt", lines: byField(document.velocity, names) },
  ];
  return timeFigure(clock, panels, {
    id: "field",
    title: names.length > 1 ? "The mean fields" : "The mean field",
    shows: `Mean of ${names.length > 1 ? "each field φ" : "the field"} and its derivative in cosmic time.`,
    agrees: `${ends(mean)}, ${config.lattice ? `by ${integratorOf(config.time)}` : config.time.integrator ? `by ${config.time.integrator} in float64` : "in float64 to a relative error of 10⁻¹⁰"}.`,
    ...inGev(units, { [clock.symbol]: "time", "⟨φ⟩": "field", "d⟨φ⟩/dt": "velocity" }),
  });
}

function backgroundFigure(document: FieldDocument): Figure {
  const { scaleFactor = [], hubble = [], efolds, units, config } = document;
  const clock = clockOf(document);
  const first = hubble[0]!;
  const isConstant = hubble.every((value) => Math.abs(value - first) <= CONSTANT * Math.abs(first));
  const panels: Panel[] = [
    { y: "a", lines: [{ name: "a", values: scaleFactor }], log: true },
    // A table's may contract.
    ...(isConstant
      ? []
      : [{ y: "H", lines: [{ name: "H", values: hubble }], log: hubble.every((value) => value > 0) }]),
  ];
  const { kind } = config.background;
  return timeFigure(clock, panels, {
    id: "scaleFactor",
    title: "The background",
    shows: `Scale factor a${isConstant ? "" : " and Hubble rate H"} of the ${kind} background.`,
    agrees: `${say(efolds?.at(-1))} e-folds in all, H ${isConstant ? `= ${say(first)} throughout` : `from ${say(first)} to ${say(hubble.at(-1))}`}; ${kind === "selfConsistent" ? "the fields' own mean energies drive it" : "the background is prescribed"}.`,
    ...inGev(units, { [clock.symbol]: "time", H: "hubble" }),
  });
}

function energyFigure(document: FieldDocument, energy: NonNullable<FieldDocument["energy"]>, names: readonly string[]) {
  const { units, config } = document;
  const clock = clockOf(document);
  const apart = names.length > 1 && names.length <= FIELDS_APART;
  const part = (name: string, of: FieldSeries): Line[] => {
    const lines = byField(of, names);
    return apart ? lines.map(({ name: field, values }) => ({ name, field, values })) : [{ name, values: added(lines) }];
  };
  const shared = (name: string, values: readonly number[]): Line => ({
    name,
    values,
    ...(apart ? { field: "all fields" } : {}),
  });
  const parts: Line[] = [
    shared("potential", energy.potential),
    ...part("kinetic", energy.kinetic),
    ...part("gradient", energy.gradient),
  ];
  const total = added(parts);
  const last = total.length - 1;
  return timeFigure(
    clock,
    [{ y: "energy density", lines: [{ ...shared("total", total), colour: "#000" }, ...parts], log: true }],
    {
      id: "energies",
      title: "Energy densities by part",
      shows: `Kinetic, gradient and potential energy densities (of cosmic-time derivatives) and their sum${apart ? ", the first two by field" : names.length > 1 ? ", of all fields together" : ""}${config.lattice ? "" : " (a homogeneous field has no gradient)"}; what is zero or negative is left out.`,
      agrees: `The sum goes from ${say(total[0])} to ${say(total[last])}${total[last]! < total[0]! ? ": expansion takes energy out of the fields" : ""}.`,
      ...inGev(units, { [clock.symbol]: "time", density: "energyDensity" }),
    },
  );
}

/** None where energy is no two times other than 0. */
function stateFigures(document: FieldDocument, all: readonly (number | null)[]): Figure[] {
  const { units } = document;
  const clock = clockOf(document);
  const known = all.flatMap((value, r) => (value === null ? [] : [{ value, r }]));
  if (known.length < 2) return [];
  const values = known.map(({ value }) => value);
  const times = known.map(({ r }) => document.times![r]!);
  const references = [
    { value: -1, label: "vacuum" },
    { value: 0, label: "matter" },
    { value: 1 / 3, label: "radiation" },
  ];
  // Trapezoids over cosmic time: oscillations of the homogeneous field average to what drives the expansion.
  const from = Math.floor(values.length / 2);
  let [area, span] = [0, 0];
  for (let r = Math.max(1, from); r < values.length; r++) {
    area += ((values[r]! + values[r - 1]!) / 2) * (times[r]! - times[r - 1]!);
    span += times[r]! - times[r - 1]!;
  }
  const shown = { ...clock, times: known.map(({ r }) => clock.times[r]!) };
  const figure = timeFigure(shown, [{ y: "w", lines: [{ name: "w", values }], references }], {
    id: "equationOfState",
    title: "Equation of state",
    shows: "w = pressure over energy density, (K − G/3 − V)/(K + G + V) of the mean energy densities.",
    agrees: `From ${say(values[0])} to ${say(values.at(-1))}${span > 0 ? `; its mean over the later half of the records is ${say(area / span)}` : ""}.`,
    ...inGev(units, { [clock.symbol]: "time" }),
  });
  return [figure];
}

function constraintFigure(document: FieldDocument, constraint: readonly number[]): Figure {
  const clock = clockOf(document);
  // The first record's is rounding by construction and would stretch the axis.
  return timeFigure(
    { ...clock, times: clock.times.slice(1) },
    [
      {
        y: "|H² − ρ/3m²|/(H² + ρ/3m²)",
        lines: [{ name: "constraint", values: constraint.slice(1) }],
        log: true,
      },
    ],
    {
      id: "constraint",
      title: "The first Friedmann equation",
      shows:
        "How far the expansion is from what the energy density asks for, the check of energy conservation; at the start it holds by construction.",
      agrees: `At most ${say(largest(constraint), 2)}, ${say(constraint.at(-1), 2)} at the end.`,
      ...inGev(document.units, { [clock.symbol]: "time" }),
    },
  );
}

function fluctuationFigure(document: FieldDocument, names: readonly string[], zeroMean: number | undefined): Figure {
  const { units } = document;
  const clock = clockOf(document);
  const variance = byField(document.variance, names);
  const skewness = byField(document.skewness, names);
  const panels: Panel[] = [
    { y: "variance", lines: variance, log: true },
    ...(skewness.length > 0
      ? [
          { y: "skewness", lines: skewness, span: SPAN },
          { y: "excess kurtosis", lines: byField(document.kurtosis, names), span: SPAN },
        ]
      : []),
  ];
  return timeFigure(clock, panels, {
    id: "variance",
    title: names.length > 1 ? "Fluctuations of the fields" : "Fluctuations of the field",
    shows: `Variance over the lattice${skewness.length > 0 ? ", and skewness and excess kurtosis, both zero for a Gaussian field" : ""}.`,
    agrees: `Variance: ${ends(variance)}${zeroMean === undefined ? "" : `; the mean stays zero to rounding, at most ${say(zeroMean, 2)}`}.`,
    ...inGev(units, { [clock.symbol]: "time", variance: "variance" }),
  });
}

type Modes = NonNullable<FieldDocument["modes"]>;

function waveFigure(document: FieldDocument, { mode, k, kEff, amplitude }: Modes[number]): Figure {
  const clock = clockOf(document);
  const values = amplitude as number[];
  const [first, last] = [values[0]!, values.at(-1)!];
  return timeFigure(clock, [{ y: "cosine amplitude", lines: [{ name: "amplitude", values }] }], {
    id: "mode",
    title: "The plane wave",
    shows: `Signed amplitude of the wave ${mode?.join(", ")}: wave number k = ${say(k)}, on this lattice k_eff = ${say(kEff)}.`,
    agrees: first === 0 ? `It goes from 0 to ${say(last)}.` : `It ends at ${say(last / first)} of its first value.`,
    ...inGev(document.units, { [clock.symbol]: "time", amplitude: "field", k: "wavenumber" }),
  });
}

/** Correlations of each two fields, a line a wave number, where the pairs are few. */
function correlationPanels(modes: Modes, names: readonly string[]): Panel[] {
  if (names.length > FIELDS_APART) return [];
  return names.flatMap((field, f) =>
    names.slice(f + 1).map((other, after) => ({
      y: `ρ(${field}, ${other})`,
      lines: modes.flatMap(({ k, correlation }) =>
        correlation ? [{ name: `k = ${say(k)}`, values: correlation.map((matrix) => matrix[f]![f + 1 + after]!) }] : [],
      ),
      span: SPAN,
    })),
  );
}

/** A panel a field, a line a wave number. */
function modeFigure(document: FieldDocument, modes: Modes, names: readonly string[]): Figure {
  const clock = clockOf(document);
  const shown = thinned(modes.length, MODES).map((m) => modes[m]!);
  const several = names.length > 1;
  const panels = names.map((field, f) => ({
    y: several ? `|δφₖ| of ${field}` : "|δφₖ|",
    lines: shown.map(({ k, amplitude }) => ({
      name: `k = ${say(k)}`,
      values: byField(amplitude, names)[f]!.values,
    })),
    log: true,
  }));
  const correlations = correlationPanels(shown, names);
  const told = panels.map(({ lines }, f) => {
    const [first, last] = [lines[0]!.values, lines.at(-1)!.values];
    const end = last.length - 1;
    const size =
      lines.length === 1
        ? `at ${say(first[end]! / first[0]!)} of its first value`
        : `at ${say(first[end])} (smallest k) to ${say(last[end])}`;
    return several ? `${names[f]} ${size}` : size;
  });
  return timeFigure(clock, [...panels, ...correlations], {
    id: "mode",
    title: modes.length > 1 ? "The vacuum's modes" : `The mode k = ${say(modes[0]!.k)}`,
    shows: `Size of the vacuum's mode functions by comoving wave number${shown.length < modes.length ? `, ${shown.length} of the ${modes.length}` : ""}${several ? ", in each field" : ""}${correlations.length > 0 ? ", and the correlation ρ of each two fields in them" : ""}.`,
    agrees: `${modes.length > 1 ? "They end" : "It ends"} ${told.join("; ")}.`,
    ...inGev(document.units, { [clock.symbol]: "time", "|δφₖ|": "modeFunction", k: "wavenumber" }),
  });
}

export async function fieldFigures(document: FieldDocument): Promise<Figure[]> {
  const { times = [], energy, modes, constraint, equationOfState, config, sweep } = document;
  if (sweep) return sweepFigures(document, sweep);
  if (times.length < 2) return [];
  const names = config.field.fields ?? ["φ"];
  const variances = byField(document.variance, names).map(({ values }) => largest(values));
  const mostMean = Math.max(0, ...byField(document.mean, names).map(({ values }) => largest(values)));
  const rms = Math.sqrt(Math.max(0, ...variances));
  const meanIsZero = mostMean <= ROUNDING * rms;
  const isEmpty = !hasEnergy(document);
  return [
    ...(meanIsZero ? [] : [meanFigure(document, names)]),
    backgroundFigure(document),
    ...(energy && !isEmpty ? [energyFigure(document, energy, names)] : []),
    ...(equationOfState && !isEmpty ? stateFigures(document, equationOfState) : []),
    ...(constraint && largest(constraint) > 0 ? [constraintFigure(document, constraint)] : []),
    ...(rms > 0 ? [fluctuationFigure(document, names, meanIsZero ? mostMean : undefined)] : []),
    ...(modes?.[0] ? [modes[0].mode ? waveFigure(document, modes[0]) : modeFigure(document, modes, names)] : []),
    ...spectrumFigures(document, names),
    ...histogramFigures(document, names),
    ...(await sliceFigures(document, names)),
  ];
}
