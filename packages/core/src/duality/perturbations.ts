/**
 * Perturbations (physics.md section 4.4): the variance of phi over the ensemble along one eigenvector of the infinite-width kernel, against
 * the power of one wave k of the dual field, `exact`'s (dual.ts), from its vacuum in de Sitter space on a lattice; both over what they are at
 * the last record. A network has no gradients: deviations from the ensemble's mean are waves far outside the horizon, k << aH. A real wave
 * comes to move as they do, its power by (k/aH)^2 = exp(-2N) off, N e-folds after its horizon exit, k = aH.
 *
 * Both then fall as the slower of the field's two solutions, as a^(2 nu - 3) with nu^2 = 9/4 - m^2/H^2. The vacuum has the other one too, down
 * by exp(-2 nu N), which outlasts (k/aH)^2 where nu < 1. Descent with momentum has it from its start at rest, down by as much from step 0
 * on; without momentum it has one solution, the slower where eta lambda V'' is below 1 - 1/e.
 *
 * Networks of finite width have kernels of their own, and a mean of exponentials of different rates is none. That, times the steps to the last
 * record, and the number of networks set a floor that the difference falls below: it is fitted above the floor. Several outputs are
 * fields of one mass: their variances are averaged.
 */
import { cooperate, type Work } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleBatch } from "../engine/ensembleJob.ts";
import { InputError } from "../errors.ts";
import { deSitterVacuum } from "../field/bunchDavies.ts";
import { eigenvalueRounding } from "../linalg/eigen.ts";
import type { JobSetup, NetworkSetup } from "../network/setup.ts";
import { quadraticMass } from "../theory/prediction.ts";
import { resampled, spread } from "./bootstrap.ts";
import { exactField, exactMode, type FreeField } from "./dual.ts";
import { FIT_BEFORE_LAST, FIT_EFOLDS, FIT_RECORDS, type Timetable } from "./efolds.ts";
import { latticePower, wavenumberOf } from "./latticePower.ts";
import { meanOver, slope } from "./scaling.ts";

/** Keys as in the contract, and more; [T] records. */
export interface PerturbationsResult {
  readonly mode: number;
  /** The dual field in step time, and its wave's k_eff, a being 1 at step 0. */
  readonly dual: { readonly friction: number; readonly massSquared: number; readonly wavenumber: number };
  /** [T] steps. */
  readonly times: readonly number[];
  /** [T] after horizon exit: ln(aH/k). */
  readonly efolds: readonly number[];
  /** [T] variance over the ensemble, mean over outputs, and [T] the lattice's power; 1 at the last. */
  readonly network: number[];
  readonly lattice: number[];
  /** [T] |lattice/network - 1|. */
  readonly difference: number[];
  /** [T] bootstrap standard deviation of the difference, over networks and the lattice's realisations. */
  readonly errors: number[];
  /**
   * First and last of the e-folds at which the difference is fitted: from 1 to 3 before the last, while it is CLEAR times as large as its
   * error and as what finite width does to it; null where there is no fit.
   */
  readonly range: readonly [number, number] | null;
  /** Slope of the difference's logarithm against e-folds, each weighed by the square of its relative error's inverse. */
  readonly exponent: number | null;
  readonly exponentError: number | null;
  /** -2, or -2 nu where nu < 1; null where the two sides come to different solutions. */
  readonly expected: number | null;
  /** The same of infinitely many infinitely wide networks and the field's mode function; where there is no range, over all of it. */
  readonly theory: {
    readonly network: number[];
    readonly lattice: number[];
    readonly difference: number[];
    readonly exponent: number | null;
  };
}

/** How many times its error, and what finite width does to it, a difference is where it is fitted. */
const CLEAR = 3;

/** One eigenvector's part in the duality. */
export interface Perturbation {
  readonly mode: number;
  /** eta lambda V''. */
  readonly x: number;
  readonly momentum: number;
  /** u, [D]. */
  readonly direction: Float64Array;
  readonly field: FreeField;
}

