/** The memory that a job says it takes is the memory that it takes: of the device to the byte, of a process to 5 %. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Engine, JobMemory } from "@slowroll/core/engine/engine";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { openEngine } from "@slowroll/core/engine/open";
import { webGpuEngine } from "@slowroll/core/engine/webgpu/engine";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { planEnsemble } from "@slowroll/core/engine/webgpu/network/ensemblePlan";
import { activations } from "@slowroll/core/network/activations";
import { drawSubsets } from "@slowroll/core/network/subsets";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { narrowed } from "./support/narrowed.ts";

interface Shape {
  depth?: number;
  width?: number;
  data?: number;
  outputs?: number;
  momentum?: number;
  count?: number;
  records?: number[];
  kernels?: number[];
  test?: number;
  batch?: number;
  steps?: number;
  norms?: boolean;
  /** Bytes of a binding, where fewer than the device's. */
  binding?: number;
}

async function jobOf(shape: Shape): Promise<EnsembleJob> {
  const { depth = 1, width = 40, data = 8, outputs = 1, momentum = 0, count = 3, test, steps = 5 } = shape;
  const inputDimension = 3;
  return {
    architecture: { inputDimension, depth, width, activation: activations.erf!, weightStd: 1, biasStd: 0, outputs },
    inputs: normals(1, 0, 0, data * inputDimension),
    targets: normals(2, 0, 0, data * outputs),
    potential: await compilePotential("quadratic"),
    learningRate: 0.01,
    momentum,
    steps,
    seed: 1,
    networks: { first: 0, count },
    recordOutputs: shape.records ?? [0, steps],
    recordKernels: shape.kernels ?? [0, steps],
    ...(shape.norms ? { parameterNorms: true } : {}),
    subsets: shape.batch === undefined ? undefined : drawSubsets(data, steps, { size: shape.batch, seed: 1 }),
    test: test === undefined ? undefined : normals(3, 0, 0, test * inputDimension),
  };
}

const SHAPES: Shape[] = [
  {},
  { kernels: [] },
  { kernels: [], test: 13, momentum: 0.5 },
  { kernels: [], records: [], steps: 6 },
  { width: 5000, momentum: 0.9 },
  { width: 33, depth: 3, data: 21, test: 30, kernels: [0, 1, 2] },
  { kernels: [], batch: 3 },
  { depth: 2, data: 40, batch: 7 },
  { data: 40, batch: 7, count: 2 },
  { depth: 2, data: 61, outputs: 2, kernels: [5] },
  // Several batches.
  { width: 700, depth: 2, data: 5, count: 20, kernels: [] },
  { outputs: 3 },
  { outputs: 2, width: 500, count: 40, kernels: [5] },
  { outputs: 5, kernels: [], test: 13, momentum: 0.5 },
  { outputs: 10, depth: 3, width: 33, data: 21, test: 30, kernels: [0, 1, 2] },
  { outputs: 2, width: 700, depth: 2, data: 5, count: 20, kernels: [], batch: 3 },
  // In parts.
  { width: 300, depth: 3, data: 5, binding: 130_000 },
  { width: 300, depth: 3, data: 5, binding: 130_000, norms: true },
  { width: 300, depth: 2, data: 17, momentum: 0.5, binding: 50_000 },
];
const named = (shapes: Shape[]) => shapes.map((shape) => [JSON.stringify(shape), shape] as const);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("the plan of the webgpu engine", () => {
  let gpu: Gpu;
  let engine: Engine;
  let create: GPUDevice["createBuffer"];
  beforeAll(async () => {
    gpu = await openGpu("software");
    engine = webGpuEngine(gpu);
    create = gpu.device.createBuffer.bind(gpu.device);
  });
  afterAll(() => engine.close());

  it("refuses what trainEnsemble would, and before it", async () => {
    const narrow = webGpuEngine(narrowed(gpu, 2 ** 20));
    const large = await jobOf({ width: 40_000, data: 16 });
    const small = await jobOf({});
    await expect(narrow.assertRoom(small)).resolves.toBeUndefined();
    for (const refused of [narrow.assertRoom(large), narrow.trainEnsemble(large, () => {})])
      await expect(refused).rejects.toMatchObject({ path: "network.width" });
    await expect(webGpuEngine(gpu, "compensated").assertRoom(small)).rejects.toMatchObject({ path: "precision" });
  });
  it.each(named(SHAPES))("%s", async (_name, shape) => {
    const stored: number[] = [];
    const readBack: number[] = [];
    gpu.device.createBuffer = (descriptor) => {
      const { usage, size } = descriptor;
      if (usage & GPUBufferUsage.MAP_READ) readBack.push(size);
      else if (!(usage & GPUBufferUsage.UNIFORM)) stored.push(size);
      return create(descriptor);
    };
    try {
      let planned: JobMemory | undefined;
      let copied = 0;
      let batches = 0;
      // All buffers are made by then, and nothing has run that touches them.
      const submitted = vi.spyOn(gpu.device.queue, "submit");
      const onMemory = (memory: JobMemory): void => {
        expect(submitted).not.toHaveBeenCalled();
        expect(sum(stored)).toBe(memory.bytes - memory.parts.copies);
        planned = memory;
      };
      const { binding } = shape;
      const narrow = binding === undefined ? engine : webGpuEngine(narrowed(gpu, binding));
      await narrow.trainEnsemble(
        await jobOf(shape),
        ({ outputs, kernels, test }) => {
          copied = Math.max(copied, outputs.byteLength + kernels.byteLength + test.byteLength);
          batches++;
        },
        { onMemory },
      );
      const { bytes, parts, batch } = planned!;
      expect(sum(stored)).toBe(bytes - parts.copies);
      expect(submitted).toHaveBeenCalled();
      // Staging buffers of a whole batch and their copies beside what the batch has of its own; outputs at test inputs are padded before they
      // are handed on.
      const { data = 8, outputs = 1, test = 0 } = shape;
      const padding = parts.copies - copied - 2 * sum(readBack.slice(0, readBack.length / batches));
      expect(padding).toBeGreaterThanOrEqual(0);
      expect(padding).toBeLessThanOrEqual(test > 0 ? 8 * batch * outputs * (test + data) : 0);
      expect(sum(Object.values(parts))).toBe(bytes);
    } finally {
      gpu.device.createBuffer = create;
      vi.restoreAllMocks();
    }
  });
});

