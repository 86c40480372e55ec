/**
 * How finite width departs from the free field (physics.md section 4.3): kernel fluctuation at initialisation, kernel drift, and the
 * distance of networks from the infinite-width dual and from their own linearisation, against width, with power laws fitted. Of several
 * outputs kernels are the whole ones between all of them, against Theta (x) 1_C, and distances are over all: D C numbers, datum after datum.
 */
import { cooperate, type Work } from "../cooperate.ts";
import type { Engine, JobControl } from "../engine/engine.ts";
import type { EnsembleBatch, EnsembleJob } from "../engine/ensembleJob.ts";
import { DivergenceWatch, divergenceError } from "../network/divergence.ts";
import { eachOutput } from "../network/outputs.ts";
import { ensembleJob, type JobSetup, type NetworkSetup, setupNetwork } from "../network/setup.ts";
import { squaredNorm } from "../network/statistics.ts";
import type { NetworkStudy } from "../network/study.ts";
import { firstSteps, recordedSteps } from "../recordedSteps.ts";
import { recursionWork } from "../theory/prediction.ts";
import { resampled, spread } from "./bootstrap.ts";
import { at } from "./place.ts";

/** Quantities with the exponents that perturbation theory in 1/width gives them. */
export const QUANTITIES = {
  kernelFluctuation: -0.5,
  kernelDrift: -1,
  dualDeviation: -0.5,
  linearisationError: -1,
  meanDeviation: -1,
} as const;
export type Quantity = keyof typeof QUANTITIES;
const NAMES = Object.keys(QUANTITIES) as Quantity[];

export interface PowerLaw {
  /** [W]; null where the value is below three standard errors, or what it is measured from leaves the finite numbers. */
  readonly values: (number | null)[];
  /** [W]; null where there are fewer than two networks. */
  readonly errors: (number | null)[];
  /** Fitted over all widths; null where fewer than two values are there. */
  readonly exponent: number | null;
  readonly exponentError: number | null;
  /** The same without the widths below LARGE_WIDTH, where higher orders in 1/width show. */
  readonly exponentLarge: number | null;
  readonly exponentLargeError: number | null;
  readonly expected: number;
}

export type ScalingResult = { readonly widths: number[] } & Readonly<Record<Quantity, PowerLaw>>;

/** Widths from which on the leading power of 1/width is expected alone. */
export const LARGE_WIDTH = 256;
const RESAMPLES = 200;

/** Each network's part in one width's measurements, so that a resampled ensemble is a weighted sum. */
interface Measurements {
  /** ||Theta(0) - Theta_inf||^2 / ||Theta_inf||^2. */
  readonly fluctuation: number[];
  readonly drift: number[];
  /** [network][T]: mean over data and outputs of the squared distance. */
  readonly fromDual: Float64Array[];
  readonly fromLinear: Float64Array[];
  /** [network][T][D C]: the distance from the dual itself. */
  readonly distance: Float64Array[];
}

/** The first step and the last, which are one where there are no steps. */
const kernelSteps = (steps: number): number[] => recordedSteps(steps, Math.max(1, steps));

/** Measures a batch whose outputs were recorded at every step and kernels at `kernelSteps`. */
function* measure(
  batch: EnsembleBatch,
  setup: NetworkSetup,
  momentum: number,
  steps: number,
  into: Measurements,
): Work<void> {
  const { data, potential, kernels, jointNtk, eta } = setup;
  const { points, outputs: C, targets } = data;
  const { length: size } = targets;
  const T = steps + 1;
  const kernelRecords = kernelSteps(steps).length;
  const record = firstSteps(T);
  const norm = squaredNorm(jointNtk, 0, size * size);
  const dynamics = { potential, learningRate: eta, momentum };
  const free = { ...dynamics, points, theta: kernels.ntk };
  for (let m = 0; m < batch.count; m++) {
    const outputs = batch.outputs.subarray(m * T * size, (m + 1) * T * size);
    const first = m * kernelRecords * size * size;
    const own = batch.kernels.subarray(first, first + size * size);
    into.fluctuation.push(squaredNorm(own, 0, size * size, jointNtk) / norm);
    into.drift.push(squaredNorm(batch.kernels, first + (kernelRecords - 1) * size * size, size * size, own) / norm);
    const initial = Float64Array.from(targets, (y, a) => outputs[a]! - y);
    const dual = yield* eachOutput(initial, C, (of) => recursionWork(free, of, record));
    const linear = yield* recursionWork({ ...dynamics, points: size, outputs: C, theta: own }, initial, record);
    const distance = new Float64Array(T * size);
    const fromLinear = new Float64Array(T * size);
    for (let i = 0; i < T * size; i++) {
      const phi = outputs[i]! - targets[i % size]!;
      distance[i] = phi - dual[i]!;
      fromLinear[i] = phi - linear[i]!;
    }
    const meanSquares = (of: Float64Array): Float64Array =>
      Float64Array.from(record, (t) => squaredNorm(of, t * size, size) / size);
    into.distance.push(distance);
    into.fromDual.push(meanSquares(distance));
    into.fromLinear.push(meanSquares(fromLinear));
  }
}