/** Throws InputError for what shows before the eigenvalues: another potential, or no such mode. */
export function assertPerturbations({ data, potential }: JobSetup, mode: number): void {
  if (quadraticMass(potential) === undefined) {
    throw new InputError(
      "the perturbations' dual field is known for a quadratic potential only: use quadratic, or leave out duality.perturbations",
      { path: "training.potential" },
    );
  }
  if (mode >= data.points) {
    throw new InputError(`there is no mode ${mode} of ${data.points} data: use at most ${data.points - 1}`, {
      path: "duality.perturbations.mode",
    });
  }
}

function perturbationOf(
  { data, potential, spectrum, eta }: NetworkSetup,
  momentum: number,
  mode: number,
): Perturbation {
  const { values, vectors } = spectrum;
  const lambda = values[mode]!;
  const rounding = eigenvalueRounding(values);
  if (lambda <= rounding) {
    const moving = values.findLastIndex((value) => value > rounding);
    throw new InputError(
      `networks do not spread along mode ${mode}, whose eigenvalue is 0${moving < 0 ? "" : `: use at most ${moving}`}`,
      { path: "duality.perturbations.mode" },
    );
  }
  const x = eta * lambda * quadraticMass(potential)!;
  const field = exactField(x, momentum);
  if (!field) {
    const bound = momentum === 0 ? "1" : `(1 + sqrt(beta))^2 = ${((1 + Math.sqrt(momentum)) ** 2).toPrecision(3)}`;
    throw new InputError(
      `mode ${mode} has no dual field: its eta lambda V'' = ${x.toPrecision(3)} is not below ${bound}; use a smaller one, or a higher duality.perturbations.mode`,
      { path: "training.learningRate" },
    );
  }
  const direction = Float64Array.from({ length: data.points }, (_, a) => vectors[a * data.points + mode]!);
  return { mode, x, momentum, direction, field };
}

/** nu^2. */
const indexSquare = ({ friction, massSquared }: FreeField): number => 9 / 4 - massSquared / (friction / 3) ** 2;

/** Why a network and the vacuum of its dual field do not come to move alike, and the beginning of what helps. */
function apart({ x, momentum, field }: Perturbation): string | undefined {
  const square = indexSquare(field);
  if (square < 0)
    return `its field is heavy, of m^2 = ${(9 / 4 - square).toPrecision(3)} H^2 above 9/4 H^2, and oscillates; use`;
  // For beta = 0 descent has one rate, which may be above half of 3H.
  if (momentum === 0 && -Math.log1p(-x) > field.friction / 2)
    return `at eta lambda V'' = ${x.toPrecision(3)}, above 1 - 1/e, descent is the faster of its field's two solutions, and the vacuum comes to the slower; use`;
  return undefined;
}

/** Collects phi along a mode of an ensemble whose outputs were recorded at every step. */
export class PerturbationCollector {
  private readonly perturbation: Perturbation;
  private readonly outputs: number;
  private readonly table: Timetable;
  /** [networks] of [T][C]. */
  private readonly amplitudes: Float64Array[] = [];

  /** Throws InputError where networks do not spread along the mode, or it has no dual field. */
  constructor(setup: NetworkSetup, momentum: number, mode: number, table: Timetable) {
    this.perturbation = perturbationOf(setup, momentum, mode);
    this.outputs = setup.data.outputs;
    this.table = table;
  }

  /** Of each network so many records, of steps 0, 1, ... */
  *add(batch: EnsembleBatch, records: number): Work<void> {
    const { direction } = this.perturbation;
    const { steps } = this.table;
    const { outputs: C, amplitudes } = this;
    const size = direction.length * C;
    for (let m = 0; m < batch.count; m++) {
      // f and phi = f - y have the same variance.
      amplitudes.push(
        Float64Array.from({ length: steps.length * C }, (_, i) => {
          const first = (m * records + steps[Math.floor(i / C)]!) * size + (i % C);
          return direction.reduce((sum, part, a) => sum + part * batch.outputs[first + a * C]!, 0);
        }),
      );
      yield;
    }
  }

