/**
 * An infinitely wide ensemble under any potential: f(0) is Gaussian with the NNGP covariance K, and each sample of it then follows the
 * deterministic recursion
 *   phi(t+1) - phi(t) = beta (phi(t) - phi(t-1)) - eta Theta V'(phi(t)),   phi(0) = f(0) - y,
 * and off the training points f*(t+1) - f*(t) = beta (f*(t) - f*(t-1)) - eta Theta_* V'(phi(t)) (physics.md section 1). The mean over
 * samples is known to a standard error, which pairs f(0), -f(0) lower: of a linear motion they leave none.
 * Several outputs are independent: each starts from the same samples, so that it does what it would do as the only one.
 */
import type { Work } from "../cooperate.ts";
import type { Eigen } from "../linalg/eigen.ts";
import { forceWeight } from "../network/subsets.ts";
import { theoryNormals } from "../random/normal.ts";
import type { TestKernels } from "./kernels.ts";
import { PairedMoments } from "./pairedMoments.ts";
import type { Dynamics } from "./prediction.ts";
import { TestSamples } from "./testSamples.ts";

/** What is drawn. */
export interface Ensemble {
  /** Eigenvalues and vectors of K. */
  readonly initial: Eigen;
  readonly seed: number;
  /** S, even. */
  readonly samples: number;
}

export interface SampledOutput {
  /** Mean of f over the samples at each recorded step, its standard error and the standard deviation of f, [T][D] each. */
  readonly mean: Float64Array[];
  readonly meanError: Float64Array[];
  readonly std: Float64Array[];
  /** At the last recorded step, [D][D]. */
  readonly covarianceFinal: Float64Array;
  /** At the last recorded step, at test inputs, [P] each. */
  readonly test?: { readonly mean: Float64Array; readonly meanError: Float64Array; readonly std: Float64Array };
}

export interface SampledPrediction {
  /** [C]. */
  readonly outputs: readonly SampledOutput[];
  /** Mean of the loss and its standard error, [T]: where V grows fast, a few samples far out may be most of either. */
  readonly loss: Float64Array;
  readonly lossError: Float64Array;
}

/** Samples that step together, so that a row of Theta is read once for all of them. */
const BLOCK = 32;
/** Samples at most, and at least. */
const MOST = 8192;
const LEAST = BLOCK;
/** Multiplications and additions in all, some 4 s of them. */
const BUDGET = 4e9;
/** What V, V' and the statistics of one output cost, in these. */
const FORCE = 200;
/** Data above which a step is left for a look at the event loop between rows of Theta. */
const LARGE = 256;

/**
 * How many samples of C outputs at D data over so many steps take seconds: of one output 8,192 for 8 data and 200 steps, 320 for 128, 32
 * from 400 data on.
 */
export function sampleCount(points: number, outputs: number, steps: number): number {
  const cost = Math.max(1, steps) * outputs * points * (2 * points + FORCE);
  return Math.max(LEAST, Math.min(MOST, BLOCK * Math.floor(BUDGET / cost / BLOCK)));
}

/** Both halves of antithetic pairs, one after the other: [BLOCK][D] of U sqrt(Lambda) z and the z of the first halves, [BLOCK/2][D]. */
function draw({ initial, seed }: Ensemble, points: number, first: number): { start: Float64Array; z: Float64Array[] } {
  const deviations = initial.values.map((value) => Math.sqrt(Math.max(0, value)));
  const start = new Float64Array(BLOCK * points);
  const z = Array.from({ length: BLOCK / 2 }, (_, pair) => theoryNormals(seed, first / 2 + pair, points));
  for (const [pair, normals] of z.entries()) {
    const scaled = normals.map((normal, i) => normal * deviations[i]!);
    for (let a = 0; a < points; a++) {
      let f = 0;
      for (let i = 0; i < points; i++) f += initial.vectors[a * points + i]! * scaled[i]!;
      start[2 * pair * points + a] = f;
      start[(2 * pair + 1) * points + a] = -f;
    }
  }
  return { start, z };
}

/** velocity = momentum velocity - learningRate force Theta for [C][BLOCK][D] of each. */
function* kick(
  { points, theta, momentum, learningRate }: Dynamics,
  force: Float64Array,
  velocity: Float64Array,
): Work<void> {
  for (let a = 0; a < points; a++) {
    const row = theta.subarray(a * points, (a + 1) * points);
    // Four samples at a time: independent sums.
    for (let s = 0; s * points < force.length; s += 4) {
      const [at, second, third, fourth] = [s * points, (s + 1) * points, (s + 2) * points, (s + 3) * points];
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      for (let b = 0; b < points; b++) {
        const element = row[b]!;
        sum0 += element * force[at + b]!;
        sum1 += element * force[second + b]!;
        sum2 += element * force[third + b]!;
        sum3 += element * force[fourth + b]!;
      }
      velocity[at + a] = momentum * velocity[at + a]! - learningRate * sum0;
      velocity[second + a] = momentum * velocity[second + a]! - learningRate * sum1;
      velocity[third + a] = momentum * velocity[third + a]! - learningRate * sum2;
      velocity[fourth + a] = momentum * velocity[fourth + a]! - learningRate * sum3;
    }
    if (points > LARGE) yield;
  }
}

