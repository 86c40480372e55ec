/** The host's transform against the plain sum and numpy's numbers, back to where it came from, and its layout where it is not a real field's. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { referenceTransform } from "../../../../tests/reference/spectrum.ts";
import { InputError } from "../../src/errors.ts";
import { createTransform, type HalfComplex } from "../../src/fourier/transform.ts";
import { uniforms } from "../../src/random/normal.ts";

type Shape = { readonly dimensions: 1 | 2 | 3; readonly points: number };

const SHAPES: Shape[] = [
  ...[...Array.from({ length: 20 }, (_, i) => i + 1), 30, 49, 64, 77, 81, 100, 121, 125, 128, 256, 512, 1009].map(
    (points) => ({ dimensions: 1 as const, points }),
  ),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 22, 30].map((points) => ({ dimensions: 2 as const, points })),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16].map((points) => ({ dimensions: 3 as const, points })),
];

function drawField({ dimensions, points }: Shape): Float64Array {
  const next = uniforms(3, points);
  return Float64Array.from({ length: points ** dimensions }, () => 2 * next() - 1);
}

/** The largest distance of two half-complex fields over the largest root mean square of a mode, sqrt(sum of squares of the values). */
function distance(got: HalfComplex, want: HalfComplex, values: ArrayLike<number>): number {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += values[i]! ** 2;
  let worst = 0;
  for (let i = 0; i < want.real.length; i++) {
    const off = Math.hypot(got.real[i]! - want.real[i]!, got.imaginary[i]! - want.imaginary[i]!);
    // So that what is not a number is not near either.
    if (!(off <= worst)) worst = off;
  }
  return worst / Math.sqrt(square);
}

function halfOf({ dimensions, points }: Shape, full: HalfComplex): HalfComplex {
  const modes = Math.floor(points / 2) + 1;
  const pick = (all: Float64Array): Float64Array =>
    Float64Array.from(
      { length: points ** (dimensions - 1) * modes },
      (_, i) => all[Math.floor(i / modes) * points + (i % modes)]!,
    );
  return { real: pick(full.real), imaginary: pick(full.imaginary) };
}

describe("the transform", () => {
  it("is refused of points with a prime factor that it would take minutes for, with the nearest without", () => {
    for (const [points, near] of [
      [1_000_003, 1_000_000],
      [2 ** 20 - 3, 2 ** 20],
    ] as const)
      expect(() => createTransform({ dimensions: 1, points })).toThrow(
        expect.objectContaining({
          path: "lattice.points",
          message: expect.stringMatching(`minutes each; use ${near}$`),
        }),
      );
  });
  it.each(SHAPES)(
    "in $dimensions dimensions of $points points is the plain sum, and its inverse takes it back",
    (shape) => {
      const values = drawField(shape);
      const transform = createTransform(shape);
      const half = transform.forward(values);
      expect(half.real.length).toBe(shape.points ** (shape.dimensions - 1) * (Math.floor(shape.points / 2) + 1));
      // The plain sum's own rounding grows with the points; the transform's does not.
      const bound = 4e-15 + 2e-17 * shape.points;
      expect(distance(half, halfOf(shape, referenceTransform(shape, values)), values)).toBeLessThan(bound);
      const back = transform.inverse(half);
      for (const [i, value] of values.entries()) expect(Math.abs(back[i]! - value)).toBeLessThan(4e-15);
      // A second time from what the first left in memory.
      expect(transform.forward(values)).toEqual(half);
    },
  );

  const { cases } = JSON.parse(
    readFileSync(new URL("../../../../tests/data/fourier.json", import.meta.url), "utf8"),
  ) as { cases: (Shape & { values: number[]; real: number[]; imaginary: number[] })[] };
  it.each(cases)("is numpy's in $dimensions dimensions of $points points", ({ values, real, imaginary, ...shape }) => {
    const want = { real: Float64Array.from(real), imaginary: Float64Array.from(imaginary) };
    const transform = createTransform(shape);
    expect(distance(transform.forward(Float64Array.from(values)), want, values)).toBeLessThan(2e-15);
    const back = transform.inverse(want);
    for (const [i, value] of values.entries()) expect(Math.abs(back[i]! - value)).toBeLessThan(4e-15);
  });

  it.each([
    { dimensions: 1, points: 8 },
    { dimensions: 2, points: 6 },
    { dimensions: 3, points: 5 },
    { dimensions: 3, points: 4 },
  ] as const)("takes the symmetric part of any half field: $dimensions dimensions of $points points", (shape) => {
    const { dimensions, points } = shape;
    const modes = Math.floor(points / 2) + 1;
    const next = uniforms(9, points);
    const draw = () => Float64Array.from({ length: points ** (dimensions - 1) * modes }, () => 2 * next() - 1);
    const half = { real: draw(), imaginary: draw() };
    const transform = createTransform(shape);
    const again = transform.forward(transform.inverse(half));
    for (let i = 0; i < half.real.length; i++) {
      const k = i % modes;
      let opposite = i;
      if (k === 0 || 2 * k === points) {
        // The index of -n along each of the other axes.
        let rest = Math.floor(i / modes);
        opposite = k;
        for (let axis = 1, stride = modes; axis < dimensions; axis++, stride *= points) {
          opposite += ((points - (rest % points)) % points) * stride;
          rest = Math.floor(rest / points);
        }
        expect(again.real[i]).toBeCloseTo((half.real[i]! + half.real[opposite]!) / 2, 12);
        expect(again.imaginary[i]).toBeCloseTo((half.imaginary[i]! - half.imaginary[opposite]!) / 2, 12);
      } else {
        expect(again.real[i]).toBeCloseTo(half.real[i]!, 12);
        expect(again.imaginary[i]).toBeCloseTo(half.imaginary[i]!, 12);
      }
    }
  });

  it("refuses a grid that no memory holds", () => {
    expect(() => createTransform({ dimensions: 3, points: 1000 })).toThrow(InputError);
  });
});
