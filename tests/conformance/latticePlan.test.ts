/** The memory that a lattice on WebGPU says it takes: of the device that of the buffers that are made, to the byte; of a process to 5 %. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { LatticeMemory } from "@slowroll/core/engine/engine";
import type { Grid, LatticeJob, Picture, Reduction } from "@slowroll/core/engine/latticeJob";
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import { sharing } from "@slowroll/core/engine/webgpu/field/latticeCoupled";
import type { LatticePrecision } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import { planLattice } from "@slowroll/core/engine/webgpu/field/latticePlan";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { InputError, OutOfDeviceMemoryError } from "@slowroll/core/errors";
import { compilePotential } from "@slowroll/core/potential/compile";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { coupledSchedule, momentumPictures } from "../support/lattices.ts";
import { narrowed } from "../support/narrowed.ts";

interface Case {
  dimensions?: 1 | 2 | 3;
  points?: number;
  stencil?: Grid["stencil"];
  realisations?: number;
  fields?: 1 | 2;
  operations?: number;
  coupled?: boolean;
  precision?: LatticePrecision;
  reductions?: Reduction[];
  pictures?: string[];
  observe?: number[];
  /** Bytes of a binding. */
  binding?: number;
  /** Whether the job ends where its state is asked for: all that it keeps has been made then. */
  begun?: true;
}

const CASES: Case[] = [
  {},
  { reductions: [], observe: [] },
  { dimensions: 1, points: 37, fields: 1, pictures: ["spectrum", "histogram"] },
  { dimensions: 2, points: 33, realisations: 3, pictures: ["slice", "histogram"] },
  { pictures: ["spectrum"], precision: "compensated" },
  { pictures: ["spectrum", "momentumSpectrum", "oscillators", "histogram", "slice"], observe: [0, 4, 9] },
  { coupled: true, realisations: 3, pictures: ["oscillators"], observe: [0, 1, 2, 4, 9] },
  { coupled: true, precision: "compensated", dimensions: 2, points: 40 },
  {
    reductions: [
      { kind: "cosine", mode: [1, 0, 0] },
      { kind: "cosine", mode: [0, 2, 1] },
    ],
    pictures: ["histogram"],
  },
  // More observations than are kept at once, and more operations than are done here.
  { points: 64, operations: 1e4, observe: Array.from({ length: 1e4 + 1 }, (_, o) => o), begun: true },
  { dimensions: 2, points: 900, realisations: 7, coupled: true, observe: [0, 9], begun: true },
  // Two operations a sweep are tried: without pictures, since where they are not chosen their arrays go before one is made.
  { operations: 1100, fields: 1, points: 5, stencil: 6 },
  { operations: 1100, points: 12, binding: 4 * 2 * 144 * 10 },
  // Batches of realisations.
  { points: 6, realisations: 5, binding: 4 * 2 * 216 * 2 + 8, pictures: ["spectrum", "histogram", "slice"] },
  { points: 6, realisations: 5, binding: 4 * 2 * 216 * 2 + 8, coupled: true },
  // Slabs.
  { points: 11, stencil: 4, binding: 4 * 2 * 121 * 8, pictures: ["oscillators", "slice"], realisations: 2 },
  { points: 11, stencil: 4, binding: 8 * 2 * 121 * 8, coupled: true, precision: "compensated" },
  { dimensions: 2, points: 33, binding: 4 * 33 * 2 * 15, pictures: ["slice", "histogram"], realisations: 2 },
];

let gpu: Gpu;
let create: GPUDevice["createBuffer"];
beforeAll(async () => {
  gpu = await openGpu("software");
  create = gpu.device.createBuffer.bind(gpu.device);
});
afterEach(() => {
  gpu.device.createBuffer = create;
});
afterAll(() => gpu.close());

async function jobOf(given: Case): Promise<LatticeJob> {
  const { dimensions = 3, points = 9, stencil = 2, realisations = 1, fields = 2, operations = 9, coupled } = given;
  const { reductions = [{ kind: "field" }, { kind: "potential" }, { kind: "cosine", mode: [1, 0, 0] }] } = given;
  const { pictures = [], observe = [0, operations] } = given;
  const all: Picture[] = [
    { kind: "spectrum" },
    ...momentumPictures({ points }),
    { kind: "histogram", bins: 5, reach: 2 },
    { kind: "slice", index: 1 },
  ];
  const count = realisations * fields * points ** dimensions;
  return {
    grid: { dimensions, points, spacing: 0.7, stencil },
    realisations,
    fields,
    potential: await compilePotential(
      { expression: fields === 1 ? "phi^4/4" : "phi^4/4 + 2*phi^2*chi^2" },
      { fields: ["phi", "chi"].slice(0, fields) },
    ),
    initial: async () => ({ field: new Float64Array(count).fill(0.5), momentum: new Float64Array(count) }),
    schedule: coupled
      ? coupledSchedule(operations, realisations)
      : { kind: "prescribed", coefficients: new Float64Array(3 * operations).fill(1e-5) },
    observeAfter: observe,
    reductions,
    snapshots: { after: [operations], pictures: all.filter(({ kind }) => pictures.includes(kind)) },
  };
}

