/** A field study's result: keys as in the contract, arrays over the records. */
import { constraint, type Densities } from "./friedmann.ts";
import type { Setup } from "./setup.ts";
import { physicalUnits, type UnitsResult } from "./units.ts";

/** [T], or [T][F] where the study names its fields. */
export type Series = number[] | number[][];

export type SeriesWithGaps = (number | null)[] | (number | null)[][];

export interface ModeResult {
  /** Whole wave numbers, of a wave on a lattice. */
  readonly mode?: readonly number[];
  readonly k: number;
  readonly kEff: number;
  /** At each record: of a plane wave its cosine amplitude, signed, [T]; of a mode without a lattice |dphi_k|. */
  readonly amplitude: Series;
  /** [T][F][F], of modes of several fields without a lattice: Re <dphi_f dphi_g^*> over the product of the amplitudes. */
  readonly correlation?: number[][][];
}

export interface SpectrumResult {
  /** Cosmic. */
  readonly time: number;
  /** [bins] mean |k| of a bin, and its number of modes. */
  readonly k: readonly number[];
  readonly count: readonly number[];
  /** [bins], or [F][bins]: mean over the bin of k^d |dphi_k|^2/(2 pi^2, 2 pi, pi for d = 3, 2, 1), averaged over the realisations. */
  readonly power: Series;
  /** The standard error of that average, where there are several realisations. */
  readonly error?: Series;
  /** Where asked for: the same of the cosmic-time derivative, d phi_k/dt. */
  readonly velocityPower?: Series;
  readonly velocityError?: Series;
  /**
   * Where asked for: mean over the bin of n_k of a phi in conformal time (occupation.ts), averaged over the realisations; null where a mode
   * of the bin has no omega, omega_k^2 not being above 0. Of fields whose masses mix those of the mass eigenstates, [F][bins].
   */
  readonly occupation?: SeriesWithGaps;
  readonly occupationError?: SeriesWithGaps;
  /** The <d^2V/dphi^2>, or its eigenvalues, that omega_k has, averaged over the realisations. */
  readonly massSquared?: number | number[];
  /**
   * Where V has masses that mix fields, [F][F]: the mass eigenstates' parts of the fields, those of state i the i-th row, of length 1; of the
   * average over the realisations. States are named after the fields, then the snapshot before, that they overlap with most.
   */
  readonly mixing?: readonly (readonly number[])[];
}

export interface HistogramResult {
  readonly time: number;
  /** One a field where fields have names: bins between low and high of equal width, and the numbers of sites in them; first realisation. */
  readonly low: number | number[];
  readonly high: number | number[];
  readonly counts: Series;
}

export interface SliceResult {
  readonly time: number;
  /** [points][points], or [F][points][points]: the field at the first index 0 in three dimensions, all of it in two; first realisation. */
  readonly values: number[][] | number[][][];
}

export interface FieldResult {
  /** Cosmic. */
  readonly times: number[];
  readonly alphaTimes: number[];
  readonly efolds: number[];
  readonly scaleFactor: number[];
  readonly hubble: number[];
  readonly mean: Series;
  /** Cosmic-time derivative of the mean. */
  readonly velocity: Series;
  readonly variance: Series;
  /** Third central moment over the cube of the rms, and fourth over its fourth power less 3; on a lattice. */
  readonly skewness?: Series;
  readonly kurtosis?: Series;
  /** Densities in cosmic time; the potential's belongs to all fields together. */
  readonly energy: { readonly kinetic: Series; readonly gradient: Series; readonly potential: number[] };
  /** Pressure K - G/3 - V over density K + G + V; null where that is 0, of one realisation or more. */
  readonly equationOfState: (number | null)[];
  /** |H^2 - rho/(3 mp^2)|/(H^2 + rho/(3 mp^2)); self-consistent expansion only. */
  readonly constraint?: number[];
  readonly modes?: ModeResult[];
  readonly spectra?: SpectrumResult[];
  readonly histograms?: HistogramResult[];
  readonly slices?: SliceResult[];
  /** R where there are several realisations: all but histograms and slices is their average then. */
  readonly realisations?: number;
  /** Factors to powers of GeV, where the study has units; all else is in program units. */
  readonly units?: UnitsResult;
  readonly warnings: readonly string[];
}

