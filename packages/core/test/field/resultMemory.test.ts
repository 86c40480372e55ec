/** What records, pictures and single modes take of the heap is known before anything is computed. */
import type { Engine, LatticeMemory } from "@slowroll/core/engine/engine";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { fieldSweep } from "@slowroll/core/field/sweep";
import { listBytes } from "@slowroll/core/lists";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const long: FieldStudy = {
  background: { kind: "static" },
  field: { potential: "quadratic", mean: 1, velocity: 0 },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 1e-3, end: 1e4, recordEvery: 1e6 },
};
const lattice = { dimensions: 2, points: 256, length: 1, stencil: 2 } as const;
const rare = { ...long, lattice, observe: { slicesEvery: 1e5 } };
const engine = referenceEngine;

it("tells what the results take beside what an engine plans: of a sweep those of all points", async () => {
  const memory: LatticeMemory = { bytes: 100, parts: { state: 70, lattice: 20, snapshots: 0, records: 10 }, batch: 1 };
  const told: LatticeMemory[] = [];
  const planning: Engine = {
    ...referenceEngine,
    async evolveLattice(job, control) {
      await control?.onLatticeMemory?.(memory);
      return referenceEngine.evolveLattice(job, control);
    },
  };
  const onLatticeMemory = (planned: LatticeMemory) => void told.push(planned);
  const study: FieldStudy = {
    ...long,
    lattice: { ...lattice, points: 16 },
    time: { alpha: 0, step: 0.1, end: 1, recordEvery: 10 },
    observe: { slicesEvery: 1 },
  };
  await fieldStudy(study, planning, { onLatticeMemory });
  const sweep = [1, 2].map((mean) => ({ values: {}, study: { ...study, field: { ...study.field, mean } } }));
  await fieldSweep(sweep, planning, { onLatticeMemory });
  const [one, two] = told.map(({ parts }) => parts.results!) as [number, number];
  expect(told[0]).toEqual({ ...memory, bytes: 100 + one, parts: { ...memory.parts, results: one } });
  // Eleven planes, each with what a picture has beside its numbers.
  const planes = 11 * (listBytes(16, 16) + 2000);
  expect(one).toBeGreaterThan(planes);
  expect(two - one).toBeGreaterThan(planes);
  expect(two).toBeLessThan(2 * one);
});

describe("a study that would fill the heap before its end is refused", () => {
  it.each([
    ["records", { ...long, lattice, time: { ...long.time, recordEvery: 1 } }, "time.recordEvery"],
    ["records without a lattice", { ...long, time: { ...long.time, recordEvery: 1 } }, "time.recordEvery"],
    ["spectra", { ...long, lattice, observe: { spectraEvery: 1, histogramEvery: 1e6 } }, "observe.spectraEvery"],
    ["histograms", { ...long, lattice, observe: { histogramEvery: 1 } }, "observe.histogramEvery"],
    ["slices", { ...long, lattice, observe: { slicesEvery: 1000, spectraEvery: 1000 } }, "observe.slicesEvery"],
    [
      "modes",
      {
        ...long,
        time: { ...long.time, recordEvery: 100 },
        modes: { wavenumbers: Array.from({ length: 1000 }, (_, m) => 1 + m) },
      },
      "modes.wavenumbers",
    ],
  ])("for its %s", async (_, study, path) => {
    const refused = expect.objectContaining({
      path,
      message: expect.stringMatching(/GiB, and Node's heap.*(less often|fewer)/),
    });
    await expect(fieldStudy(study, engine)).rejects.toEqual(refused);
  });
  it("for those of all points of a sweep", async () => {
    const points = Array.from({ length: 1000 }, (_, p) => ({ values: { "field.mean": p }, study: rare }));
    await expect(fieldSweep(points, engine)).rejects.toMatchObject({ path: "observe.slicesEvery" });
  });
});
