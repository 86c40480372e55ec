/** Activations in float64: the error function against tabulated digits, derivatives, and closed-form moments against quadrature. */
import { InputError } from "@slowroll/core/errors";
import { type Activation, activationNamed, activations } from "@slowroll/core/network/activations";
import { uniforms } from "@slowroll/core/random/normal";
import { sineSquaredBetween } from "@slowroll/core/theory/angles";
import { gaussianMoments } from "@slowroll/core/theory/gaussian";
import { describe, expect, it } from "vitest";

describe("erf", () => {
  // mpmath 1.4.1 at 30 digits.
  it.each([
    [1e-300, 1.1283791670955126e-300],
    [1e-10, 1.1283791670955126e-10],
    [0.03125, 0.035250373867322826],
    [0.25, 0.27632639016823696],
    [0.5, 0.5204998778130465],
    [0.84375, 0.7672256612323416],
    [0.875, 0.7840750610598597],
    [1.25, 0.9229001282564583],
    [1.5, 0.9661051464753108],
    [2.0, 0.9953222650189527],
    [2.75, 0.9998993780778803],
    [2.857421875, 0.9999467773240609],
    [3.5, 0.9999992569016276],
    [5.0, 0.9999999999984626],
    [5.9, 0.9999999999999999],
    [6.5, 1.0],
  ])("of %d to 1e-15", (z, value) => {
    const { erf } = activations as { erf: Activation };
    expect(Math.abs(erf.value(z) - value)).toBeLessThanOrEqual(1e-15 * Math.abs(value));
    expect(erf.value(-z)).toBe(-erf.value(z));
  });
});

describe.each(Object.values(activations))("$name", (activation) => {
  it("has the derivative of its value", () => {
    const h = 1e-3;
    for (const z of [-3.1, -0.8, -0.2, 0.1, 0.5, 1.7, 4]) {
      const { value } = activation;
      const slope = (value(z - 2 * h) - 8 * value(z - h) + 8 * value(z + h) - value(z + 2 * h)) / (12 * h);
      expect(activation.derivative(z)).toBeCloseTo(slope, 9);
    }
  });
  it("is finite far out", () => {
    for (const z of [-1e6, -800, 800, 1e6]) {
      expect(activation.value(z)).toSatisfy(Number.isFinite);
      expect(activation.derivative(z)).toSatisfy(Number.isFinite);
    }
  });
});

describe.each(Object.values(activations).filter(({ name, gaussianMoments: moments }) => moments && name !== "relu"))(
  "$name",
  (activation) => {
    it.each([
      [1, 0.3, 1],
      [2.5, -1.1, 0.7],
      [0.4, 0.4, 0.4],
    ])("has the moments that quadrature gives, covariance %d %d %d", (suu, suv, svv) => {
      const { name, value, derivative, wgsl } = activation;
      const exact = activation.gaussianMoments!(suu, suv, svv);
      const integrated = gaussianMoments({ name, value, derivative, wgsl }, suu, suv, svv);
      expect(exact.value).toBeCloseTo(integrated.value, 11);
      expect(exact.slope).toBeCloseTo(integrated.slope, 11);
    });
  },
);

describe.each(Object.values(activations).filter(({ sineSquared }) => sineSquared))("$name", (activation) => {
  it("has the angle between act(u) and act(v) that their moments leave, whatever the variances", () => {
    const draw = uniforms(7, 0);
    const square = (variance: number): number => activation.gaussianMoments!(variance, variance, variance).value;
    for (let i = 0; i < 300; i++) {
      const suu = 10 ** (6 * draw() - 3);
      const svv = i % 2 ? suu : suu * 10 ** (2 * draw() - 1);
      const suv = (2 * draw() - 1) * Math.sqrt(suu * svv);
      const { value } = activation.gaussianMoments!(suu, suv, svv);
      const left = sineSquaredBetween(square(suu), value, square(svv));
      expect(activation.sineSquared!(suu, suv, svv, sineSquaredBetween(suu, suv, svv))).toBeCloseTo(left, 13);
    }
  });
});

describe("sin", () => {
  it("has moments to all digits at small variance, those of u and v with their first correction", () => {
    const { sin } = activations as { sin: Activation };
    const [suu, suv, svv] = [3e-10, -1e-10, 2e-10];
    const close = (value: number, expected: number) => expect(value / expected - 1).toBeCloseTo(0, 14);
    close(sin.gaussianMoments!(suu, suv, svv).value, suv * (1 - (suu + svv) / 2));
    const { square, product } = sin.squaredMoments!(suu, suv, svv);
    // To the first order.
    expect(square / (suu * svv + 2 * suv ** 2)).toBeCloseTo(1, 8);
    expect(product / suv).toBeCloseTo(1, 8);
    // Where sinh alone is beyond all numbers.
    close(sin.gaussianMoments!(2000, 2000, 2000).value, 0.5);
    close(sin.squaredMoments!(2000, 2000, 2000).square, 3 / 8);
  });
});

describe("relu", () => {
  const { relu } = activations as { relu: Activation };
  it("has slope 0 at 0", () => expect(relu.derivative(0)).toBe(0));
  it("has the moments of independent, equal and opposite Gaussians", () => {
    // E[relu u]^2 = 1/(2 pi), E[relu(u)^2] = 1/2, relu(u) relu(-u) = 0.
    expect(relu.gaussianMoments!(1, 0, 1).value).toBeCloseTo(1 / (2 * Math.PI), 15);
    expect(relu.gaussianMoments!(1, 0, 1).slope).toBeCloseTo(1 / 4, 15);
    expect(relu.gaussianMoments!(3, 3, 3).value).toBeCloseTo(1.5, 14);
    expect(relu.gaussianMoments!(3, 3, 3).slope).toBeCloseTo(1 / 2, 15);
    expect(relu.gaussianMoments!(1, -1, 1).value).toBeCloseTo(0, 15);
  });
});

describe("activationNamed", () => {
  it("finds each name", () => expect(activationNamed("gelu").name).toBe("gelu"));
  it.each([
    ["ERF", "erf"],
    ["tanhh", "tanh"],
    ["constructor", "known: erf"],
    ["__proto__", "known: erf"],
  ])("refuses %s with the nearest name and its place", (name, words) => {
    const refused = () => activationNamed(name, "network.activation");
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(words);
    expect(refused).toThrow(expect.objectContaining({ path: "network.activation" }));
  });
});