  /**
   * Evolves the dual field, drawn by `seed`, and holds the ensemble against it with `bootstrap` resamples behind each error.
   * @throws what `latticePower` does.
   */
  async result(
    engine: Engine,
    seed: number,
    bootstrap: number,
    control: JobControl,
  ): Promise<{ perturbations: PerturbationsResult; warnings: readonly string[]; engineSeconds: number }> {
    const { perturbation, table, amplitudes } = this;
    const { power, engineSeconds } = await latticePower(perturbation.field, table, seed, engine, control);
    control.onStage?.(`${bootstrap} resamples of ${amplitudes.length} networks`);
    const comparison = comparePerturbations(perturbation, table, amplitudes, power, bootstrap);
    return { ...(await cooperate(comparison, control.signal)), engineSeconds };
  }
}

const overLast = (values: ArrayLike<number>): number[] => {
  const last = values[values.length - 1]!;
  return Array.from(values, (value) => value / last);
};

/** Variance of [T][C] amplitudes over networks at each record, mean over outputs, over that of the last. */
function variances(amplitudes: readonly Float64Array[], records: number, weights: Float64Array | undefined): number[] {
  const mean = meanOver(amplitudes, weights);
  const outputs = mean.length / records;
  const sums = new Float64Array(records);
  for (const [m, row] of amplitudes.entries()) {
    const weight = weights ? weights[m]! : 1;
    if (weight > 0)
      for (let i = 0; i < row.length; i++) sums[Math.floor(i / outputs)]! += weight * (row[i]! - mean[i]!) ** 2;
  }
  return overLast(sums);
}

/** Power of the vacuum's mode function at each record: with a it falls as a^-3 times what it is at k/a where a is 1. */
function vacuumPower({ friction, massSquared }: FreeField, { efolds }: Timetable): number[] {
  const hubble = friction / 3;
  const vacuum = deSitterVacuum(massSquared, hubble);
  return overLast(
    efolds.map((N) => {
      const [re, im] = vacuum(hubble * Math.exp(-N)).u;
      return (re ** 2 + im ** 2) * Math.exp(-3 * (N - efolds[0]!));
    }),
  );
}

/** The two sides at each record, and how far the second is off the first, with its sign. */
interface Sides {
  readonly network: number[];
  readonly lattice: number[];
  readonly off: number[];
}

const sidesOf = (network: number[], lattice: number[]): Sides => ({
  network,
  lattice,
  off: lattice.map((power, t) => power / network[t]! - 1),
});

/** Of infinitely many infinitely wide networks, and of the mode function. */
function theoryOf({ x, momentum, field }: Perturbation, table: Timetable): Sides {
  const descent = exactMode(x, momentum)!;
  return sidesOf(overLast(table.steps.map((t) => descent(t) ** 2)), vacuumPower(field, table));
}

/** Positions of the records at which the difference stands clear of any noise, from FIT_FROM on; none where they are too few for a fit. */
function clearRecords({ efolds, fitFrom }: Timetable, off: readonly number[], noise?: readonly number[]): number[] {
  const end = efolds[efolds.length - 1]! - FIT_BEFORE_LAST + 1e-9;
  const clear: number[] = [];
  for (let t = fitFrom; efolds[t]! <= end && Math.abs(off[t]!) >= CLEAR * (noise ? noise[t]! : 0); t++) clear.push(t);
  const reach = clear.length === 0 ? 0 : efolds[clear[clear.length - 1]!]! - efolds[fitFrom]!;
  return clear.length >= FIT_RECORDS && reach >= FIT_EFOLDS - 1e-9 ? clear : [];
}

/** What is fitted of a measured difference. */
type Fit = Pick<PerturbationsResult, "range" | "exponent" | "exponentError"> & {
  readonly theoryExponent: number | null;
};

