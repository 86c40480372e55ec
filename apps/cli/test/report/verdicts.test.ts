/** What the report's sentences say follows from the numbers: each verdict is seen to change where its numbers do. */
import type { PowerLaw } from "@slowroll/core/duality/scaling";
import { describe, expect, it } from "vitest";
import { linear, logarithmic, steps } from "../../src/report/axes.ts";
import { type ErrorsAt, judgeOrder } from "../../src/report/duals.ts";
import { falls, judgeExponent } from "../../src/report/exponents.ts";
import { say } from "../../src/report/figure.ts";
import { kernelFigures } from "../../src/report/networkFigures.ts";
import { toSvg } from "../../src/report/render.ts";

const WIDTHS = [64, 128, 256, 512];
function law(all: [number, number], large: [number, number] | null, expected = -1): PowerLaw {
  return {
    values: [4, 3, 2, 1],
    errors: [0.1, 0.1, 0.1, 0.1],
    exponent: all[0],
    exponentError: all[1],
    exponentLarge: large ? large[0] : null,
    exponentLargeError: large ? large[1] : null,
    expected,
  };
}

describe("the verdict on an exponent", () => {
  it("agrees within three standard errors", () => {
    const text = judgeExponent("drift", law([-0.49, 0.02], [-0.5, 0.04], -0.5), WIDTHS);
    expect(text).toBe("drift −0.490 ± 0.020 (n ≥ 256: −0.500 ± 0.040): agrees with −0.5");
  });
  it.each([
    ["shallower over all, since small widths are in the fit", [-0.8, 0.02], [-0.97, 0.03], undefined],
    ["agrees at large widths with the −0.95", [-0.8, 0.01], [-0.94, 0.01], -0.95],
    ["not yet −1, which it approaches", [-0.8, 0.01], [-0.9, 0.01], undefined],
    ["does not agree (20 standard errors off −1", [-0.8, 0.01], [-0.8, 0.01], undefined],
    ["two widths from 256 on would tell", [-0.8, 0.01], null, undefined],
    ["steeper than −1 by 20 standard errors", [-1.2, 0.01], [-1.2, 0.01], undefined],
    ["but not over the large ones", [-0.98, 0.01], [-0.8, 0.01], undefined],
  ] as const)("is else: %s", (words, all, large, known) => {
    expect(judgeExponent("drift", law([...all], large ? [...large] : null), WIDTHS, known)).toContain(words);
  });
  it("has one fit where all widths are large", () => {
    const text = judgeExponent("drift", law([-0.8, 0.01], [-0.8, 0.01]), [256, 512, 1024, 2048]);
    expect(text).toBe("drift −0.800 ± 0.010: does not agree, shallower than −1 by 20 standard errors");
  });
  it("sees a fall only beyond its error", () => {
    expect(falls(law([-0.5, 0.1], null))).toBe(true);
    expect(falls(law([-0.2, 0.1], null))).toBe(false);
    expect(falls(law([0.5, 0.1], null))).toBe(false);
  });
});

describe("the verdict on the map's orders", () => {
  const errors = (slow: number, second: number): ErrorsAt[] =>
    [0.4, 0.2, 0.1, 0.05, 0.025].map((x) => ({ x, slowRoll: x ** slow, secondOrder: x ** second }));
  it("holds for the powers that the orders promise", () => {
    expect(judgeOrder(errors(1, 2), "slowRoll", 0)).toMatchObject({ expected: 1, holds: true });
    expect(judgeOrder(errors(1, 2), "secondOrder", 0)).toMatchObject({ expected: 2, holds: true });
    expect(judgeOrder(errors(1, 1), "secondOrder", 0).holds).toBe(false);
    expect(judgeOrder(errors(0, 2), "slowRoll", 0).holds).toBe(false);
  });
  it("expects a linear error of the second order with momentum", () => {
    const scaled = errors(1, 1).map((at) => ({ ...at, x: at.x / 8 }));
    expect(judgeOrder(scaled, "secondOrder", 0.9)).toMatchObject({ expected: 1, holds: true });
  });
  it("does not hold where nothing can be fitted", () => {
    const none = errors(1, 2).map((at) => ({ ...at, secondOrder: null }));
    expect(judgeOrder(none, "secondOrder", 0)).toEqual({ slope: null, expected: 2, holds: false });
  });
});

