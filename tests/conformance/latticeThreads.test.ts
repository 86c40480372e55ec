/** Self-consistent lattices on the cpu engine: the same bits, pictures too, on one thread and on more, where slabs meet as within them. */
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import type { LatticeJob } from "@slowroll/core/engine/latticeJob";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";
import { coupledSchedule, momentumPictures } from "../support/lattices.ts";

describe.each(["float32", "float64"] as const)("a self-consistent lattice in %s", (precision) => {
  it.each([
    [3, 5, 2],
    [3, 13, 2],
    [3, 16, 2],
    [3, 13, 4],
    [2, 19, 2],
  ] as const)(
    "has the same bits on any number of threads, however often it is observed: %iD, %i points, stencil %i",
    async (dimensions, points, stencil) => {
      const operations = 12;
      const schedule = coupledSchedule(operations, 1);
      // Neighbouring half kicks of one size and of two.
      schedule.durations.fill(schedule.durations[0]!, 4);
      const count = 2 * points ** dimensions;
      const job: LatticeJob = {
        grid: { dimensions, points, spacing: 0.7, stencil },
        realisations: 1,
        fields: 2,
        potential: await compilePotential({ expression: "phi^4/4 + phi^2*chi^2" }, { fields: ["phi", "chi"] }),
        initial: async () => ({
          field: normals(1, 0, 0, count).map((value) => 1 + 0.3 * value),
          momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
        }),
        schedule,
        observeAfter: [0, 7, operations],
        reductions: [
          ...(["field", "shape", "momentum", "gradient", "potential"] as const).map((kind) => ({ kind })),
          { kind: "cosine", mode: [1, 0, 0].slice(0, dimensions) },
        ],
        snapshots: {
          after: [0, operations],
          pictures: [
            { kind: "spectrum" },
            ...momentumPictures({ points }),
            { kind: "histogram", bins: 11, reach: 2 },
            { kind: "slice", index: 1 },
          ],
        },
      };
      const run = async (threads: number, observeAfter = job.observeAfter) => {
        const engine = openCpuEngine({ precision, threads, reason: "test" });
        expect(engine.info.threads).toBe(threads);
        const { final, observations, snapshots } = await engine.evolveLattice({ ...job, observeAfter });
        await engine.close();
        return { final, observations, snapshots };
      };
      const alone = await run(1);
      expect(await run(2)).toEqual(alone);
      expect(await run(3)).toEqual(alone);
      const every = await run(
        2,
        Array.from({ length: operations + 1 }, (_, operation) => operation),
      );
      const { observations } = every;
      expect({ ...every, observations: job.observeAfter.map((after) => observations[after]) }).toEqual(alone);
    },
  );
});

it.each([
  ["alike", [3, 3]],
  ["no numbers", [3, Number.NaN]],
])("a histogram of sites that are %s counts all of them in the first bin", async (_name, [most, one]) => {
  const engine = openCpuEngine({ precision: "float64", threads: 2, reason: "test" });
  const field = new Float64Array(125).fill(most!);
  field[77] = one!;
  const { snapshots } = await engine.evolveLattice({
    grid: { dimensions: 3, points: 5, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quadratic"),
    initial: async () => ({ field, momentum: new Float64Array(125) }),
    schedule: { kind: "prescribed", coefficients: new Float64Array(3) },
    observeAfter: [],
    reductions: [],
    snapshots: { after: [0], pictures: [{ kind: "histogram", bins: 3, reach: 2 }] },
  });
  await engine.close();
  expect(snapshots[0]).toEqual({
    afterOperation: 0,
    histogramLow: Float64Array.of(one!),
    histogramHigh: Float64Array.of(one!),
    histogramCounts: Float64Array.of(125, 0, 0),
  });
});