/** All of one realisation at one time. */
export interface Moment {
  readonly alphaTime: number;
  readonly time: number;
  readonly scaleFactor: number;
  readonly hubble: number;
  /** [F] each. */
  readonly mean: readonly number[];
  readonly velocity: readonly number[];
  readonly variance: readonly number[];
  readonly skewness?: readonly number[];
  readonly kurtosis?: readonly number[];
  readonly kinetic: readonly number[];
  readonly gradient: readonly number[];
  readonly potential: number;
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function densities({ kinetic, gradient, potential }: Moment): Densities {
  return { kinetic: total(kinetic), gradient: total(gradient), potential };
}

/** The averages over realisations of what each has at one time. */
export interface Average extends Moment {
  readonly realisations: number;
  readonly efolds: number;
  /** NaN where a realisation's density is 0. */
  readonly equationOfState: number;
  readonly constraint?: number;
}

/** The average of one record's moments [R]: a long run of many realisations has no room for all of them. */
export function averageOf({ expansion }: Setup, all: readonly Moment[]): Average {
  const average = (pick: (moment: Moment) => number): number => total(all.map(pick)) / all.length;
  const each = (pick: (moment: Moment) => readonly number[]): number[] =>
    pick(all[0]!).map((_, f) => average((moment) => pick(moment)[f]!));
  const shaped = all[0]!.skewness !== undefined;
  return {
    realisations: all.length,
    alphaTime: average(({ alphaTime }) => alphaTime),
    time: average(({ time }) => time),
    scaleFactor: average(({ scaleFactor }) => scaleFactor),
    efolds: average(({ scaleFactor }) => Math.log(scaleFactor)),
    hubble: average(({ hubble }) => hubble),
    mean: each(({ mean }) => mean),
    velocity: each(({ velocity }) => velocity),
    variance: each(({ variance }) => variance),
    ...(shaped ? { skewness: each((m) => m.skewness!), kurtosis: each((m) => m.kurtosis!) } : {}),
    kinetic: each(({ kinetic }) => kinetic),
    gradient: each(({ gradient }) => gradient),
    potential: average(({ potential }) => potential),
    equationOfState: average((moment) => {
      const { kinetic, gradient, potential } = densities(moment);
      const density = kinetic + gradient + potential;
      return density === 0 ? Number.NaN : (kinetic - gradient / 3 - potential) / density;
    }),
    ...(expansion.kind === "selfConsistent"
      ? { constraint: average((moment) => constraint(moment.hubble, densities(moment), expansion.planckMass)) }
      : {}),
  };
}

/** The result of averages over realisations, [T]: of all, or of those that are done. */
export function summarise(
  { named, expansion, study }: Setup,
  averages: readonly Average[],
): Omit<FieldResult, "warnings"> {
  const { realisations = 1 } = averages[0] ?? {};
  const column = (pick: (average: Average) => number): number[] => averages.map(pick);
  const series = (pick: (average: Average) => readonly number[]): Series =>
    named ? averages.map((average) => [...pick(average)]) : column((average) => pick(average)[0]!);
  const shaped = averages[0]?.skewness !== undefined;
  return {
    times: column(({ time }) => time),
    alphaTimes: column(({ alphaTime }) => alphaTime),
    efolds: column(({ efolds }) => efolds),
    scaleFactor: column(({ scaleFactor }) => scaleFactor),
    hubble: column(({ hubble }) => hubble),
    mean: series(({ mean }) => mean),
    velocity: series(({ velocity }) => velocity),
    variance: series(({ variance }) => variance),
    ...(shaped ? { skewness: series((m) => m.skewness!), kurtosis: series((m) => m.kurtosis!) } : {}),
    energy: {
      kinetic: series(({ kinetic }) => kinetic),
      gradient: series(({ gradient }) => gradient),
      potential: column(({ potential }) => potential),
    },
    equationOfState: averages.map(({ equationOfState }) => (Number.isNaN(equationOfState) ? null : equationOfState)),
    ...(expansion.kind === "selfConsistent" ? { constraint: column((m) => m.constraint!) } : {}),
    ...(realisations > 1 ? { realisations } : {}),
    ...(study.units ? { units: physicalUnits(study.units) } : {}),
  };
}
