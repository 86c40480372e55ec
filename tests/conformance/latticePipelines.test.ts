/** A lattice job's kernels compile at once, with what its numbers are tried with, and those that it runs are the ones that were compiled. */
import type { LatticeJob } from "@slowroll/core/engine/latticeJob";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import { adders } from "@slowroll/core/engine/webgpu/field/latticeKernels";
import type { LatticePrecision } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import { compileKernels } from "@slowroll/core/engine/webgpu/field/latticePipelines";
import { planLattice } from "@slowroll/core/engine/webgpu/field/latticePlan";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { ShaderCompileError } from "@slowroll/core/errors";
import { compilePotential } from "@slowroll/core/potential/compile";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { coupledSchedule, momentumPictures } from "../support/lattices.ts";
import { narrowed } from "../support/narrowed.ts";

const OPERATIONS = 5;
const SITES = 9 ** 3;

let opened: Gpu;
let create: GPUDevice["createComputePipelineAsync"];
beforeAll(async () => {
  opened = await openGpu("software");
  create = opened.device.createComputePipelineAsync.bind(opened.device);
});
afterEach(() => {
  opened.device.createComputePipelineAsync = create;
});
afterAll(() => opened.close());

/** The same device with nothing compiled, said to hold so many bytes in a binding. */
const fresh = (binding = 2 ** 27): Gpu => ({ ...narrowed(opened, binding), pipelines: new Map() });

async function jobOf(coupled: boolean, operations = OPERATIONS, observeAfter = [0]): Promise<LatticeJob> {
  return {
    grid: { dimensions: 3, points: 9, spacing: 0.7, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential({ expression: "phi^4/4 + cos(phi)" }),
    initial: async () => ({ field: new Float64Array(SITES).fill(0.5), momentum: new Float64Array(SITES) }),
    schedule: coupled
      ? coupledSchedule(operations, 1)
      : { kind: "prescribed", coefficients: new Float64Array(3 * operations).fill(1e-5) },
    observeAfter,
    reductions: [{ kind: "field" }, { kind: "cosine", mode: [1, 0, 0] }],
    // None is taken, but what it needs is made.
    snapshots: { after: [], pictures: momentumPictures({ points: 9 }) },
  };
}

it.each([
  // The sweep, moments, those of a curvature, and modes.
  ["prescribed", false, OPERATIONS, undefined, [0], 4],
  ["prescribed, pairs tried", false, 1000, undefined, [0], 5],
  ["prescribed, observed at both ends", false, OPERATIONS, undefined, [0, OPERATIONS], 4],
  ["coupled", true, OPERATIONS, undefined, [0], 5],
  ["coupled, observed at the end", true, OPERATIONS, undefined, [OPERATIONS], 5],
  // Moments with momenta, which no sweep has summed yet, and without.
  ["coupled, observed at both ends", true, OPERATIONS, undefined, [0, OPERATIONS], 6],
  ["coupled in slabs, whose ghosts are copied", true, OPERATIONS, 4 * 81 * 7, [0], 6],
] as const)("are the job's, no more and no less: %s", async (_name, coupled, operations, binding, observed, count) => {
  const job = await jobOf(coupled, operations, [...observed]);
  const gpu = fresh(binding);
  await compileKernels(gpu, job, planLattice(gpu, "float32", job));
  expect(gpu.pipelines.size).toBe(count);
  await evolveLattice(gpu, "float32", job);
  expect(gpu.pipelines.size).toBe(count);
});

it("are not begun where the expansion has a factor that float32 does not hold", async () => {
  const job = await jobOf(true);
  for (const factor of [-3e-41, 3e39]) {
    const { acceleration, ...others } = coupledSchedule(OPERATIONS, 1);
    const schedule = { ...others, acceleration: { ...acceleration, potential: { factor, power: 2 } } };
    const gpu = fresh();
    await expect(evolveLattice(gpu, "float32", { ...job, schedule })).rejects.toMatchObject({
      code: "badInput",
      path: "background.planckMass",
    });
    expect(gpu.pipelines.size).toBe(0);
  }
});

it.each([
  ["float32", 5],
  ["compensated", 6],
] as const)("compile at once: %s", async (precision: LatticePrecision, count) => {
  let running = 0;
  let most = 0;
  opened.device.createComputePipelineAsync = async (descriptor) => {
    running++;
    most = Math.max(most, running);
    const pipeline = await create(descriptor);
    running--;
    return pipeline;
  };
  const { observations } = await evolveLattice(fresh(), precision, await jobOf(true));
  expect(observations).toHaveLength(1);
  expect([most, running]).toEqual([count, 0]);
});

it("that do not compile end the job before it draws, and nothing of it compiles on", async () => {
  let running = 0;
  opened.device.createComputePipelineAsync = async (descriptor) => {
    running++;
    await create(descriptor);
    running--;
    throw new Error(`no ${descriptor.label}`);
  };
  const job = { ...(await jobOf(false)), initial: () => expect.unreachable() };
  const refused = evolveLattice(fresh(), "float32", job);
  await expect(refused).rejects.toThrow(ShaderCompileError);
  await expect(refused).rejects.toThrow("field/lattice_step: no field/lattice_step");
  expect(running).toBe(0);
});

it.each([
  [1, 256, 1],
  [16, 256, 16],
  [17, 256, 32],
  [16_384, 256, 256],
  [16_384, 1024, 1024],
  [16_384, 2048, 1024],
  [700, 1024, 1024],
  [16_384, 800, 512],
])("add %i sums on an adapter of %i invocations with %i", (groups, most, lanes) => {
  const limits = {
    maxComputeInvocationsPerWorkgroup: 2048,
    maxComputeWorkgroupSizeX: 2048,
    maxComputeWorkgroupStorageSize: 2 ** 16,
  };
  expect(adders(groups, { ...limits, maxComputeInvocationsPerWorkgroup: most })).toBe(lanes);
  expect(adders(groups, { ...limits, maxComputeWorkgroupSizeX: most })).toBe(lanes);
  expect(adders(groups, { ...limits, maxComputeWorkgroupStorageSize: 24 * most })).toBe(lanes);
});

it("ask the device for no feature that none of them uses", () => {
  expect([...opened.features].filter((feature) => feature !== "core-features-and-limits")).toEqual(["timestamp-query"]);
});