/** Bytes that stand at once at most, of what is planned and of staging buffers, and the largest buffer that no plan names. */
interface Peak {
  stored: number;
  staged: number;
  unplanned: number;
}

/** Follows all buffers that the device makes from now on. */
function followed(): Peak {
  const peak: Peak = { stored: 0, staged: 0, unplanned: 0 };
  let stored = 0;
  let staged = 0;
  gpu.device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const { label = "", size, usage } = descriptor;
    const read = (usage & GPUBufferUsage.MAP_READ) !== 0;
    if (!read && /parameters/.test(label)) {
      peak.unplanned = Math.max(peak.unplanned, size);
      return buffer;
    }
    let there = true;
    const add = (bytes: number): void => {
      if (read) staged += bytes;
      else stored += bytes;
    };
    add(size);
    peak.stored = Math.max(peak.stored, stored);
    peak.staged = Math.max(peak.staged, staged);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      if (there) add(-size);
      there = false;
      destroy();
      return undefined;
    };
    return buffer;
  };
  return peak;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

it.each(
  CASES.map(
    (given) =>
      [JSON.stringify(given, (key, value) => (key === "observe" && value.length > 9 ? "all" : value)), given] as const,
  ),
)("the plan is what is made: %s", async (_name, given) => {
  const { precision = "float32", binding } = given;
  const job = await jobOf(given);
  const device = binding === undefined ? gpu : narrowed(gpu, binding);
  const engine = webGpuEngine(device, precision);
  // What compensated numbers are tried with comes and goes before the first job.
  if (precision === "compensated") await engine.evolveLattice(job);
  const peak = followed();
  const told: LatticeMemory[] = [];
  const drawn = vi.fn(job.initial);
  // All buffers that last are made by then, and nothing is drawn.
  const onLatticeMemory = (memory: LatticeMemory): void => {
    expect(drawn).not.toHaveBeenCalled();
    told.push(memory);
  };
  if (given.begun) {
    const initial = () => Promise.reject(new Error("begun"));
    await expect(engine.evolveLattice({ ...job, initial }, { onLatticeMemory })).rejects.toThrow("begun");
  } else await engine.evolveLattice({ ...job, initial: drawn }, { onLatticeMemory });
  expect(told).toHaveLength(1);
  const [{ bytes, parts, device: there, batch }] = told as [LatticeMemory];
  expect(batch).toBe(job.realisations);
  expect(there!.bytes).toBe(peak.stored);
  expect(sum(Object.values(there!.parts))).toBe(there!.bytes);
  expect(sum(Object.values(parts))).toBe(bytes);
  expect(parts.state).toBe(16 * job.realisations * job.fields * job.grid.points ** job.grid.dimensions);
  expect(parts.lattice).toBe(there!.parts.lattice);
  expect(parts.snapshots).toBe(there!.parts.snapshots);
  expect(parts.records).toBeGreaterThanOrEqual(there!.parts.records);
  // Structs, and slots for half a dozen of them.
  expect(peak.unplanned).toBeLessThanOrEqual(6 * 256);
  if (given.begun) return;
  // Two staging buffers, whose numbers go straight into the state; or copies of what is small, and as much again or twice as float64.
  expect(parts.copies! / peak.staged).toBeGreaterThanOrEqual(2);
  expect(parts.copies! / peak.staged).toBeLessThanOrEqual(5);
});

it.each([
  [2, 100],
  [2, 101],
  [2, 512],
  [2, 1024],
  [3, 32],
  [3, 101],
] as const)(
  "one dispatch sweeps a large device's many realisations of %i dimensions and %i points",
  async (dimensions, points) => {
    const job = await jobOf({ dimensions, points, fields: 1, realisations: 512, coupled: true });
    const large: Gpu = { ...narrowed(gpu, 2 ** 31 - 4), adapter: { ...gpu.adapter, type: "hardware" } };
    const limits = { ...large.limits, maxBufferSize: 2 ** 33 };
    const { jobs, layout, specialisation } = planLattice(
      { ...large, limits },
      "float32",
      job,
      Number.POSITIVE_INFINITY,
    );
    for (const part of jobs)
      for (const { workgroups } of sharing(large.adapter, part, layout, specialisation).shares) {
        const [x, y, z] = workgroups;
        expect(Math.max(x, y, z * part.realisations)).toBeLessThanOrEqual(65_535);
      }
  },
);

