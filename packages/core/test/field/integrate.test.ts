/** The adaptive integrator. */
import { DivergenceError } from "@slowroll/core/errors";
import { integrate, ORDER } from "@slowroll/core/field/integrate";
import { describe, expect, it } from "vitest";
import { measuredOrder } from "./orders.ts";

describe("integrate", () => {
  it("has its order, with fixed steps", () => {
    const steps = [0.8, 0.4, 0.2];
    const errors = steps.map((fixedStep) => {
      const [, end] = integrate(
        (_t, [x, v], slope) => {
          slope[0] = v!;
          slope[1] = -x!;
        },
        [1, 0],
        [0, 8],
        { fixedStep },
      );
      return Math.abs(end![0]! - Math.cos(8));
    });
    expect(measuredOrder(steps, errors)).toBeGreaterThan(ORDER - 0.5);
  });
  it("keeps the tolerance and hits every time", () => {
    const times = [0, 0.3, 0.31, 5];
    const states = integrate(
      (_t, [y], slope) => {
        slope[0] = -2 * y!;
      },
      [3],
      times,
    );
    for (const [r, t] of times.entries()) expect(states[r]![0]! / (3 * Math.exp(-2 * t))).toBeCloseTo(1, 10);
  });
  it("names what cannot be integrated", () => {
    const explode = (_t: number, [y]: Float64Array, slope: Float64Array): void => {
      slope[0] = y! * y!;
    };
    expect(() => integrate(explode, [1], [0, 2])).toThrow(DivergenceError);
    const stiff = (_t: number, [y]: Float64Array, slope: Float64Array): void => {
      slope[0] = -1e7 * y!;
    };
    expect(() => integrate(stiff, [1], [0, 1], { maxSteps: 100 })).toThrow(RangeError);
  });
});
