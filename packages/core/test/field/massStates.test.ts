/** Mass eigenstates: what they are of matrices whose are known, and that they keep their names where eigenvalues cross or are equal. */
import { massStates, namedBy } from "@slowroll/core/field/massStates";
import { followStates, oscillatorsOf } from "@slowroll/core/field/occupation";
import type { Moment } from "@slowroll/core/field/result";
import { prepare } from "@slowroll/core/field/setup";
import { developSpectra } from "@slowroll/core/field/spectra";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";

/** R^T diag(masses) R, of rows of R. */
function matrixOf(rotation: readonly (readonly number[])[], masses: readonly number[]): Float64Array {
  const F = masses.length;
  return Float64Array.from({ length: F * F }, (_, fg) =>
    masses.reduce((sum, m, i) => sum + m * rotation[i]![Math.floor(fg / F)]! * rotation[i]![fg % F]!, 0),
  );
}

const turned = (angle: number): number[][] => [
  [Math.cos(angle), Math.sin(angle)],
  [-Math.sin(angle), Math.cos(angle)],
];

/** [F] rows of orthonormal random numbers. */
function randomRotation(F: number, seed: number): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i < F; i++) {
    let row = Array.from(normals(seed, i, 0, F));
    for (const before of rows) {
      const part = row.reduce((sum, value, f) => sum + value * before[f]!, 0);
      row = row.map((value, f) => value - part * before[f]!);
    }
    const length = Math.hypot(...row);
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

const close = (got: ArrayLike<number>, want: ArrayLike<number>, bound = 1e-12): void => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(Math.abs(got[i]! - want[i]!)).toBeLessThan(bound);
};

describe("mass eigenstates", () => {
  it("are the fields, to the bit and in their order, where none mix", () => {
    const { massSquared, rotation, mixed } = massStates(Float64Array.of(0.1, 0, 0, 0, 7, 0, 0, 0, -2), 3);
    expect([...massSquared]).toEqual([0.1, 7, -2]);
    expect([...rotation]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(mixed).toBe(false);
  });

  it("are the fields where the matrix is not finite", () => {
    const { massSquared, rotation, mixed } = massStates(Float64Array.of(1, Number.NaN, Number.NaN, Number.NaN), 2);
    expect([...massSquared]).toEqual([1, Number.NaN]);
    expect([...rotation]).toEqual([1, 0, 0, 1]);
    expect(mixed).toBe(false);
  });

  it.each([0.3, -0.6, 0.785])("are those of a matrix turned by %s, named after the nearer field", (angle) => {
    for (const masses of [
      [9, 1],
      [1, 9],
      [-2, 0.5],
    ]) {
      const { massSquared, rotation, mixed } = massStates(matrixOf(turned(angle), masses), 2);
      close(massSquared, masses);
      close(rotation, turned(angle).flat());
      expect(mixed).toBe(true);
    }
  });

  it("of five fields diagonalise the matrix", () => {
    const masses = [3, -1, 0.25, 0.25, 40];
    const matrix = matrixOf(randomRotation(5, 3), masses);
    const { massSquared, rotation } = massStates(matrix, 5);
    close([...massSquared].sort(), [...masses].sort(), 1e-11);
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++) {
        let [along, product] = [0, 0];
        for (let f = 0; f < 5; f++) {
          product += rotation[5 * i + f]! * rotation[5 * j + f]!;
          for (let g = 0; g < 5; g++) along += rotation[5 * i + f]! * matrix[5 * f + g]! * rotation[5 * j + g]!;
        }
        expect(Math.abs(along - (i === j ? massSquared[i]! : 0))).toBeLessThan(1e-11);
        expect(Math.abs(product - Number(i === j))).toBeLessThan(1e-12);
      }
  });

  it("of one mass are the fields, whatever rounding mixes them, and beside others", () => {
    for (const tiny of [1e-9, -3e-8]) {
      const { massSquared, rotation } = massStates(Float64Array.of(2, tiny, tiny, 2 + tiny / 3), 2);
      close(massSquared, [2, 2], 1e-7);
      close(rotation, [1, 0, 0, 1]);
    }
    // phi and the first part of two fields have one mass, the second part another: phi stays.
    const rotation = [[1, 0, 0], ...turned(0.4).map((row) => [0, ...row])];
    const got = massStates(matrixOf(rotation, [2, 2, 5]), 3);
    close(got.massSquared, [2, 2, 5]);
    close(got.rotation, rotation.flat());
  });

  it("have the names of what they overlap with most, and its sign", () => {
    const states = Float64Array.of(0, -1, 0, 0.8, 0, 0.6, -0.6, 0, 0.8);
    expect(namedBy(states, Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), 3)).toEqual([
      { index: 1, sign: 1 },
      { index: 0, sign: -1 },
      { index: 2, sign: 1 },
    ]);
  });
});

