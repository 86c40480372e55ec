/** Philox against the published known answers, and what the normals built on it must be. */
import { normals, uniforms } from "@slowroll/core/random/normal";
import { keyOfSeed, philox4x32, type Words } from "@slowroll/core/random/philox";
import { describe, expect, it } from "vitest";

// Random123 1.14, tests/kat_vectors, lines "philox4x32 10".
const knownAnswers: [Words, [number, number], Words][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

describe("philox4x32", () => {
  it.each(knownAnswers)("known answer of counter %j", (counter, key, answer) => {
    expect(philox4x32(counter, key)).toEqual(answer);
  });
});

describe("keyOfSeed", () => {
  it("splits a seed of 53 bits", () => expect(keyOfSeed(2 ** 52 + 5)).toEqual([5, 2 ** 20]));
  it.each([-1, 0.5, 2 ** 53, Number.NaN])("refuses %d", (seed) => expect(() => keyOfSeed(seed)).toThrow(RangeError));
});

describe("normals", () => {
  it("have mean 0, variance 1 and kurtosis 3", () => {
    const count = 200_000;
    const values = normals(3, 5, 2, count);
    const moment = (order: number): number => values.reduce((sum, value) => sum + value ** order, 0) / count;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
  });
  it("of a shorter stream are the beginning of a longer one", () => {
    expect(normals(1, 2, 3, 7)).toEqual(normals(1, 2, 3, 40).slice(0, 7));
  });
  it("differ between seeds, networks and layers", () => {
    const first = [normals(1, 0, 0, 1), normals(2, 0, 0, 1), normals(1, 1, 0, 1), normals(1, 0, 1, 1)].map((v) => v[0]);
    expect(new Set(first).size).toBe(4);
  });
});

describe("uniforms", () => {
  it("have mean 1/2 and stay in [0, 1)", () => {
    const next = uniforms(9, 1);
    const values = Array.from({ length: 10_000 }, next);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 10_000 - 0.5)).toBeLessThan(
      4 / Math.sqrt(12 * 10_000),
    );
  });
});
