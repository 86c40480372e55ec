/** From steps to operations: where a run ends, and how far it has come. */
import { InputError } from "@slowroll/core/errors";
import { createBackground } from "@slowroll/core/field/background";
import { buildSchedule, COMPOSITIONS, coupledDurations, stepsTo } from "@slowroll/core/field/schedule";
import { describe, expect, it } from "vitest";

const time = { alpha: 0, step: 0.1, end: 0.7, recordEvery: 1 } as const;
const integrators = Object.keys(COMPOSITIONS) as (keyof typeof COMPOSITIONS)[];

describe("the end", () => {
  it.each([0.7, 0.7 * (1 + 1e-10), 3e4 * (1 + 1e-10)])("%d is a whole number of steps", (end) => {
    expect(stepsTo({ ...time, end })).toBe(Math.round(10 * end));
  });
  it.each([0.7 * (1 + 1e-8), 0.7 * (1 - 1e-8), 3e4 * (1 + 1e-8), 0.04, 0.75])("%d is none", (end) => {
    expect(() => stepsTo({ ...time, end })).toThrow(InputError);
  });
});

describe.each(integrators)("the steps done by %s", (integrator) => {
  const each = COMPOSITIONS[integrator].fractions.length;
  it("are those whose drifts are, where an operation more completes a step that is stopped at", () => {
    const stops = [0, 3, 7];
    const { coefficients, after, stepsDone } = buildSchedule(
      { ...time, integrator },
      createBackground({ kind: "deSitter", hubble: 1 }, 0),
      stops,
    );
    const before = (step: number): number => each * step + stops.filter((stop) => stop > 0 && stop < step).length;
    for (let step = 1; step <= 7; step++) {
      expect(stepsDone(before(step) - 1)).toBe(step - 1);
      expect(stepsDone(before(step))).toBe(step);
    }
    expect(stops.map(after)).toEqual([0, 3 * each + 1, 7 * each + 2]);
    expect(stops.map((stop) => stepsDone(after(stop)))).toEqual(stops);
    expect(coefficients.length / 3).toBe(after(7));
  });
  it("are those whose operations are, where the expansion is the fields' own", () => {
    const { durations, after, stepsDone } = coupledDurations({ ...time, integrator }, 7);
    for (let step = 0; step <= 7; step++) {
      expect(stepsDone(after(step))).toBe(step);
      if (step > 0) expect(stepsDone(after(step) - 1)).toBe(step - 1);
    }
    expect(durations).toHaveLength(after(7));
    expect(durations.reduce((sum, duration) => sum + duration)).toBeCloseTo(0.7, 13);
  });
});