describe("the states of one snapshot after another", () => {
  it("keep their names, masses and signs while they turn once around and cross", () => {
    const follow = followStates(2);
    for (let step = 0; step <= 40; step++) {
      const angle = (2 * Math.PI * step) / 40;
      const masses = [4 + 3 * Math.cos(angle + 0.2), 4 - 3 * Math.cos(angle + 0.2)];
      const { massSquared, mixing } = follow(matrixOf(turned(angle + 0.1), masses), 1);
      close(massSquared[0]!, masses, 1e-11);
      close(mixing.flat(), turned(angle + 0.1).flat(), 1e-11);
    }
  });

  it("have one name in all realisations, fields equally near or not", () => {
    const matrices = [0.01, -0.02, 0.005].flatMap((off) => [...matrixOf(turned(Math.PI / 4 + off), [9, 1])]);
    const { index, massSquared, mixing } = followStates(2)(Float64Array.from(matrices), 3);
    for (const masses of massSquared) close(masses, [9, 1]);
    close(mixing.flat(), turned(Math.PI / 4).flat(), 0.01);
    // By the fields alone, the second would have them the other way round.
    expect(index).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
  });
});

it("give oscillators no rotation where no realisation's masses mix, and those of the rest one that leaves fields as they are", () => {
  const moments = [1, 2].map((scaleFactor) => ({ scaleFactor, hubble: 0.5 }) as Moment);
  const apart = [3, 0, 0, 5];
  const none = oscillatorsOf(moments, Float64Array.from([...apart, ...apart]));
  expect(none.rotation).toBeUndefined();
  expect([...none.massSquared]).toEqual([3, 5, 12, 20]);
  const one = oscillatorsOf(moments, Float64Array.from([...apart, ...matrixOf(turned(0.2), [3, 5])]));
  close(one.rotation!, [1, 0, 0, 1, ...turned(0.2).flat()]);
  close(one.massSquared, [3, 5, 12, 20], 1e-11);
});

describe("occupation numbers of several realisations", () => {
  const lattice = { dimensions: 1, points: 4, length: 2 * Math.PI, stencil: 2 } as const;
  /** At scale factor 1, of sums that are alike in all bins: two with modes, whose k_eff^2 are 8/pi^2 and 16/pi^2. */
  const spectrumOf = async (curvature: Float64Array, oscillators: readonly number[][]) => {
    const setup = await prepare({
      background: { kind: "static" },
      field: { fields: ["phi", "chi"], potential: { expression: "phi*chi" }, mean: 0, velocity: 0 },
      fluctuations: { kind: "none" },
      time: { alpha: 0, step: 0.1, end: 1, recordEvery: 1 },
    });
    const moments = oscillators.map(() => ({ scaleFactor: 1 }) as Moment);
    const bins = 3;
    // [R][F][bins].
    const sums = Float64Array.from(oscillators.flat().flatMap((value) => new Array<number>(bins).fill(value)));
    const shot = { afterOperation: 0, spectra: sums, oscillators: sums, curvature };
    return developSpectra(setup, lattice)(0, shot, moments);
  };

  it("are averaged over the same state of each", async () => {
    const curvature = [0.01, -0.02].flatMap((off) => [...matrixOf(turned(Math.PI / 4 + off), [9, 1])]);
    // By the fields that they are nearest to, the heavy state comes second in the one and first in the other.
    const { occupation, occupationError } = await spectrumOf(Float64Array.from(curvature), [
      [1, 5],
      [5, 1],
    ]);
    const [heavy, light] = occupation as number[][];
    for (const [b, value] of light!.entries()) expect(heavy![b]! / value).toBeCloseTo(5, 12);
    close((occupationError as number[][]).flat(), [0, 0, 0, 0]);
  });

  it("are averaged over more realisations than a call has arguments", async () => {
    const realisations = 130_000;
    const curvature = Float64Array.from({ length: 4 * realisations }, (_, i) => [9, 0, 0, 1][i % 4]!);
    const { occupation } = await spectrumOf(curvature, new Array(realisations).fill([5, 1]));
    const [heavy, light] = occupation as number[][];
    for (const [b, value] of light!.entries()) expect(heavy![b]! / value).toBeCloseTo(5, 9);
  });

  it("are not there where one realisation's have no frequency", async () => {
    const own = (mass: number) => [mass, 0, 0, 1];
    const { occupation } = await spectrumOf(Float64Array.from([...own(1), ...own(-1), ...own(1)]), [
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const [phi, chi] = occupation as (number | null)[][];
    expect(phi).toEqual([null, expect.any(Number)]);
    expect(chi).toEqual([expect.any(Number), expect.any(Number)]);
  });
});
