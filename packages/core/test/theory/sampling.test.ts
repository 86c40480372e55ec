/** Sampled ensembles of infinite width: against closed forms where V is quadratic, and against the recursion sample by sample. */
import { complete } from "@slowroll/core/cooperate";
import { eigen } from "@slowroll/core/linalg/eigen";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { theoryNormals } from "@slowroll/core/random/normal";
import { infiniteWidthKernels } from "@slowroll/core/theory/kernels";
import { quadraticPrediction, recursion, testPrediction } from "@slowroll/core/theory/prediction";
import { type SampledOutput, sampleCount, sampledPrediction } from "@slowroll/core/theory/sampling";
import { describe, expect, it } from "vitest";

const D = 6;
const circle = (points: number, shift = 0): Float64Array =>
  Float64Array.from({ length: 2 * points }, (_, i) =>
    i % 2 === 0 ? Math.cos((Math.PI * i) / points + shift) : Math.sin((Math.PI * (i - 1)) / points + shift),
  );
const architecture = {
  inputDimension: 2,
  depth: 2,
  width: 1,
  activation: activationNamed("erf"),
  weightStd: 1.5,
  biasStd: 0.1,
};
// Some test inputs are training ones, others lie between.
const { nngp, ntk, test } = infiniteWidthKernels(
  architecture,
  circle(D),
  D,
  Float64Array.of(...circle(D), ...circle(4, 0.3)),
);
const targets = Float64Array.from({ length: D }, (_, a) => Math.sin(a) + 0.3 * a);
const spectrum = eigen(ntk, D);
const initial = eigen(nngp, D);
const record = [0, 1, 10, 60];

describe.each([0, 0.9])("samples of an infinitely wide ensemble, momentum %d", (momentum) => {
  const dynamics = { points: D, theta: ntk, learningRate: 0.4 / spectrum.values[0]!, momentum };

  it("of quadratic V have the closed form's mean to rounding, and its spread and loss within 5 standard errors", async () => {
    const samples = 4096;
    const potential = await compilePotential("quadratic");
    const prediction = complete(
      sampledPrediction({ ...dynamics, potential }, { initial, seed: 3, samples }, [targets], record, test),
    )!;
    const [sampled] = prediction.outputs as [SampledOutput];
    const exact = quadraticPrediction(dynamics, 1, nngp, targets, record, spectrum);
    for (const r of record.keys()) {
      const mean = exact.mean(r);
      const covariance = exact.covariance(r);
      let loss = 0;
      let spread = 0;
      for (let a = 0; a < D; a++) {
        const variance = covariance[a * D + a]!;
        expect(sampled.mean[r]![a]).toBeCloseTo(mean[a]!, 10);
        expect(sampled.meanError[r]![a]).toBeLessThan(1e-10);
        // The two of a pair have one square: half as many are independent.
        expect(Math.abs(sampled.std[r]![a]! ** 2 / variance - 1)).toBeLessThan(5 * Math.sqrt(4 / samples));
        loss += (variance + (mean[a]! - targets[a]!) ** 2) / 2;
        for (let b = 0; b < D; b++) spread += covariance[a * D + b]! ** 2;
      }
      expect(Math.abs(prediction.loss[r]! - loss)).toBeLessThan(5 * Math.sqrt(spread / samples));
    }
    const final = exact.covariance(record.length - 1);
    for (let a = 0; a < D; a++) {
      for (let b = 0; b < D; b++) {
        const size = Math.sqrt((2 * (final[a * D + a]! * final[b * D + b]! + final[a * D + b]! ** 2)) / samples);
        expect(Math.abs(sampled.covarianceFinal[a * D + b]! - final[a * D + b]!)).toBeLessThan(5 * size);
      }
    }
    const off = testPrediction(dynamics, 1, nngp, test!, targets, record.at(-1)!, spectrum);
    for (const [p, std] of off.std.entries()) {
      expect(sampled.test!.mean[p]).toBeCloseTo(off.mean[p]!, 10);
      expect(Math.abs(sampled.test!.std[p]! ** 2 - std ** 2)).toBeLessThan(5 * Math.sqrt(4 / samples) * std ** 2);
    }
  });

  it("of a double well are the recursion's from each f(0) = U sqrt(Lambda) z and from -f(0)", async () => {
    const samples = 64;
    const potential = await compilePotential("doubleWell");
    const own = { ...dynamics, potential, learningRate: 0.1 / spectrum.values[0]! };
    const prediction = complete(sampledPrediction(own, { initial, seed: 5, samples }, [targets], record, test))!;
    const [sampled] = prediction.outputs as [SampledOutput];
    const r = record.length - 1;
    const ends: number[][] = [];
    for (let pair = 0; pair < samples / 2; pair++) {
      const z = theoryNormals(5, pair, D);
      for (const sign of [1, -1]) {
        const start = Array.from(targets, (y, a) => {
          let f = 0;
          for (let i = 0; i < D; i++) f += initial.vectors[a * D + i]! * Math.sqrt(initial.values[i]!) * z[i]!;
          return sign * f - y;
        });
        const phi = recursion(own, start, record).subarray(r * D);
        ends.push(Array.from(targets, (y, a) => y + phi[a]!));
      }
    }
    const average = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (let a = 0; a < D; a++) {
      const f = ends.map((end) => end[a]!);
      expect(sampled.mean[r]![a]).toBeCloseTo(average(f), 10);
      const pairs = Array.from({ length: samples / 2 }, (_, i) => (f[2 * i]! + f[2 * i + 1]!) / 2);
      const square = average(pairs.map((value) => (value - average(f)) ** 2));
      expect(sampled.meanError[r]![a]).toBeCloseTo(Math.sqrt(square / (pairs.length - 1)), 10);
      expect(sampled.covarianceFinal[a * D + a]).toBeCloseTo(
        (samples / (samples - 1)) * average(f.map((value) => (value - average(f)) ** 2)),
        10,
      );
      // A test input that is a training one.
      expect(sampled.test!.mean[a]).toBeCloseTo(sampled.mean[r]![a]!, 8);
      expect(sampled.test!.std[a]).toBeCloseTo(sampled.std[r]![a]!, 8);
      expect(sampled.test!.meanError[a]).toBeCloseTo(sampled.meanError[r]![a]!, 8);
    }
    const loss = average(ends.map((end) => end.reduce((sum, f, a) => sum + potential.value(f - targets[a]!), 0)));
    expect(prediction.loss[r]).toBeCloseTo(loss, 10);
    // Of pairs of opposite sign.
    const pairs = Array.from({ length: ends.length / 2 }, (_, pair) =>
      average(
        [ends[2 * pair]!, ends[2 * pair + 1]!].map((end) =>
          end.reduce((sum, f, a) => sum + potential.value(f - targets[a]!), 0),
        ),
      ),
    );
    const spread = pairs.reduce((sum, pair) => sum + (pair - loss) ** 2, 0) / (pairs.length - 1);
    expect(prediction.lossError[r]).toBeCloseTo(Math.sqrt(spread / pairs.length), 10);
  });
});