/** Weighted mean over networks, or whatever the arrays are of, of each element. */
export function meanOver(arrays: readonly Float64Array[], weights?: Float64Array): Float64Array {
  const mean = new Float64Array(arrays[0]!.length);
  for (const [m, array] of arrays.entries()) {
    const weight = (weights ? weights[m]! : 1) / arrays.length;
    if (weight > 0) for (let i = 0; i < mean.length; i++) mean[i]! += weight * array[i]!;
  }
  return mean;
}

/** NaN where one is. */
const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);

function statistics(measured: Measurements, size: number, weights?: Float64Array): Record<Quantity, number> {
  const rms = (values: readonly number[]): number =>
    Math.sqrt(values.reduce((sum, value, m) => sum + (weights ? weights[m]! : 1) * value, 0) / values.length);
  const largestRms = (arrays: readonly Float64Array[]): number => Math.sqrt(largest(meanOver(arrays, weights)));
  const mean = meanOver(measured.distance, weights);
  let meanDeviation = 0;
  for (let t = 0; t < mean.length / size; t++)
    meanDeviation = Math.max(meanDeviation, Math.sqrt(squaredNorm(mean, t * size, size) / size));
  return {
    kernelFluctuation: rms(measured.fluctuation),
    kernelDrift: rms(measured.drift),
    dualDeviation: largestRms(measured.fromDual),
    linearisationError: largestRms(measured.fromLinear),
    meanDeviation,
  };
}

/** Standard error of the RMS over data and outputs of an ensemble mean that is zero: what pure sampling noise gives at its largest time. */
function noiseOfMean(measured: Measurements): number {
  return Math.sqrt(largest(meanOver(measured.fromDual)) / measured.distance.length);
}

/** Slope of log value against log width by least squares, each square times its weight; null with fewer than two values. */
export function slope(
  widths: readonly number[],
  values: readonly (number | null)[],
  weights?: readonly number[],
): number | null {
  const points = widths.flatMap((width, w) =>
    values[w] ? [{ x: Math.log(width), y: Math.log(values[w]!), weight: weights ? weights[w]! : 1 }] : [],
  );
  if (points.length < 2) return null;
  const sum = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((total, point) => total + point.weight * of(point), 0);
  const all = sum(() => 1);
  const meanX = sum(({ x }) => x) / all;
  const meanY = sum(({ y }) => y) / all;
  return sum(({ x, y }) => (x - meanX) * (y - meanY)) / sum(({ x }) => (x - meanX) ** 2);
}

function jobOf(setup: JobSetup, study: NetworkStudy, width: number): EnsembleJob {
  return ensembleJob({ ...setup, architecture: { ...setup.architecture, width } }, study, {
    recordOutputs: firstSteps(study.training.steps + 1),
    recordKernels: kernelSteps(study.training.steps),
  });
}

/** @throws InputError at the first width of which not one network fits the engine. */
export async function assertWidthsFit(
  setup: JobSetup,
  study: NetworkStudy,
  widths: readonly number[],
  engine: Engine,
): Promise<void> {
  for (const [w, width] of widths.entries())
    await at(`duality.widths[${w}]`, engine.assertRoom(jobOf(setup, study, width)));
}

/** What was measured of a quantity, width by width. */
interface Column {
  readonly values: (number | null)[];
  readonly errors: (number | null)[];
  /** [W][resamples]; null where the value is. */
  readonly resamples: (readonly number[] | null)[];
}

