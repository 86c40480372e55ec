/** The WebGPU engine's spectra against tests/reference: sides of every kind of factor, small fluctuations on a large mean, many fields. */
import { spectrumBins } from "@slowroll/core/engine/latticeJob";
import { wholeLayout } from "@slowroll/core/engine/webgpu/field/latticeSlabs";
import { assertSpectrum, takeSpectra } from "@slowroll/core/engine/webgpu/field/spectrum";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { InputError } from "@slowroll/core/errors";
import { uniforms } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, expect, it } from "vitest";
import { referenceSpectrum } from "../reference/spectrum.ts";

interface Case {
  readonly dimensions: 1 | 2 | 3;
  readonly points: number;
  readonly realisations?: number;
  readonly fields?: number;
}

const CASES: Case[] = [
  ...[2, 6, 7, 49, 100, 301, 509, 2048].map((points) => ({ dimensions: 1 as const, points })),
  { dimensions: 1, points: 24, realisations: 3, fields: 3 },
  // More fields than one dispatch has workgroups along an axis.
  { dimensions: 1, points: 3, realisations: 33_000, fields: 2 },
  ...[2, 3, 9, 14, 64, 300].map((points) => ({ dimensions: 2 as const, points })),
  { dimensions: 2, points: 11, realisations: 3, fields: 2 },
  ...[2, 5, 11, 12, 32].map((points) => ({ dimensions: 3 as const, points })),
  { dimensions: 3, points: 10, realisations: 2, fields: 2 },
];
const INCLUDES = { includes: ["field/single.wgsl"] };
/** Of the largest bin. */
const BOUND = 2e-6;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

it.each(CASES)("%o", async ({ dimensions, points, realisations = 1, fields = 1 }) => {
  const sites = points ** dimensions;
  const all = realisations * fields;
  const next = uniforms(5, 0);
  // The fields' fluctuations differ by orders of magnitude: none may leak into another's spectrum.
  const values = Float32Array.from(
    { length: all * sites },
    (_, i) => 100 + (next() - 0.5) * 100 ** -(Math.floor(i / sites) % fields),
  );
  const grid = { dimensions, points, spacing: 1, stencil: 2 } as const;
  const field = await gpu.upload("field", values);
  try {
    const got = await takeSpectra(gpu, { grid, realisations, fields }, wholeLayout(grid), INCLUDES, [
      { field, momentum: field },
    ]);
    const again = await takeSpectra(gpu, { grid, realisations, fields }, wholeLayout(grid), INCLUDES, [
      { field, momentum: field },
    ]);
    expect(again).toEqual(got);
    const bins = spectrumBins(grid);
    expect(got).toHaveLength(all * bins);
    let worst = 0;
    for (let rf = 0; rf < all; rf++) {
      const want = referenceSpectrum(grid, Float64Array.from(values.subarray(rf * sites, (rf + 1) * sites)));
      const largest = Math.max(...want);
      expect(largest).toBeGreaterThan(0);
      for (const [bin, sum] of want.entries()) worst = Math.max(worst, Math.abs(got[rf * bins + bin]! - sum) / largest);
    }
    expect(worst).toBeLessThan(BOUND);
  } finally {
    field.destroy();
  }
});

it("refuses a side that does not fit workgroup memory, and modes that do not fit a binding", () => {
  const refusal = (dimensions: 1 | 3, points: number): unknown => {
    try {
      assertSpectrum(gpu, { dimensions, points }, wholeLayout({ dimensions, points }));
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const longest = gpu.limits.maxComputeWorkgroupStorageSize / 16;
  expect(refusal(1, longest)).toBeUndefined();
  const long = refusal(1, longest + 1) as InputError;
  expect(long).toBeInstanceOf(InputError);
  expect(long).toMatchObject({ path: "lattice.points" });
  expect(long.message).toContain(`at most ${longest} points along a side`);
  expect(long.message).toContain("--engine cpu");
  expect(refusal(3, longest)).toBeInstanceOf(InputError);
});