describe("what does not fit", () => {
  const refusal = async (job: LatticeJob, device: Gpu = gpu, total?: number): Promise<unknown> => {
    try {
      return planLattice(device, "float32", job, total);
    } catch (error) {
      return error;
    }
  };

  it("is refused before anything is made, drawn or told of", async () => {
    const job = await jobOf({});
    const realisations = Math.ceil(os.totalmem() / (16 * 2 * 64 ** 3));
    const untold = () => expect.unreachable();
    gpu.device.createBuffer = untold;
    const many = { ...job, realisations, grid: { ...job.grid, points: 64 }, initial: untold };
    const running = webGpuEngine(gpu).evolveLattice(many, { onLatticeMemory: untold });
    await expect(running).rejects.toThrow(InputError);
    await expect(running).rejects.toThrow(/on the device and .* here, and this machine, whose memory the software/);
  });

  it("is measured by the host's part alone where the device is another", async () => {
    const job = await jobOf({ points: 32 });
    const other: Gpu = { ...gpu, adapter: { ...gpu.adapter, type: "hardware" } };
    const there = planLattice(other, "float32", job).memory;
    const host = there.bytes - there.device!.bytes;
    const { bytes } = planLattice(gpu, "float32", job).memory;
    const message = expect.stringMatching(
      /it takes .* here, for the state of all realisations, .* and this machine has/,
    );
    expect(await refusal(job, other, host - 1)).toMatchObject({ path: "lattice.points", message });
    expect(await refusal(job, other, host)).toMatchObject({ memory: { bytes: there.bytes } });
    expect(await refusal(job, gpu, bytes - 1)).toBeInstanceOf(InputError);
    expect(await refusal(job, gpu, bytes)).toMatchObject({ memory: { bytes } });
  });

  it("is measured with what the start takes here", async () => {
    const job = await jobOf({});
    const plain = planLattice(gpu, "float32", job).memory;
    const drawn = planLattice(gpu, "float32", { ...job, initialBytes: () => 1e6 }).memory;
    expect(drawn).toEqual({ ...plain, bytes: plain.bytes + 1e6, parts: { ...plain.parts, drawing: 1e6 } });
    expect(await refusal({ ...job, initialBytes: () => 1e6 }, gpu, plain.bytes)).toBeInstanceOf(InputError);
  });

  it("is a buffer or a binding that the adapter does not make", async () => {
    const long = await jobOf({ operations: 5000 });
    const limits = { ...narrowed(gpu, 2 ** 20).limits, maxBufferSize: 2 ** 20 };
    expect(await refusal(long, { ...gpu, limits })).toMatchObject({
      path: "time.step",
      message: expect.stringMatching(
        /the coefficients of all operations take 1280000 bytes, one buffer .* 1048576; use fewer steps/,
      ),
    });
    const bins = await jobOf({ pictures: ["histogram"] });
    const pictures = [{ kind: "histogram", bins: 2 ** 12, reach: 2 }] as const;
    const wide = { ...bins, snapshots: { after: [9], pictures } };
    expect(await refusal(wide, narrowed(gpu, 4 * 2 * 9 ** 3))).toMatchObject({
      path: "lattice.points",
      message: expect.stringMatching(/the counts of histograms take 32768 bytes, one binding .* holds 5824; use fewer/),
    });
  });

  it("and is found out by the device alone, comes with what the lattice takes", async () => {
    const full: Gpu = {
      ...gpu,
      buffer: () => Promise.reject(new OutOfDeviceMemoryError("field: full is out of memory")),
    };
    const running = evolveLattice(full, "float32", await jobOf({}));
    await expect(running).rejects.toThrow(OutOfDeviceMemoryError);
    await expect(running).rejects.toThrow(
      /^field: full .* \(the lattice takes 0\.00 GiB on the device; WebGPU does not/,
    );
  });
});

it("is what the process grows by, where its device is the host", () => {
  const file = path.join(import.meta.dirname, `plan-${process.pid}.mts`);
  writeFileSync(
    file,
    `import { openWebGpuEngine } from "@slowroll/core/engine/webgpu/engine";
    import { stateArray } from "@slowroll/core/engine/hostState";
    import { compilePotential } from "@slowroll/core/potential/compile";
    const engine = await openWebGpuEngine("software", "float32");
    const points = 320;
    const state = () => stateArray(points ** 3).fill(1);
    let planned;
    await engine.evolveLattice({
      grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
      realisations: 1,
      fields: 1,
      potential: await compilePotential("quartic"),
      initial: async () => ({ field: state(), momentum: state() }),
      schedule: { kind: "prescribed", coefficients: new Float64Array(6).fill(0.01) },
      observeAfter: [0, 2],
      reductions: [{ kind: "field" }],
    }, { onLatticeMemory: ({ bytes }) => { planned = bytes + process.memoryUsage.rss(); } });
    await engine.close();
    console.log(JSON.stringify({ planned, peak: 1024 * process.resourceUsage().maxRSS }));`,
  );
  try {
    const cwd = path.resolve(import.meta.dirname, "../..");
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", file], {
      cwd,
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    const { planned, peak } = JSON.parse(stdout) as { planned: number; peak: number };
    expect(Math.abs(planned / peak - 1)).toBeLessThan(0.05);
  } finally {
    rmSync(file);
  }
});