/** `several`: whether there were several networks a width; one resampled is the same network, whose spread of 0 says nothing. */
function lawOf(
  quantity: Quantity,
  { values, errors, resamples }: Column,
  widths: readonly number[],
  several: boolean,
): PowerLaw {
  const fit = (least: number): [number | null, number | null] => {
    const power = (of: (w: number) => number | null | undefined): number | null =>
      slope(
        widths,
        widths.map((width, w) => (width >= least ? (of(w) ?? null) : null)),
      );
    const exponent = power((w) => values[w]);
    if (exponent === null || !several) return [exponent, null];
    return [exponent, spread(Array.from({ length: RESAMPLES }, (_, r) => power((w) => resamples[w]?.[r])!))];
  };
  const [exponent, exponentError] = fit(0);
  const [exponentLarge, exponentLargeError] = fit(LARGE_WIDTH);
  return {
    values,
    errors,
    exponent,
    exponentError,
    exponentLarge,
    exponentLargeError,
    expected: QUANTITIES[quantity],
  };
}

/** A record of each quantity. */
const ofEach = <T>(of: (quantity: Quantity) => T): Record<Quantity, T> =>
  Object.fromEntries(NAMES.map((quantity) => [quantity, of(quantity)])) as Record<Quantity, T>;

/**
 * Trains one ensemble a width and fits the power laws; `given` is the study's set-up, where it is at hand.
 * @throws DivergenceError naming the width; what `setupNetwork` and the engine throw.
 */
export async function measureScaling(
  study: NetworkStudy,
  widths: readonly number[],
  engine: Engine,
  control: JobControl = {},
  given?: NetworkSetup,
): Promise<{ result: ScalingResult; engineSeconds: number; warnings: string[] }> {
  const { steps, momentum } = study.training;
  const several = study.ensemble.size > 1;
  const warnings: string[] = [];
  const columns = ofEach((): Column => ({ values: [], errors: [], resamples: [] }));
  // Theory's kernels are the same at every width.
  const setup = given ?? (await setupNetwork(study, { signal: control.signal }));
  const size = setup.data.targets.length;
  let engineSeconds = 0;
  // Wider networks cost in proportion: progress counts units, so that its rate is steady.
  const allWidths = widths.reduce((sum, width) => sum + width, 0);
  let widthsDone = 0;
  for (const [w, width] of widths.entries()) {
    const measured: Measurements = { fluctuation: [], drift: [], fromDual: [], fromLinear: [], distance: [] };
    const job = jobOf(setup, study, width);
    const watch = new DivergenceWatch(job);
    const report = await engine.trainEnsemble(
      job,
      async (batch) => {
        watch.see(batch);
        if (!watch.first) await cooperate(measure(batch, setup, momentum, steps, measured), control.signal);
      },
      {
        signal: control.signal,
        onProgress: (done, total) =>
          control.onProgress?.(
            (widthsDone + (width * done) / total) * job.networks.count * steps,
            allWidths * job.networks.count * steps,
            "unit steps",
          ),
      },
    );
    if (watch.first) throw divergenceError(watch.first, `training at width ${width}`, undefined);
    engineSeconds += report.engineSeconds;
    widthsDone += width;
    const central = statistics(measured, size);
    const resamples = await cooperate(
      resampled(job.networks.count, RESAMPLES, 2 + w, (weights) => statistics(measured, size, weights)),
      control.signal,
    );
    const lost: Quantity[] = [];
    for (const quantity of NAMES) {
      // Networks may stay finite where what they are compared with does not: their linearisation past its stable learning rate.
      const finite = Number.isFinite(central[quantity]);
      if (!finite) lost.push(quantity);
      const visible = finite && (quantity !== "meanDeviation" || central.meanDeviation >= 3 * noiseOfMean(measured));
      const own = resamples.map((one) => one[quantity]);
      const error = spread(own);
      const column = columns[quantity];
      column.values.push(visible ? central[quantity] : null);
      column.errors.push(several && Number.isFinite(error) ? error : null);
      column.resamples.push(visible ? own : null);
    }
    if (lost.length > 0) {
      warnings.push(
        `duality.widths: ${lost.join(", ")} at width ${width} cannot be told: the networks stay finite, what they are compared with does not`,
      );
    }
  }
  const laws = ofEach((quantity) => lawOf(quantity, columns[quantity], widths, several));
  return { result: { widths: [...widths], ...laws }, engineSeconds, warnings };
}
