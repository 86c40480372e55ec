/** Kernels and training of infinitely wide ensembles against neural-tangents, on random networks and data. */
import { readFileSync } from "node:fs";
import { eigen } from "@slowroll/core/linalg/eigen";
import { activationNamed } from "@slowroll/core/network/activations";
import { infiniteWidthKernels, type Kernels } from "@slowroll/core/theory/kernels";
import { quadraticPrediction, testPrediction } from "@slowroll/core/theory/prediction";
import { describe, expect, it } from "vitest";

interface Case {
  activation: string;
  depth: number;
  weightStd: number;
  biasStd: number;
  /** [D][d]. */
  inputs: number[][];
  /** [D]. */
  targets: number[];
  /** [3][d]. */
  testInputs: number[][];
  /** Kernels, means and variances are over the D training points and then the test points. */
  nngp: number[][];
  ntk: number[][];
  /** Of gradient descent on V = phi^2/2. */
  band: { step: number; eta: number; mean: number[]; variance: number[] }[];
  /** Of the test points alone, at t = infinity. */
  infinite: { mean: number[]; variance: number[] };
}
const cases = JSON.parse(
  readFileSync(new URL("../../../../tests/data/neuralTangents.json", import.meta.url), "utf8"),
) as Case[];

/**
 * neural-tangents takes the angle between a point and itself from a difference that rounds to 1e-16, and its slope for relu is linear in
 * that angle, of 1e-8, where ours is 1/2.
 */
const RELU_DIAGONAL = 1e-8;

const kernelsBetween = (
  { activation, depth, weightStd, biasStd }: Case,
  points: number[][],
  test: number[][] = [],
): Kernels =>
  infiniteWidthKernels(
    { depth, weightStd, biasStd, width: 1, inputDimension: points[0]!.length, activation: activationNamed(activation) },
    Float64Array.from(points.flat()),
    points.length,
    Float64Array.from(test.flat()),
  );

const largest = (values: number[]): number => Math.max(...values.map(Math.abs));

describe.each(cases)("neural-tangents: $activation, depth $depth, weightStd $weightStd, biasStd $biasStd", (given) => {
  const { activation, inputs, targets, testInputs, band } = given;
  const D = inputs.length;
  it("NNGP and NTK between all points, each element to a relative 1e-11", () => {
    const points = [...inputs, ...testInputs];
    const { nngp, ntk } = kernelsBetween(given, points);
    for (const a of points.keys()) {
      for (const b of points.keys()) {
        const at = a * points.length + b;
        expect(Math.abs(nngp[at]! / given.nngp[a]![b]! - 1)).toBeLessThan(1e-11);
        const tolerance = activation === "relu" && a === b ? RELU_DIAGONAL : 1e-11;
        expect(Math.abs(ntk[at]! / given.ntk[a]![b]! - 1)).toBeLessThan(tolerance);
      }
    }
  });
  it("mean and variance of the training points at every step, to 1e-12 of the largest", () => {
    const { nngp, ntk } = kernelsBetween(given, inputs);
    const prediction = quadraticPrediction(
      { points: D, theta: ntk, learningRate: band[0]!.eta, momentum: 0 },
      1,
      nngp,
      Float64Array.from(targets),
      band.map(({ step }) => step),
    );
    const tolerance = activation === "relu" ? RELU_DIAGONAL : 1e-12;
    for (const [r, { mean, variance }] of band.entries()) {
      const ours = prediction.mean(r);
      const covariance = prediction.covariance(r);
      for (let a = 0; a < D; a++) {
        expect(Math.abs(ours[a]! - mean[a]!)).toBeLessThan(tolerance * largest(targets));
        expect(Math.abs(covariance[a * D + a]! - variance[a]!)).toBeLessThan(tolerance * largest(band[0]!.variance));
      }
    }
  });
  it("mean and variance of the test points at every step and at the end, to 1e-10 of the largest", () => {
    const { nngp, ntk, test } = kernelsBetween(given, inputs, testInputs);
    const eta = band[0]!.eta;
    const dynamics = { points: D, learningRate: eta, momentum: 0 };
    const spectrum = eigen(ntk, D);
    // Relu's diagonal, times the condition number.
    const tolerance = activation === "relu" ? 1e-6 : 1e-10;
    const compare = (step: number, mean: number[], variance: number[]): void => {
      const ours = testPrediction(dynamics, 1, nngp, test!, Float64Array.from(targets), step, spectrum);
      for (let p = 0; p < testInputs.length; p++) {
        expect(Math.abs(ours.mean[p]! - mean[p]!)).toBeLessThan(tolerance * largest(targets));
        expect(Math.abs(ours.std[p]! ** 2 - variance[p]!)).toBeLessThan(tolerance * largest(band[0]!.variance));
      }
    };
    for (const { step, mean, variance } of band) compare(step, mean.slice(D), variance.slice(D));
    // So many steps that the slowest mode has come to rest.
    const smallest = spectrum.values.at(-1)!;
    compare(Math.ceil(40 / (eta * smallest)), given.infinite.mean, given.infinite.variance);
  });
});