describe("a sampled ensemble", () => {
  const dynamics = { points: 3, theta: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), learningRate: 1, momentum: 0 };

  it("takes a covariance without full rank", async () => {
    const potential = await compilePotential("doubleWell");
    const ensemble = { initial: eigen(new Float64Array(9).fill(0.25), 3), seed: 1, samples: 32 };
    const [{ std, covarianceFinal }] = complete(
      sampledPrediction({ ...dynamics, learningRate: 0.01, potential }, ensemble, [new Float64Array(3)], [0]),
    )!.outputs as [SampledOutput];
    for (const value of std[0]!) expect(value).toBeCloseTo(std[0]![0]!, 12);
    for (const value of covarianceFinal) expect(value).toBeCloseTo(std[0]![0]! ** 2, 12);
  });
  it("has no mean where a sample diverges", async () => {
    const potential = await compilePotential("quartic");
    const ensemble = { initial: eigen(Float64Array.of(9, 0, 0, 0, 9, 0, 0, 0, 9), 3), seed: 1, samples: 32 };
    const run = sampledPrediction({ ...dynamics, potential }, ensemble, [new Float64Array(3)], [0, 40]);
    expect(complete(run)).toBeUndefined();
  });
  it("has none where a sample's square does, which is out of the finite numbers before it is", async () => {
    const potential = await compilePotential("quartic");
    const ensemble = { initial: eigen(Float64Array.of(9, 0, 0, 0, 9, 0, 0, 0, 9), 3), seed: 1, samples: 32 };
    for (let step = 1; step < 10; step++) {
      const run = sampledPrediction({ ...dynamics, potential }, ensemble, [new Float64Array(3)], [0, step]);
      for (const { std, meanError } of complete(run)?.outputs ?? [])
        for (const value of [...std[1]!, ...meanError[1]!]) expect(value).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  });
  it("has as many samples as take seconds", () => {
    expect(sampleCount(8, 1, 200)).toBe(8192);
    expect(sampleCount(128, 1, 200)).toBe(320);
    expect(sampleCount(128, 2, 200)).toBe(160);
    expect(sampleCount(4096, 1, 1000)).toBe(32);
    expect(sampleCount(8, 1, 0)).toBe(8192);
  });
});
