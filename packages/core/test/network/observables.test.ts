/** Observables of an ensemble in its kernel, against what can be said without code. */
import { complete } from "@slowroll/core/cooperate";
import { eigen } from "@slowroll/core/linalg/eigen";
import { inModes, modeVariances, targetAlignment } from "@slowroll/core/network/observables";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";

const D = 5;
const root = normals(1, 0, 0, D * D);
const theta = Float64Array.from({ length: D * D }, (_, e) => {
  let sum = 0;
  for (let i = 0; i < D; i++) sum += root[Math.floor(e / D) * D + i]! * root[(e % D) * D + i]!;
  return sum;
});
const spectrum = eigen(theta, D);
const column = (i: number) => Float64Array.from({ length: D }, (_, a) => spectrum.vectors[a * D + i]!);

describe("observables in the kernel", () => {
  it("an eigenvector is its own mode", () => {
    for (let i = 0; i < D; i++) {
      for (const [j, value] of inModes(column(i), spectrum).entries()) expect(value).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  });
  it("the kernel's variances in its own modes are its eigenvalues", () => {
    for (const [i, value] of complete(modeVariances(theta, spectrum)).entries())
      expect(value).toBeCloseTo(spectrum.values[i]!, 10);
  });
  it("the alignment with an eigenvector is its share of the kernel's norm, and 1 for the kernel y y^T", () => {
    const norm = Math.hypot(...spectrum.values);
    for (let i = 0; i < D; i++) {
      expect(targetAlignment(theta, column(i))).toBeCloseTo(spectrum.values[i]! / norm, 10);
      const y = column(i).map((value) => 3 * value);
      const outer = Float64Array.from({ length: D * D }, (_, e) => y[Math.floor(e / D)]! * y[e % D]!);
      expect(targetAlignment(outer, y)).toBeCloseTo(1, 12);
    }
    expect(targetAlignment(theta, new Float64Array(D))).toBeNaN();
  });
});