describe("the plan of two layers whose weights are what a binding holds", () => {
  const limits = { binding: 2 ** 30, workgroups: 65_535, budget: 2 ** 30, resident: false };
  const wide = { depth: 2, width: 16_384, count: 5 };

  it.each([{ kernels: [] }, { momentum: 0.9 }, { outputs: 10, momentum: 0.9, test: 13, batch: 3 }])(
    "takes one network at a time: %o",
    async (more) => {
      const { batch, layers, memory } = planEnsemble(await jobOf({ ...wide, ...more }), limits);
      expect(batch).toBe(1);
      const { parts, stride } = layers[1]!;
      expect(parts).toEqual([{ first: 0, rows: 16_384 }]);
      expect(4 * 16_384 * stride).toBe(limits.binding);
      // Of the first layer three inputs and biases, of the second weights and biases, and of each output weights and its bias.
      const parameters = 16_384 * (3 + 1 + 16_384 + 1) + (more.outputs ?? 1) * (16_384 + 1);
      const arrays = more.momentum === undefined ? 1 : 2;
      expect(memory.parts.weights / (4 * parameters * arrays)).toBeCloseTo(1, 5);
    },
  );
  it.each([
    [16_385, 2 ** 30, [8192, 8193]],
    [16_384, 2 ** 30 - 16, [8192, 8192]],
    [16_384, 400_000_000, [5461, 5461, 5462]],
  ])("takes them in parts, %i units at %i bytes a binding", async (width, binding, rows) => {
    const { layers, memory } = planEnsemble(await jobOf({ ...wide, width }), { ...limits, binding });
    expect(layers[0]!.parts).toEqual([{ first: 0, rows: 4 }]);
    expect(layers[1]!.parts.map((part) => part.rows)).toEqual(rows);
    expect(layers[1]!.parts.map(({ first }) => first)).toEqual(rows.map((_, p) => sum(rows.slice(0, p))));
    const whole = planEnsemble(await jobOf({ ...wide, width }), { ...limits, binding: 2 ** 31 });
    expect(memory.bytes - whole.memory.bytes).toBe(16 * (rows.length - 1));
  });
  it("refuses a unit whose weights no binding holds", async () => {
    const job = await jobOf({ ...wide, width: 40_000, data: 1 });
    expect(() => planEnsemble(job, { ...limits, binding: 159_984 })).toThrow(
      expect.objectContaining({
        path: "network.width",
        message: expect.stringMatching(/the weights of hidden layer 1 take \d+ bytes, one binding .* use a smaller/),
      }),
    );
  });
});

it("states that nothing refers to any more are given back", () => {
  const file = path.join(import.meta.dirname, `states-${process.pid}.mts`);
  writeFileSync(
    file,
    `import { stateArray } from "@slowroll/core/engine/hostState";
    for (let i = 0; i < 100; i++) {
      stateArray(2 ** 22).fill(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    console.log(1024 * process.resourceUsage().maxRSS);`,
  );
  try {
    const options = { cwd: path.resolve(import.meta.dirname, ".."), encoding: "utf8" } as const;
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", file], options);
    expect(status, stderr).toBe(0);
    // Of 3.4 GB.
    expect(Number(stdout)).toBeLessThan(1.2e9);
  } finally {
    rmSync(file);
  }
});

