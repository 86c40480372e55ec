/** The job of evolving a lattice of fields: its grid and state, its schedule, and what is observed of it. */
import type { Potential } from "../potential/potential.ts";

/** What a lattice job can reduce at an observation. Every mean is over the sites of one realisation. */
export type Reduction =
  /** <phi_f> and <(phi_f - <phi_f>)^2>, [realisations][fields] each. */
  | { readonly kind: "field" }
  /** <(phi_f - <phi_f>)^3> and <(phi_f - <phi_f>)^4>. */
  | { readonly kind: "shape" }
  /** <pi_f> and <pi_f^2>. */
  | { readonly kind: "momentum" }
  /** -<phi_f Laplacian phi_f> with the job's stencil. */
  | { readonly kind: "gradient" }
  /** <V>, [realisations]. */
  | { readonly kind: "potential" }
  /** 2 <phi_f cos(k.x)>, k = 2 pi mode/length: the cosine amplitude of one plane wave. */
  | { readonly kind: "cosine"; readonly mode: readonly number[] };

/** One observation's reductions; a quantity that was not asked for is absent. */
export interface Observation {
  /** After how many operations of the schedule it was made. */
  readonly afterOperation: number;
  /** [realisations][fields] each, but `potential`: [realisations], and `cosine`: one array a mode asked for, in order. */
  readonly fieldMean?: Float64Array;
  readonly fieldVariance?: Float64Array;
  readonly fieldThird?: Float64Array;
  readonly fieldFourth?: Float64Array;
  readonly momentumMean?: Float64Array;
  readonly momentumSquare?: Float64Array;
  readonly gradient?: Float64Array;
  readonly potential?: Float64Array;
  readonly cosine?: readonly Float64Array[];
  /** q, q' and the clock, [realisations][3], where the schedule is coupled. */
  readonly global?: Float64Array;
}

/** What a snapshot makes of the whole lattice: each costs more than a pass over it. */
export type Picture =
  /** Binned powers of the discrete Fourier transform: see Snapshot. */
  | { readonly kind: "spectrum" }
  /** The same of the momenta, times one number of each realisation, [realisations], that follows from the observation made with the snapshot. */
  | { readonly kind: "momentumSpectrum"; factor(made: Observation): Float64Array }
  /**
   * Binned energies over frequencies of the modes as oscillators, made from that observation and <d^2V/dphi_f dphi_g>, [realisations][fields]
   * [fields]: see Snapshot.
   */
  | {
      readonly kind: "oscillators";
      /** [points/2 + 1]: what a mode's number along an axis adds to its omega^2, of 0 nothing. */
      readonly waveSquares: Float64Array;
      of(made: Observation, curvature: Float64Array): Oscillators;
    }
  /** Numbers of sites by value in `bins` equal bins from the mean - `reach` rms to the mean + `reach` rms; what lies beyond counts in the ends. */
  | { readonly kind: "histogram"; readonly bins: number; readonly reach: number }
  /** The field where the first of three grid indices is `index`; in two dimensions the whole field. Not in one. */
  | { readonly kind: "slice"; readonly index: number };

/**
 * Modes n as oscillators of coordinate A psi_n, velocity B psi_n + C rho_n and omega^2 = the sum of their waveSquares + massSquared, psi and
 * rho being combinations of the fields phi and momenta pi: psi_i = sum_g rotation_ig phi_g, and rho as psi.
 */
export interface Oscillators {
  /** A, B and C, [realisations] each. */
  readonly coordinate: Float64Array;
  readonly turning: Float64Array;
  readonly velocity: Float64Array;
  /** [realisations][fields], of each combination. */
  readonly massSquared: Float64Array;
  /** [realisations][fields][fields]; where not given, each combination is a field by itself. */
  readonly rotation?: Float64Array;
}

/** One snapshot; what belongs to a picture that was not asked for is absent. */
export interface Snapshot {
  readonly afterOperation: number;
  /**
   * [realisations][fields][bins]: sum over the modes n in bin round(|n|), n whole numbers in (-points/2, points/2], of
   * |n|^dimensions |sum_x phi(x) exp(-2 pi i n.x/points)|^2. Bins 0 .. spectrumBins(grid) - 1; n = 0 is left out.
   */
  readonly spectra?: Float64Array;
  /** Likewise of the momenta, times their factor. */
  readonly momentumSpectra?: Float64Array;
  /**
   * [realisations][fields][bins], each combination in the place of a field: sum over the modes n in a bin, n = 0 left out and those whose
   * omega^2 is not above 0, of omega_n |A psi_n|^2 + |B psi_n + C rho_n|^2/omega_n, psi_n and rho_n being sums over the sites as above.
   */
  readonly oscillators?: Float64Array;
  /** <d^2V/dphi_f dphi_g>, [realisations][fields][fields], where oscillators are asked for. */
  readonly curvature?: Float64Array;
  /** [realisations][fields]: where each histogram begins and ends. */
  readonly histogramLow?: Float64Array;
  readonly histogramHigh?: Float64Array;
  /** [realisations][fields][bins]. */
  readonly histogramCounts?: Float64Array;
  /** [realisations][fields][points^2]. */
  readonly slices?: Float64Array;
}

/** What a histogram gives. */
export type Histogram = Required<Pick<Snapshot, "histogramLow" | "histogramHigh" | "histogramCounts">>;

/** A cubic periodic grid: points^dimensions sites, `spacing` apart. */
export interface Grid {
  readonly dimensions: 1 | 2 | 3;
  /** Points along each side. */
  readonly points: number;
  readonly spacing: number;
  /** Order of the Laplacian's central stencil: see STENCILS. */
  readonly stencil: 2 | 4 | 6;
}

