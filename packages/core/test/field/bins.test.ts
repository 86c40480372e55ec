/** The bins of a spectrum: how many modes each has and their mean |k|. */
import { binsOf } from "@slowroll/core/field/spectra";
import type { LatticeSpec } from "@slowroll/core/field/study";
import { describe, expect, it } from "vitest";

const lattice = (dimensions: number, points: number): LatticeSpec =>
  ({ dimensions, points, length: 5 }) as unknown as LatticeSpec;

/** Mode by mode. */
function counted(dimensions: number, points: number) {
  const bins = new Map<number, { count: number; sum: number }>();
  for (let i = 1; i < points ** dimensions; i++) {
    const numbers = Array.from({ length: dimensions }, (_, d) => Math.floor(i / points ** d) % points);
    const k = Math.hypot(...numbers.map((n) => (2 * n > points ? n - points : n)));
    const bin = bins.get(Math.round(k)) ?? { count: 0, sum: 0 };
    bins.set(Math.round(k), { count: bin.count + 1, sum: bin.sum + k });
  }
  return [...bins]
    .sort(([a], [b]) => a - b)
    .map(([, { count, sum }]) => ({ count, k: (2 * Math.PI * sum) / count / 5 }));
}

describe("bins", () => {
  it.each([
    [1, 6],
    [1, 15],
    [2, 10],
    [2, 9],
    [3, 8],
    [3, 15],
    [3, 24],
  ])("are what counting each mode gives, %d dimensions of %d points", (dimensions, points) => {
    const { k, count } = binsOf(lattice(dimensions, points));
    const expected = counted(dimensions, points);
    expect(count).toEqual(expected.map((bin) => bin.count));
    for (const [b, bin] of expected.entries()) expect(k[b]! / bin.k).toBeCloseTo(1, 13);
  });

  it("of a line of a million points take no more memory than the line", () => {
    const { k, count } = binsOf(lattice(1, 1_000_000));
    expect(k).toHaveLength(500_000);
    expect(k[499_998]).toBeCloseTo((2 * Math.PI * 499_999) / 5, 6);
    expect([count[0], count[499_998], count[499_999]]).toEqual([2, 2, 1]);
  });
});
