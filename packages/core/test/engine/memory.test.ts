/** What the host keeps of a lattice's records is what an engine hands over. */
import type { Engine } from "@slowroll/core/engine/engine";
import type { LatticeJob } from "@slowroll/core/engine/latticeJob";
import { recordedBytes } from "@slowroll/core/engine/memory";
import { fieldStudy } from "@slowroll/core/field/run";
import { expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

it("counts every number of a lattice's observations", async () => {
  const jobs: LatticeJob[] = [];
  let numbers = 0;
  const engine: Engine = {
    ...referenceEngine,
    async evolveLattice(job) {
      jobs.push(job);
      const report = await referenceEngine.evolveLattice(job);
      for (const { afterOperation: _, cosine, ...others } of report.observations)
        for (const values of [...cosine!, ...Object.values(others)]) numbers += values.length;
      return report;
    },
  };
  await fieldStudy(
    {
      background: { kind: "selfConsistent", planckMass: 1 },
      field: { fields: ["phi", "chi"], potential: { expression: "phi^2/2 + chi^2" }, mean: 1, velocity: 0 },
      lattice: { dimensions: 1, points: 8, length: 1, stencil: 2 },
      fluctuations: { kind: "planeWave", mode: [1], amplitude: 1e-2, velocity: 0 },
      time: { alpha: 0, step: 0.01, end: 0.2, recordEvery: 5 },
    },
    engine,
  );
  expect(jobs.map(recordedBytes)).toEqual([8 * numbers]);
});
