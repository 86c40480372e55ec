/** Realisations that one binding of the adapter does not hold: the same bits as from one batch. */
import type { LatticeJob } from "@slowroll/core/engine/latticeJob";
import type { PartCheckpoint } from "@slowroll/core/engine/parts";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import { batchesOf } from "@slowroll/core/engine/webgpu/field/latticeBatches";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, coupledSchedule, momentumPictures } from "../support/lattices.ts";
import { narrowed } from "../support/narrowed.ts";

const REALISATIONS = 5;
const SITES = 6 ** 3;
const OPERATIONS = 9;

const prescribed = {
  kind: "prescribed",
  coefficients: new Float64Array(3 * OPERATIONS).fill(0.02),
} as const;

let gpu: Gpu;
/** The same device, said to hold two realisations of two fields in a binding. */
let narrow: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
  narrow = narrowed(gpu, 4 * 2 * SITES * 2 + 8);
});
afterAll(() => gpu.close());

async function jobOf(schedule: LatticeJob["schedule"]): Promise<LatticeJob> {
  const count = REALISATIONS * 2 * SITES;
  return {
    grid: { dimensions: 3, points: 6, spacing: 0.7, stencil: 2 },
    realisations: REALISATIONS,
    fields: 2,
    potential: await compilePotential(
      { expression: "phi^4/4 + g*phi^2*chi^2", parameters: { g: 2 } },
      { fields: ["phi", "chi"] },
    ),
    initial: async () => ({
      field: normals(1, 0, 0, count).map((value) => 1 + 0.3 * value),
      momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
    }),
    schedule,
    observeAfter: [0, 4, OPERATIONS],
    reductions: [{ kind: "field" }, { kind: "potential" }, { kind: "cosine", mode: [1, 0, 0] }],
    snapshots: {
      after: [4, OPERATIONS],
      pictures: [
        { kind: "spectrum" },
        ...momentumPictures({ points: 6 }),
        { kind: "histogram", bins: 5, reach: 2 },
        { kind: "slice", index: 1 },
      ],
    },
  };
}

describe("the plan of batches", () => {
  it("keeps to the constants that a kernel reads, and to the workgroups that a coupled sweep has", async () => {
    const job = await jobOf(prescribed);
    const many = { ...job, realisations: 1200, potential: new Array(1200).fill(job.potential) };
    const sizes = (constants: number) =>
      batchesOf(gpu, many, 4, constants).jobs.map(({ realisations, potential }) => {
        expect(potential).toHaveLength(realisations);
        return realisations;
      });
    expect(sizes(0)).toEqual([400, 400, 400]);
    expect(sizes(2)).toEqual(sizes(0));
    expect(sizes(20)).toEqual([200, 200, 200, 200, 200, 200]);
  });
  it("refuses constants that float32 cannot hold", async () => {
    const job = await jobOf(prescribed);
    const fields = ["phi", "chi"];
    const potential = await Promise.all(
      [5, 1e300, 2, 3, 4].map((g) => compilePotential({ expression: "g*phi^2*chi", parameters: { g } }, { fields })),
    );
    await expect(evolveLattice(gpu, "float32", { ...job, potential })).rejects.toThrow(/1e\+300, which float32 cannot/);
  });
});

describe.each([prescribed, coupledSchedule(OPERATIONS, REALISATIONS)])("batches of realisations, $kind", (schedule) => {
  it("join to what one batch gives, checkpoints too", async () => {
    const job = await jobOf(schedule);
    const saved = new Map<Gpu, PartCheckpoint[]>();
    const run = (device: Gpu) => {
      const checkpoints: PartCheckpoint[] = [];
      saved.set(device, checkpoints);
      const saving = { seconds: 0, save: async (at: PartCheckpoint) => void checkpoints.push(copied(at)) };
      return evolveLattice(device, "float32", { ...job, saving });
    };
    const whole = await run(gpu);
    const joined = await run(narrow);
    expect(joined).toEqual({ ...whole, engineSeconds: joined.engineSeconds });
    const first = (device: Gpu) => saved.get(device)!.find(({ operation }) => operation === 1);
    expect(first(narrow)).toBeDefined();
    expect(first(narrow)).toEqual(first(gpu));
  });
});
