/** Hermite series of Gaussian moments: against the quadrature in two dimensions, and where they end. */
import { complete } from "@slowroll/core/cooperate";
import { activations } from "@slowroll/core/network/activations";
import { sineSquaredBetween } from "@slowroll/core/theory/angles";
import { gaussianMoments } from "@slowroll/core/theory/gaussian";
import { hermiteSeries } from "@slowroll/core/theory/hermite";
import { infiniteWidthKernels } from "@slowroll/core/theory/kernels";
import { describe, expect, it } from "vitest";

describe.each(["tanh", "gelu"])("Hermite series of %s", (name) => {
  const activation = activations[name]!;
  it("equal the quadrature, whatever the variances and their order", () => {
    const variances = [0, 0.3, 1.7, 1e-4, 15];
    const { moments, sineSquared } = complete(hermiteSeries(activation, Float64Array.from(variances)))!;
    const largest = complete(hermiteSeries(activation, Float64Array.of(15)))!.moments(0, 0, 1);
    for (const [a, suu] of variances.entries()) {
      for (const [b, svv] of variances.entries()) {
        for (const correlation of [-1, -0.7, 0, 0.2, 0.999, 1]) {
          const exact = gaussianMoments(activation, suu, correlation * Math.sqrt(suu * svv), svv);
          const series = moments(a, b, correlation);
          expect(Math.abs(series.value - exact.value)).toBeLessThan(1e-11 * Math.max(1, largest.value));
          expect(Math.abs(series.slope - exact.slope)).toBeLessThan(1e-11 * Math.max(1, largest.slope));
          const left = sineSquaredBetween(moments(a, a, 1).value, exact.value, moments(b, b, 1).value);
          expect(sineSquared(a, b, correlation, 1 - correlation ** 2)).toBeCloseTo(left, 9);
        }
      }
    }
  });
  it("leave large variances to the quadrature", () => {
    expect(complete(hermiteSeries(activation, Float64Array.of(1, 1e4)))).toBeUndefined();
    const architecture = { inputDimension: 1, width: 1, depth: 1, activation, weightStd: 1, biasStd: 0 };
    const x = (100 * Math.PI) / 3;
    const { nngp } = infiniteWidthKernels(architecture, Float64Array.of(1, x), 2);
    expect(nngp[1]! / gaussianMoments(activation, 1, x, x * x).value).toBeCloseTo(1, 12);
  });
});

it("Hermite series are as long as the longest, be that of the largest variance or of another", () => {
  // At variance 15 next to all of E[act^2] is that of z^8, whose series ends, and at 0.3 that of tanh.
  const value = (z: number): number => Math.tanh(z) + z ** 8;
  const derivative = (z: number): number => 1 / Math.cosh(z) ** 2 + 8 * z ** 7;
  const activation = { name: "both", wgsl: "", value, derivative };
  const { moments } = complete(hermiteSeries(activation, Float64Array.of(15, 0.3)))!;
  const { value: exact } = gaussianMoments(activation, 15, 0.5 * Math.sqrt(15 * 0.3), 0.3);
  expect(moments(0, 1, 0.5).value / exact).toBeCloseTo(1, 10);
});