/** Fits the records at which the measured difference is `clear`, or where there are none theory's alone over `all`. */
function fitted(
  efolds: readonly number[],
  { clear, all }: { readonly clear: readonly number[]; readonly all: readonly number[] },
  measured: { readonly off: readonly number[]; readonly errors: readonly number[]; readonly resamples: number[][] },
  theory: readonly number[],
): Fit {
  const { off, errors, resamples } = measured;
  const records = clear.length > 0 ? clear : all;
  const places = records.map((t) => Math.exp(efolds[t]!));
  const weights = clear.length > 0 ? clear.map((t) => (off[t]! / errors[t]!) ** 2) : undefined;
  const exponentOf = (values: readonly number[]): number | null =>
    slope(
      places,
      records.map((t) => Math.abs(values[t]!)),
      weights,
    );
  const theoryExponent = exponentOf(theory);
  if (clear.length === 0) return { range: null, exponent: null, exponentError: null, theoryExponent };
  return {
    range: [efolds[clear[0]!]!, efolds[clear[clear.length - 1]!]!],
    exponent: exponentOf(off),
    exponentError: spread(resamples.map((values) => exponentOf(values) ?? Number.NaN)),
    theoryExponent,
  };
}

/**
 * Holds the ensemble's amplitudes, [networks] of [T][C], against the lattice's power, [realisations] of [T], with `bootstrap` resamples of
 * both behind each error.
 */
export function* comparePerturbations(
  perturbation: Perturbation,
  table: Timetable,
  amplitudes: readonly Float64Array[],
  power: readonly Float64Array[],
  bootstrap: number,
): Work<{ perturbations: PerturbationsResult; warnings: readonly string[] }> {
  const { mode, field } = perturbation;
  const { steps, efolds, fitFrom } = table;
  const networkOf = (weights?: Float64Array): number[] => variances(amplitudes, steps.length, weights);
  const latticeOf = (weights?: Float64Array): number[] => overLast(meanOver(power, weights));
  const { network, lattice, off } = sidesOf(networkOf(), latticeOf());
  const networks = yield* resampled(amplitudes.length, bootstrap, 4, networkOf);
  const lattices = yield* resampled(power.length, bootstrap, 5, latticeOf);
  const resamples = networks.map((own, r) => sidesOf(own, lattices[r]!).off);
  const errors = steps.map((_, t) => spread(resamples.map((values) => values[t]!)));
  const theory = theoryOf(perturbation, table);
  const finiteWidth = sidesOf(theory.network, lattice).off.map((value, t) => Math.abs(value - off[t]!));
  const noise = errors.map((error, t) => Math.max(error, finiteWidth[t]!));

  const why = apart(perturbation);
  const [clear, all] =
    why === undefined ? [clearRecords(table, off, noise), clearRecords(table, theory.off)] : [[], []];
  const { theoryExponent, ...fit } = fitted(efolds, { clear, all }, { off, errors, resamples }, theory.off);
  const perturbations: PerturbationsResult = {
    mode,
    dual: { ...field, wavenumber: wavenumberOf(field, table) },
    times: steps,
    efolds,
    network,
    lattice,
    difference: off.map(Math.abs),
    errors,
    ...fit,
    expected: why === undefined ? -2 * Math.min(1, Math.sqrt(indexSquare(field))) : null,
    theory: {
      network: theory.network,
      lattice: theory.lattice,
      difference: theory.off.map(Math.abs),
      exponent: theoryExponent,
    },
  };
  const say = (values: readonly number[]): string => Math.abs(values[fitFrom]!).toPrecision(2);
  const hidden = `the difference, ${say(off)} one e-fold after horizon exit, is not for an e-fold ${CLEAR} times what finite width (${say(finiteWidth)} there) and chance (${say(errors)}) do to it; use wider or more networks,`;
  const reason = why ?? (clear.length === 0 ? hidden : undefined);
  const warnings =
    reason === undefined
      ? []
      : [
          `duality.perturbations: mode ${mode} has no exponent: ${reason} a smaller training.learningRate or a higher mode`,
        ];
  return { perturbations, warnings };
}