describe("the plan of the cpu engine", () => {
  it.each(named(SHAPES))("adds up: %s", async (_name, shape) => {
    const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 2 });
    try {
      let planned: JobMemory | undefined;
      let copied = 0;
      let largest = 0;
      await engine.trainEnsemble(
        await jobOf(shape),
        ({ count, outputs, kernels, norms, test }) => {
          largest = Math.max(largest, count);
          copied = Math.max(copied, sum([outputs, kernels, norms, test].map(({ byteLength }) => byteLength)));
        },
        {
          onMemory: (memory) => {
            planned = memory;
          },
        },
      );
      const { bytes, parts, batch } = planned!;
      expect([batch, parts.copies]).toEqual([largest, copied]);
      expect(sum(Object.values(parts))).toBe(bytes);
      expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
    } finally {
      await engine.close();
    }
  });

  it("is what the process grows by", () => {
    // Beside the tests, from where the library's name is known.
    const file = path.join(import.meta.dirname, `memory-${process.pid}.mts`);
    writeFileSync(
      file,
      `import { networkStudy, openEngine, parseConfig } from "@slowroll/core";
      const study = await parseConfig("network", "{ network: { width: 8192, depth: 2 }, training: { steps: 1 }, ensemble: { size: 2 } }");
      const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float32", threads: 2 });
      let planned = 0;
      await networkStudy(study, engine, { onMemory: ({ bytes }) => { planned = bytes + process.memoryUsage.rss(); } });
      await engine.close();
      console.log(JSON.stringify({ planned, peak: 1024 * process.resourceUsage().maxRSS }));`,
    );
    try {
      const root = path.resolve(import.meta.dirname, "..");
      const options = { cwd: root, encoding: "utf8" } as const;
      const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", file], options);
      expect(status, stderr).toBe(0);
      const { planned, peak } = JSON.parse(stdout) as { planned: number; peak: number };
      expect(planned).toBeGreaterThan(5e8);
      expect(Math.abs(planned / peak - 1)).toBeLessThan(0.05);
    } finally {
      rmSync(file);
    }
  });

  const OBSERVE = { spectraEvery: 10, histogramEvery: 10, slicesEvery: 10 };
  const TIME = { alpha: 1, step: 0.01, end: 0.2, recordEvery: 2 };
  const expanding = { background: { kind: "selfConsistent", planckMass: 1 }, time: TIME };
  const vacuum = { fluctuations: { kind: "vacuum", amplitude: 1e-3 } };
  const coupled = { fields: ["phi", "chi"], potential: { expression: "phi^4/4 + 5*phi^2*chi^2" }, mean: [1, 0] };
  const bytesOf = (told: string): number => Number.parseFloat(told) * (told.endsWith("kB") ? 1e3 : 1e6);
  const CPU = ["--engine", "cpu", "--threads", "2"];
  const SOFTWARE = ["--adapter", "software"];
  // What a process has varies by 10 MB of 180 from run to run; a software adapter compiles kernels of up to 100 MB.
  it.each([
    ["network", CPU, 0.12, { network: { width: 65_536 }, training: { steps: 20 }, ensemble: { size: 4 } }],
    ["field", CPU, 0.1, { ...expanding, ...vacuum, field: { potential: "quartic", mean: 1 }, lattice: { points: 64 } }],
    [
      "field",
      CPU,
      0.1,
      { ...expanding, ...vacuum, precision: "float64", field: coupled, lattice: { points: 128 }, observe: OBSERVE },
    ],
    [
      "field",
      CPU,
      0.1,
      { ...expanding, ...vacuum, field: coupled, lattice: { points: 64 }, checkpoint: { everySeconds: 0.05 } },
    ],
    ["network", SOFTWARE, 0.15, { network: { width: 1024 }, training: { steps: 20 }, ensemble: { size: 4 } }],
    [
      "field",
      SOFTWARE,
      0.12,
      { ...expanding, ...vacuum, field: { potential: "quartic", mean: 1 }, lattice: { points: 32 } },
    ],
  ] as const)(
    "and the program's own are what the whole of a run takes at its peak: %s %j, to %d, %j",
    (command, engine, within, study) => {
      const folder = mkdtempSync(path.join(tmpdir(), "slowroll-memory-"));
      try {
        const hook = path.join(folder, "peak.mjs");
        const peakAt = path.join(folder, "peak");
        writeFileSync(
          hook,
          `import { writeFileSync } from "node:fs";
        process.on("exit", () => writeFileSync(${JSON.stringify(peakAt)}, String(1024 * process.resourceUsage().maxRSS)));`,
        );
        const config = path.join(folder, "run.json");
        writeFileSync(config, JSON.stringify(study));
        const program = path.resolve(import.meta.dirname, "../apps/cli/bin/slowroll.mjs");
        const out = path.join(folder, "run");
        const { stderr, status } = spawnSync(
          process.execPath,
          ["--import", hook, program, command, config, ...engine, "--out", out],
          { encoding: "utf8" },
        );
        expect(status, stderr).toBe(0);
        const [, planned, own] = /memory: ([\d.]+ [kM]B).* beside ([\d.]+ MB)/.exec(stderr)!;
        const peak = Number(readFileSync(peakAt, "utf8"));
        expect(Math.abs((bytesOf(planned!) + bytesOf(own!)) / peak - 1)).toBeLessThan(within);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
