/** How timings are judged: the best of the ceilings that were measured, the one that binds first, and medians. */
import { describe, expect, it } from "vitest";
import { bestCeilings, type Ceilings, judge, median } from "../src/report.ts";

const ceilings: Ceilings = {
  copyBytesPerSecond: 100,
  flopsPerSecond: 1000,
  float64FlopsPerSecond: 500,
  dispatchSeconds: 1e-5,
};
const measurement = { name: "a kernel", size: "1", precision: "float32", timings: [4, 2, 3] } as const;

it("the best of each ceiling counts, whichever of the measurements it is of", () => {
  const other = { copyBytesPerSecond: 120, flopsPerSecond: 900, float64FlopsPerSecond: 550, dispatchSeconds: 2e-5 };
  const best = { copyBytesPerSecond: 120, flopsPerSecond: 1000, float64FlopsPerSecond: 550, dispatchSeconds: 1e-5 };
  expect(bestCeilings([ceilings, other])).toEqual(best);
  const { float64FlopsPerSecond: _, ...single } = ceilings;
  expect(bestCeilings([single])).toEqual(single);
});

it("a median is the middle one, or the mean of the two in the middle", () => {
  expect([median([5]), median([9, 1, 4]), median([10, 1, 4, 2])]).toEqual([5, 4, 3]);
});

describe("a kernel", () => {
  it("that moves much is held against the copy, in bytes", () => {
    expect(judge({ ...measurement, work: { flops: 300, bytes: 150 } }, ceilings)).toMatchObject({
      ...{ ceiling: "copy", unit: "B/s", rate: 50, fraction: 0.5, samples: [37.5, 75, 50] },
    });
  });
  it("that computes much is held against the multiply-adds of its precision, in operations", () => {
    const work = { flops: 300, bytes: 15 };
    const single = judge({ ...measurement, work }, ceilings);
    expect(single).toMatchObject({ ceiling: "multiply-add", unit: "flop/s", rate: 100 });
    expect(single.fraction).toBeCloseTo(0.1, 12);
    expect(judge({ ...measurement, precision: "float64", work }, ceilings).fraction).toBeCloseTo(0.2, 12);
    expect(single).not.toHaveProperty("beside");
  });
  it("counts its own units, and is held against the ceilings beside its timings", () => {
    const work = { flops: 300, bytes: 0, count: 6, unit: "steps/s" };
    const judged = judge({ ...measurement, work, ceilingsBeside: [100, 600, 200] }, ceilings);
    // Of 75, 150 and 100 operations a second.
    expect(judged).toMatchObject({ unit: "steps/s", rate: 2, beside: 0.5, samples: [1.5, 3, 2] });
    expect(judged.fraction).toBeCloseTo(0.1, 12);
  });
});
