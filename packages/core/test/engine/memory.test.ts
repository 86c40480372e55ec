/** What the host keeps of a lattice's records is what an engine hands over. */
import type { Engine } from "@slowroll/core/engine/engine";
import type { LatticeCheckpoint, LatticeJob } from "@slowroll/core/engine/latticeJob";
import { recordedBytes } from "@slowroll/core/engine/memory";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { fieldSweep } from "@slowroll/core/field/sweep";
import { expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import { LATTICE, points } from "../field/sweeps.ts";

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
  expect(jobs.map(recordedBytes)).toEqual([8 * numbers * 1]);
});

it("counts the largest state that is drawn by itself before it stands beside others in a sweep's job", async () => {
  const jobs: LatticeJob[] = [];
  const engine: Engine = {
    ...referenceEngine,
    async evolveLattice(job, control) {
      jobs.push(job);
      return referenceEngine.evolveLattice(job, control);
    },
  };
  await fieldSweep(await points(`${LATTICE}sweep: { fluctuations.realisations: [1, 3, 2] }`), engine);
  const bytesOf = (realisations: number): number =>
    jobs.find((job) => job.realisations === realisations)!.initialBytes!();
  // That of three alone is asked for before, whether it fits.
  expect(bytesOf(6)).toBe(bytesOf(3) + 16 * 3 * 2 * 64);
});

it("counts nothing as drawn where a run goes on from a checkpoint", async () => {
  const jobs: LatticeJob[] = [];
  const checkpoints: LatticeCheckpoint[] = [];
  const engine: Engine = {
    ...referenceEngine,
    async evolveLattice(job) {
      jobs.push(job);
      const { final, observations, snapshots } = await referenceEngine.evolveLattice(job);
      checkpoints.push({ state: final, parts: [{ realisations: 1, operation: 0, observations, snapshots }] });
      return { final, observations, snapshots, engineSeconds: 0 };
    },
  };
  const study: FieldStudy = {
    background: { kind: "deSitter", hubble: 1 },
    field: { potential: "quadratic", mean: 1 },
    lattice: { dimensions: 2, points: 16, length: 1, stencil: 2 },
    fluctuations: { kind: "vacuum", seed: 1, amplitude: 1, realisations: 1 },
    time: { alpha: 0, step: 0.01, end: 0.02, recordEvery: 1 },
  };
  await fieldStudy(study, engine);
  const [resume] = checkpoints;
  await fieldStudy(study, engine, {}, { seconds: 3600, save: async () => {}, resume });
  const [drawn, resumed] = jobs.map((job) => job.initialBytes!());
  expect(drawn).toBeGreaterThan(0);
  expect(resumed).toBe(0);
});