describe("the verdict on a kernel's eigenvalues", () => {
  const figure = (eigenvalues: readonly number[]) => {
    const square = eigenvalues.map(() => eigenvalues);
    const document = { nngp: square, ntk: square, eigenvalues } as unknown as Parameters<typeof kernelFigures>[0];
    return kernelFigures(document).at(-1)!;
  };
  const told = (eigenvalues: readonly number[]): string => figure(eigenvalues).agrees;
  it("is how many times slower the slowest mode is", () => {
    expect(told([4, 1, 0.5])).toContain("The largest, 4.00, is 8.00 times the smallest");
  });
  it.each([0, 1e-16, -1e-15])(
    "is that a mode does not move where its eigenvalue is %d, zero to rounding, and is not drawn",
    (smallest) => {
      expect(told([4, 1, smallest])).toBe(
        "The largest is 4.00; 1 of 3 is zero to rounding: its mode does not move and is left out.",
      );
      expect(told([4, smallest, smallest])).toContain("2 of 3 are zero to rounding: their modes do not move and are");
      expect(figure([4, 1, smallest]).spec).toMatchObject({
        data: {
          values: [
            { mode: 0, value: 4 },
            { mode: 1, value: 1 },
          ],
        },
      });
    },
  );
});

describe("axes", () => {
  it("reach beyond their data", () => {
    for (const [domain, low, high] of [
      [linear([-1, 2]).scale.domain, -1, 2],
      [linear([3]).scale.domain, 3, 3],
      [logarithmic([1e-3, 5, null, 0]).scale.domain, 1e-3, 5],
      [steps(200).scale.domain, 0, 200],
    ] as const) {
      expect(domain[0]!).toBeLessThan(low);
      expect(domain[1]!).toBeGreaterThan(high);
    }
  });
  it.each([
    ["of less than a decade", [2.3e-9, 5.1e-9]],
    ["about a power of ten", [0.93e-9, 1.04e-9]],
    ["of plain numbers", [2.3, 2.6]],
    ["of two decades", [1e-5, 3e-3]],
    ["of many decades", [1e-15, 10]],
  ] as const)("label logarithms %s with numbers of their own", async (_, [low, high]) => {
    const spec = {
      height: 300,
      data: { values: [low, high].map((value) => ({ value })) },
      mark: "point" as const,
      encoding: { y: { field: "value", type: "quantitative" as const, title: null, ...logarithmic([low, high]) } },
    };
    const svg = await toSvg({ id: "", title: "", shows: "", agrees: "", spec });
    const labels = [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text!);
    expect(labels.length).toBeGreaterThan(2);
    expect(new Set(labels).size).toBe(labels.length);
    const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    const values = labels.map((text) => {
      const [, factor, power] = /^(?:([\d.]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/.exec(text) ?? [];
      if (power === undefined) return Number(text);
      return (
        Number(factor ?? 1) * 10 ** Number(power.replace("⁻", "-").replace(/[^-]/g, (one) => `${digits.indexOf(one)}`))
      );
    });
    expect(Math.max(...values)).toBeLessThan(high * 1.5);
    expect(Math.min(...values)).toBeGreaterThan(low / 1.5);
  });
  it("label steps apart from each other", () => {
    expect(steps(200).axis.values).toEqual([0, 1, 5, 10, 20, 50, 100, 200]);
  });
});

it("writes powers of ten as a paper does", () => {
  expect(say(-1.234e-15)).toBe("−1.23 × 10⁻¹⁵");
  expect(say(0.5)).toBe("0.500");
});