/** Collects the samples' f and loss at the recorded steps, a block of samples at a time. */
class RecordedSamples {
  /** [C][T]. */
  private readonly outputs: readonly (readonly PairedMoments[])[];
  /** [T]. */
  private readonly losses: readonly PairedMoments[];
  private readonly points: number;

  constructor(points: number, outputs: number, records: number) {
    const each = (make: (r: number) => PairedMoments) => Array.from({ length: records }, (_, r) => make(r));
    this.points = points;
    this.outputs = Array.from({ length: outputs }, () =>
      each((r) => new PairedMoments(points, { covariance: r === records - 1 })),
    );
    this.losses = each(() => new PairedMoments(1, { covariance: false }));
  }

  /** Adds f of a block at record r, and V there, `values`: [C][BLOCK][D] each. */
  add(r: number, f: Float64Array, values: Float64Array): void {
    const { points: D } = this;
    const loss = new Float64Array(BLOCK);
    for (let i = 0; i < f.length; i++) loss[Math.floor(i / D) % BLOCK]! += values[i]!;
    for (let s = 0; s < BLOCK; s += 2) {
      for (const [c, of] of this.outputs.entries()) of[r]!.add(f, (c * BLOCK + s) * D);
      this.losses[r]!.add(loss, s);
    }
  }

  result(): SampledPrediction {
    return {
      outputs: this.outputs.map((of) => ({
        mean: of.map((moments) => moments.mean()),
        meanError: of.map((moments) => moments.meanError()),
        std: of.map((moments) => moments.std()),
        covarianceFinal: of[of.length - 1]!.all.covariance(),
      })),
      loss: Float64Array.from(this.losses, (moments) => moments.mean()[0]!),
      lossError: Float64Array.from(this.losses, (moments) => moments.meanError()[0]!),
    };
  }
}

function allFinite({ outputs, loss, lossError }: SampledPrediction): boolean {
  const all = outputs.flatMap(({ mean, meanError, std, covarianceFinal, test }) => [
    ...[...mean, ...meanError, ...std, covarianceFinal],
    ...(test ? [test.mean, test.meanError, test.std] : []),
  ]);
  return [...all, loss, lossError].every((values) => values.every(Number.isFinite));
}

/**
 * Statistics of the samples at the ascending steps `record`, for `targets` [D] of each output; undefined where a sample or its
 * square leaves the finite numbers, so that the ensemble's mean does not exist.
 */
export function* sampledPrediction(
  dynamics: Dynamics,
  ensemble: Ensemble,
  targets: readonly Float64Array[],
  record: readonly number[],
  test?: TestKernels,
): Work<SampledPrediction | undefined> {
  const { points: D, potential, subsets } = dynamics;
  const { length: T } = record;
  const { length: C } = targets;
  /** Of one output, [BLOCK][D]. */
  const share = BLOCK * D;
  const size = C * share;
  const recorded = new RecordedSamples(D, C, T);
  const tests = test && new TestSamples(dynamics, ensemble.initial, test, C);
  const force = new Float64Array(size);
  const f = new Float64Array(size);
  const phi = new Float64Array(size);
  const targetOf = phi.map((_, i) => targets[Math.floor(i / share)]![i % D]!);
  for (let first = 0; first < ensemble.samples; first += BLOCK) {
    const { start, z } = draw(ensemble, D, first);
    for (const c of targets.keys()) f.set(start, c * share);
    yield;
    const velocity = new Float64Array(size);
    tests?.begin(size);
    for (let t = 0, r = 0; r < T; t++) {
      for (let i = 0; i < size; i++) phi[i] = f[i]! - targetOf[i]!;
      if (record[r] === t) {
        if (!f.every(Number.isFinite)) return undefined;
        recorded.add(r, f, potential.values([phi], size));
        r++;
        if (r === T) break;
      }
      const slopes = potential.gradients(0, [phi], size);
      for (let i = 0; i < size; i++) force[i] = forceWeight(subsets, t, i % D) * slopes[i]!;
      yield* kick(dynamics, force, velocity);
      for (let i = 0; i < size; i++) f[i]! += velocity[i]!;
      tests?.step(force);
      yield;
    }
    if (tests) yield* tests.end(z);
  }
  const { outputs, ...losses } = recorded.result();
  const prediction: SampledPrediction = {
    outputs: outputs.map((own, c) => ({ ...own, ...(tests ? { test: tests.of(c) } : {}) })),
    ...losses,
  };
  // On its way out of the finite numbers a sample's squares leave them before it does.
  return allFinite(prediction) ? prediction : undefined;
}