/**
 * Weights w_j of the neighbours at distance j = 1, 2, ... along an axis: dx^2 Laplacian phi = sum over axes and j of
 * w_j (phi(x + j) + phi(x - j) - 2 phi(x)), the central second difference of each order (Fornberg, Math. Comp. 51 (1988) 699, table 1).
 */
export const STENCILS: Readonly<Record<Grid["stencil"], readonly number[]>> = {
  2: [1],
  4: [4 / 3, -1 / 12],
  6: [3 / 2, -3 / 20, 1 / 90],
};

/** Bins of a spectrum, the one of n = 0 among them. */
export function spectrumBins({ dimensions, points }: Pick<Grid, "dimensions" | "points">): number {
  return Math.round(Math.sqrt(dimensions) * Math.floor(points / 2)) + 1;
}

/** [realisations][fields][sites] each, last grid index fastest. */
export interface LatticeState {
  readonly field: Float64Array;
  readonly momentum: Float64Array;
}

/**
 * Operation o first kicks, then drifts, all realisations alike:
 *   pi_f  += coefficients[o][0] Laplacian phi_f - coefficients[o][1] dV/dphi_f
 *   phi_f += coefficients[o][2] pi_f
 * Any composition of kicks and drifts with prescribed coefficients is such a list, whatever its order and background.
 */
export interface PrescribedSchedule {
  readonly kind: "prescribed";
  /** [operations][3], float64. */
  readonly coefficients: Float64Array;
}

/** factor q^power. */
export interface Monomial {
  readonly factor: number;
  readonly power: number;
}

/**
 * Each realisation has one number q that sets the strengths of its kicks and drifts and is in turn driven by its means. With P the sum
 * over fields of <pi_f^2>, G that of -<phi_f Laplacian phi_f>, U = <V>, and each coefficient a monomial in q,
 *   A(q) = acceleration.momentumSquare(q) P + acceleration.gradient(q) G + acceleration.potential(q) U.
 * Operation o, of duration h = durations[o], is
 *   q' += h/2 A(q)   and   pi_f += h/2 (laplacian(q) Laplacian phi_f - force(q) dV/dphi_f), A with pi_f as it was before;
 *   q1 = q + h q', m = (q + q1)/2: phi_f += h drift(m) pi_f, clock += h clock(m), q = q1;
 *   the same half kick of pi_f with the new q and phi_f, then the same of q' with the new pi_f.
 */
export interface CoupledSchedule {
  readonly kind: "coupled";
  /** [operations], negative ones too. */
  readonly durations: Float64Array;
  /** q, q' and the clock before the first operation that is done, [realisations][3]. */
  readonly initial: Float64Array;
  readonly acceleration: {
    readonly momentumSquare: Monomial;
    readonly gradient: Monomial;
    readonly potential: Monomial;
  };
  readonly laplacian: Monomial;
  readonly force: Monomial;
  readonly drift: Monomial;
  readonly clock: Monomial;
}

/** How far some consecutive realisations have come. */
export interface Reached {
  readonly realisations: number;
  /** Operations done. */
  readonly operation: number;
  /** All that has been observed of them so far. */
  readonly observations: readonly Observation[];
  readonly snapshots: readonly Snapshot[];
}

/** States between two operations, from which a job of the same schedule goes on to the same numbers. */
export interface LatticeCheckpoint {
  readonly state: LatticeState;
  /** q, q' and the clock, [realisations][3], where the schedule is coupled. */
  readonly global?: Float64Array;
  /** Of all realisations, in their order: several where some wait for others, and the furthest are then the first. */
  readonly parts: readonly Reached[];
}

/** Evolve R realisations of F fields by a splitting that physics has reduced to numbers. */
export interface LatticeJob {
  readonly grid: Grid;
  readonly realisations: number;
  readonly fields: number;
  /**
   * Of as many fields as the job has: one for all realisations, or a list of each one's, [realisations], of one form: the same operations
   * on other numbers (potential/form.ts).
   */
  readonly potential: Potential | readonly Potential[];
  /**
   * The state before the first operation that is done; asked for once the engine knows that it fits. The arrays are the engine's from then
   * on: what it saves and gives at the end may stand in them.
   */
  initial(): Promise<LatticeState>;
  /** Bytes, about, that making it takes beside the state: they may stay with the process for long. Nothing where not given. */
  initialBytes?(): number;
  readonly schedule: PrescribedSchedule | CoupledSchedule;
  /** Where a job like this one was left: what the start is then, in place of `initial`, and what the report begins with. */
  readonly resume?: LatticeCheckpoint | undefined;
  /** Ascending numbers of operations (0: the initial state) after which the reductions are made. */
  readonly observeAfter: readonly number[];
  readonly reductions: readonly Reduction[];
  /** Of a picture that is made from an observation, `after` are among `observeAfter`. */
  readonly snapshots?: { readonly after: readonly number[]; readonly pictures: readonly Picture[] };
  /**
   * `save` is called with a state about every `seconds`, and before an interrupted job throws. Nothing moves on until it resolves; the
   * state's arrays are the job's own again then.
   */
  readonly checkpoint?: { readonly seconds: number; save(checkpoint: LatticeCheckpoint): Promise<void> };
}

/** Each realisation's potential. */
export function potentialsOf({
  potential,
  realisations,
}: Pick<LatticeJob, "potential" | "realisations">): readonly Potential[] {
  return "tree" in potential ? new Array<Potential>(realisations).fill(potential) : potential;
}

/**
 * What a stretch observes: of the ascending operations `after` those from the `next`-th on that are not past `halt`, at most `capacity`. The rest
 * is not looked at, since there may be millions of each.
 */
export function dueUntil(after: readonly number[], next: number, capacity: number, halt: number): number[] {
  let end = next;
  while (end < next + capacity && after[end]! <= halt) end++;
  return after.slice(next, end);
}
