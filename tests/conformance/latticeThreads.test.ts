/** Self-consistent lattices on the cpu engine: the same bits on one thread and on two, where slabs meet as within them. */
import { availableParallelism } from "node:os";
import type { LatticeJob } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { describe, expect, it } from "vitest";
import { coupledSchedule } from "../support/lattices.ts";

describe.each(["float32", "float64"] as const)("a self-consistent lattice in %s", (precision) => {
  it.each([
    [3, 5, 2],
    [3, 13, 2],
    [3, 16, 2],
    [3, 13, 4],
    [2, 19, 2],
  ] as const)(
    "has the same bits on any number of threads: %iD, %i points, stencil %i",
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
        reductions: [{ kind: "field" }, { kind: "potential" }],
      };
      const run = async (threads: number) => {
        const engine = await openEngine({ engine: "cpu", adapter: "auto", precision, threads });
        expect(engine.info.threads).toBe(Math.min(threads, availableParallelism()));
        const { final, observations } = await engine.evolveLattice(job);
        await engine.close();
        return { final, observations };
      };
      expect(await run(2)).toEqual(await run(1));
    },
  );
});
