/** Steps that are too long: the limit of every integrator, and the warning of a study whose waves are faster. */
import { parseConfig } from "@slowroll/core/config/parse";
import { fieldStudy } from "@slowroll/core/field/run";
import { COMPOSITIONS } from "@slowroll/core/field/schedule";
import { stabilityLimit } from "@slowroll/core/field/stability";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

/** The largest |x| of an oscillator of frequency 1 over many steps of h, from x = 1 at rest. */
function largest(fractions: readonly number[], h: number): number {
  let [x, p, most] = [1, 0, 1];
  for (let step = 0; step < 3000 && most < 1e6; step++) {
    for (const fraction of fractions) {
      p -= (fraction * h * x) / 2;
      x += fraction * h * p;
      p -= (fraction * h * x) / 2;
    }
    most = Math.max(most, Math.abs(x));
  }
  return most;
}

describe("the limit of stability", () => {
  it("is 2 for Verlet's scheme", () => {
    expect(stabilityLimit(COMPOSITIONS.verlet2.fractions)).toBeCloseTo(2, 2);
  });

  it.each(Object.entries(COMPOSITIONS))("of %s is where its oscillations begin to grow", (_, { fractions }) => {
    const limit = stabilityLimit(fractions);
    expect(largest(fractions, 0.99 * limit)).toBeLessThan(100);
    expect(largest(fractions, limit + 0.005)).toBeGreaterThan(1e5);
  });
});

describe("a lattice", () => {
  // On 16 points of spacing pi/8 the highest wave has k_eff = 16/pi.
  const warningsOf = async (more: string) => {
    const config = await parseConfig(
      "field",
      `precision: float64\nlattice: { dimensions: 1, points: 16 }\nfluctuations: { kind: gaussian, spectrum: "1e-6" }\n${more}`,
    );
    return (await fieldStudy(config, referenceEngine)).result.warnings;
  };
  const still = "background: { kind: static }\nfield: { potential: { name: quadratic, parameters: { mass: 3 } } }";

  it("is warned of where its highest wave and mass together are too fast", async () => {
    const limit = 2 / Math.hypot(16 / Math.PI, 3);
    expect(await warningsOf(`${still}\ntime: { step: ${0.99 * limit}, end: ${4 * 0.99 * limit} }`)).toEqual([]);
    const [warning, ...more] = await warningsOf(`${still}\ntime: { step: ${1.01 * limit}, end: ${4 * 1.01 * limit} }`);
    expect(warning).toMatch(
      /^time\.step: .*highest frequency, 5\.91 at a = 1\.00, is past 2\.0, where verlet2 is unstable/,
    );
    expect(warning).toContain(limit.toPrecision(3));
    expect(more).toEqual([]);
  });

  it("is warned of where expansion makes it too fast in conformal time", async () => {
    const heavy =
      "background: { kind: fluid, omega: 0.3333333333333333, hubble: 1 }\nfield: { potential: { name: quadratic, parameters: { mass: 4 } } }";
    // a = 1 + eta: the mass term grows with a, the waves' does not.
    expect(await warningsOf(`${heavy}\ntime: { alpha: 1, step: 0.2, end: 1 }`)).toEqual([]);
    expect(await warningsOf(`${heavy}\ntime: { alpha: 1, step: 0.2, end: 2 }`)).toEqual([
      expect.stringContaining("at a = 3.00"),
    ]);
  });
});
