/** When a lattice's job ends before its schedule: only where nothing is left that has numbers. */

import { dueUntil, type Observation, type Snapshot } from "@slowroll/core/engine/latticeJob";
import { endLost } from "@slowroll/core/engine/lost";
import type { PartJob } from "@slowroll/core/engine/parts";
import { describe, expect, it } from "vitest";

const { NaN: none } = Number;
const job = { realisations: 2, observeAfter: [0, 5, 10, 15], snapshots: { after: [0, 12], pictures: [] } };
const recordsOf = (...means: readonly (readonly number[])[]) => ({
  observations: means.map((mean, n): Observation => ({ afterOperation: 5 * n, fieldMean: Float64Array.from(mean) })),
  snapshots: [{ afterOperation: 0 }] as Snapshot[],
});
const ends = (records: ReturnType<typeof recordsOf>, of: object = job): boolean => endLost(records, of as PartJob);

describe("a lattice's job", () => {
  it("is over where every realisation has a field that is no number, with the last record for all that are left", () => {
    const records = recordsOf([1, 2, 3, 4], [none, 2, 3, none]);
    expect(ends(records)).toBe(true);
    expect(records.observations.map(({ afterOperation }) => afterOperation)).toEqual([0, 5, 10, 15]);
    for (const { fieldMean } of records.observations.slice(1))
      expect(fieldMean).toEqual(Float64Array.of(none, 2, 3, none));
    expect(records.snapshots.map(({ afterOperation }) => afterOperation)).toEqual([0, 12]);
  });
  it.each([
    ["one realisation has numbers", recordsOf([none, none, 3, 4])],
    ["means are infinite, which sums of numbers may be", recordsOf([Infinity, 2, Infinity, 4])],
    ["nothing has been observed", recordsOf()],
    ["no snapshot is there for the one that is due", { ...recordsOf([none, none, none, none]), snapshots: [] }],
    ["no field is observed", { ...recordsOf(), observations: [{ afterOperation: 0 }] }],
  ])("goes on where %s", (_name, records) => {
    const before = structuredClone(records);
    expect(ends(records)).toBe(false);
    expect(records).toEqual(before);
  });
  it("needs no snapshot where none is due", () => {
    const records = { ...recordsOf([none, none, none, none]), snapshots: [] };
    expect(ends(records, { ...job, snapshots: undefined })).toBe(true);
    expect(records.snapshots).toEqual([]);
  });
});

it("a lattice with a picture after each of very many operations is looked at in no time proportional to those that are left", () => {
  const count = 200_000;
  const after = Array.from({ length: count }, (_, n) => n);
  const read: PropertyKey[] = [];
  const watched = new Proxy(after, {
    get(target, key) {
      read.push(key);
      return Reflect.get(target, key);
    },
  });
  expect(ends(recordsOf([1, 2, 3, 4]), { ...job, observeAfter: watched, snapshots: { after: watched } })).toBe(false);
  expect(dueUntil(watched, 1000, count, 1002)).toEqual([1000, 1001, 1002]);
  expect(read.length).toBeLessThan(100);
});
