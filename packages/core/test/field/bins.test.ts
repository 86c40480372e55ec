/** The bins of a spectrum: how many modes each has and their mean |k|; and the errors of several realisations. */
import { fieldStudy } from "@slowroll/core/field/run";
import { binsOf } from "@slowroll/core/field/spectra";
import type { LatticeSpec } from "@slowroll/core/field/study";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

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

it("has the standard error of its average over realisations", async () => {
  const spectrumOf = async (realisations: number) => {
    const { result } = await fieldStudy(
      {
        background: { kind: "deSitter", hubble: 1 },
        field: { potential: "quadratic", mean: 0, velocity: 0 },
        lattice: { dimensions: 2, points: 8, length: 3, stencil: 2 },
        fluctuations: { kind: "vacuum", seed: 4, amplitude: 1, realisations },
        time: { alpha: 0, step: 0.01, end: 0.02, recordEvery: 1 },
        observe: { spectraEvery: 2, velocitySpectra: true, occupationNumbers: true },
      },
      referenceEngine,
    );
    return result.spectra![1]!;
  };
  const [one, two] = [await spectrumOf(1), await spectrumOf(2)];
  expect([one.error, one.velocityError, one.occupationError]).toEqual([undefined, undefined, undefined]);
  for (const [quantity, error] of [
    ["power", "error"],
    ["velocityPower", "velocityError"],
    ["occupation", "occupationError"],
  ] as const) {
    const own = one[quantity] as number[];
    // Of two numbers it is half their difference: the distance of either from the mean.
    const apart = (two[quantity] as number[]).map((mean, b) => Math.abs(mean - own[b]!));
    expect(Math.min(...apart)).toBeGreaterThan(0);
    for (const [b, found] of (two[error] as number[]).entries()) expect(found / apart[b]!).toBeCloseTo(1, 9);
  }
});
