/** Results that outgrow V8's heap are refused before their work; what is counted of them is what they take. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseConfig } from "@slowroll/core";
import { dualityStudy } from "@slowroll/core/duality/run";
import type { Engine } from "@slowroll/core/engine/engine";
import { listBytes, nested } from "@slowroll/core/lists";
import { networkStudy } from "@slowroll/core/network/run";
import { describe, expect, it } from "vitest";

const { heap_size_limit: LIMIT } = getHeapStatistics();

/** Fails where it is asked for anything. */
const unasked = new Proxy({} as Engine, {
  get(_, key) {
    throw new Error(`the engine's ${String(key)} was asked for`);
  },
});

describe("a list", () => {
  it("takes the bytes that are counted of it", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const flat = new Float64Array(2 ** 20).map((_, i) => i / 3);
    const kept: number[][][] = [];
    for (const columns of [1, 8, 64]) {
      collect();
      const before = process.memoryUsage().heapUsed;
      kept.push(nested(flat, columns));
      collect();
      const taken = process.memoryUsage().heapUsed - before;
      expect(taken / listBytes(kept.at(-1)!.length, columns), `${columns} columns`).toBeCloseTo(1, 1);
    }
    expect(kept.map((rows) => rows.length)).toEqual([2 ** 20, 2 ** 17, 2 ** 14]);
  });
});

describe("a result that V8's heap does not hold", () => {
  /** Data of which a million records in five lists are more than the heap's limit. */
  const points = Math.ceil(LIMIT / 8e6 / 5);
  const training = "training: { steps: 1000000 }";

  it("is refused of records of an ensemble", async () => {
    const study = await parseConfig("network", `{ data: { inputs: { circle: { points: ${points} } } }, ${training} }`);
    await expect(networkStudy(study, unasked)).rejects.toMatchObject({
      path: "training.recordEvery",
      message: expect.stringMatching(
        /^the result takes [\d.]+ GiB, and Node's heap has [\d.]+ GiB for it: record less/,
      ),
    });
  });
  it("is refused of trajectories of a duality study", async () => {
    const study = await parseConfig(
      "duality",
      `{ data: { inputs: { circle: { points: ${points} } } }, ${training}, duality: { background: true } }`,
    );
    await expect(dualityStudy(study, unasked)).rejects.toMatchObject({ path: "training.steps" });
  });
});
