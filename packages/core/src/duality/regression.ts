/**
 * The field equation's coefficients from data alone (physics.md section 4.2): least squares of A phi'' + B phi' + Theta V'(phi) = 0 over
 * all networks, data and steps, with central differences and each network's own kernel of that step. The equation is linear in A and B,
 * so each network enters by five sums, and the bootstrap over networks only adds those up anew.
 * Several outputs have one universe, so that all are pooled. At finite width they push each other: the kernel is the whole one, between all
 * outputs.
 */
import type { Work } from "../cooperate.ts";
import type { EnsembleBatch } from "../engine/ensembleJob.ts";
import type { Potential } from "../potential/potential.ts";
import { resampled, spread } from "./bootstrap.ts";
import { dictionary, stepEquation } from "./dictionary.ts";

export interface Estimate {
  /** Null where the data cannot tell. */
  readonly value: number | null;
  /** Bootstrap standard deviation over networks. */
  readonly error: number | null;
  readonly expected: number;
}

export interface RegressionResult {
  readonly identifiable: boolean;
  /** Of the two columns phi'' and phi', each scaled to unit length. */
  readonly conditionNumber: number;
  readonly a: Estimate;
  readonly b: Estimate;
  readonly friction: Estimate;
  readonly lambda: Estimate;
  readonly lambdaEta: Estimate;
}

/**
 * Steps whose kernels the regression uses. The acceleration, which tells A from B, lives in the fast modes and is over within a few
 * e-folds of them; later steps only tell B again, and each costs every network's kernel.
 */
export const REGRESSION_STEPS = 64;

/** Sums over data, outputs and steps of one network: phi''^2, phi'' phi', phi'^2, phi'' y, phi' y with y = -Theta V'. */
const SUMS = 5;
/** Relative bootstrap error of A or B above which the data are said not to tell; fewer than two networks never do. */
const IDENTIFIABLE = 0.5;

export interface RegressionData {
  /** [D]; of several outputs [D][C]. */
  readonly targets: Float64Array;
  readonly potential: Potential;
  /** Recorded steps of the outputs are 0 .. records - 1. */
  readonly records: number;
  /** Recorded steps of the kernels are 0 .. kernelRecords - 1; steps 1 .. kernelRecords - 1 with a step after them are used. */
  readonly kernelRecords: number;
}

/** Adds a batch's networks to `sums`, five numbers each. */
export function accumulate(batch: EnsembleBatch, data: RegressionData, sums: number[]): void {
  const { targets, potential, records: T, kernelRecords: K } = data;
  const { length: size } = targets;
  const force = new Float64Array(size);
  for (let m = 0; m < batch.count; m++) {
    const own = new Float64Array(SUMS);
    for (let t = 1; t < Math.min(K, T - 1); t++) {
      const before = (m * T + t - 1) * size;
      const now = before + size;
      const after = now + size;
      const kernel = (m * K + t) * size * size;
      for (let a = 0; a < size; a++) force[a] = potential.gradient(0, batch.outputs[now + a]! - targets[a]!);
      for (let a = 0; a < size; a++) {
        const second = batch.outputs[after + a]! - 2 * batch.outputs[now + a]! + batch.outputs[before + a]!;
        const first = (batch.outputs[after + a]! - batch.outputs[before + a]!) / 2;
        let y = 0;
        for (let b = 0; b < size; b++) y -= batch.kernels[kernel + a * size + b]! * force[b]!;
        own[0]! += second * second;
        own[1]! += second * first;
        own[2]! += first * first;
        own[3]! += second * y;
        own[4]! += first * y;
      }
    }
    sums.push(...own);
  }
}

interface Solution {
  readonly a: number;
  readonly b: number;
}

/** Solves the normal equations of the weighted sum of the networks' sums; Cramer's rule for two unknowns. */
function solve(sums: readonly number[], weights?: Float64Array): Solution & { conditionNumber: number } {
  const total = new Float64Array(SUMS);
  for (let m = 0; m < sums.length / SUMS; m++) {
    const weight = weights ? weights[m]! : 1;
    for (let s = 0; s < SUMS; s++) total[s]! += weight * sums[m * SUMS + s]!;
  }
  const [ss, sf, ff, sy, fy] = total as unknown as [number, number, number, number, number];
  const determinant = ss * ff - sf * sf;
  const correlation = Math.min(1, Math.abs(sf) / Math.sqrt(ss * ff));
  return {
    a: (sy * ff - fy * sf) / determinant,
    b: (fy * ss - sy * sf) / determinant,
    conditionNumber: Math.sqrt((1 + correlation) / (1 - correlation)),
  };
}

/** Estimates from the networks' sums (as `accumulate` leaves them) with `bootstrap` resamples. */
export function* regress(
  sums: readonly number[],
  bootstrap: number,
  learningRate: number,
  momentum: number,
): Work<RegressionResult> {
  const { a, b, conditionNumber } = solve(sums);
  const solutions = yield* resampled(sums.length / SUMS, bootstrap, 1, (weights) => solve(sums, weights));
  const relative = (pick: (solution: Solution) => number): number =>
    spread(solutions.map(pick)) / Math.abs(pick({ a, b }));
  // One network resampled is the same network: its spread of 0 says nothing of the error.
  const identifiable =
    sums.length > SUMS && a > 0 && relative((s) => s.a) <= IDENTIFIABLE && relative((s) => s.b) <= IDENTIFIABLE;

  const estimate = (pick: (solution: Solution) => number, expected: number): Estimate =>
    identifiable
      ? { value: pick({ a, b }), error: spread(solutions.map(pick)), expected }
      : { value: null, error: null, expected };
  const step = stepEquation(learningRate, momentum);
  const expected = dictionary(learningRate, momentum);
  return {
    identifiable,
    conditionNumber,
    a: estimate((s) => s.a, step.a),
    b: estimate((s) => s.b, step.b),
    friction: estimate((s) => s.b / Math.sqrt(s.a), expected.friction),
    lambda: estimate((s) => s.b ** 2 / (3 * s.a), expected.lambda),
    lambdaEta: estimate((s) => (learningRate * s.b ** 2) / (3 * s.a), expected.lambdaEta),
  };
}
