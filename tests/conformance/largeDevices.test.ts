/** What jobs that fill a large device ask of it: no binding, dispatch, offset or whole number beyond what there is. */
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { type LatticeJob, type Picture, spectrumBins } from "@slowroll/core/engine/latticeJob";
import { linesOf, longestLine } from "@slowroll/core/engine/webgpu/field/fourierKernels";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import { takeSnapshot } from "@slowroll/core/engine/webgpu/field/latticePictures";
import { planLattice } from "@slowroll/core/engine/webgpu/field/latticePlan";
import type { Records } from "@slowroll/core/engine/webgpu/field/latticeRecords";
import { wholeLayout } from "@slowroll/core/engine/webgpu/field/latticeSlabs";
import type { StateArrays } from "@slowroll/core/engine/webgpu/field/latticeSteps";
import { assertSpectrum, takeSpectra } from "@slowroll/core/engine/webgpu/field/spectrum";
import { loadKernel } from "@slowroll/core/engine/webgpu/kernel";
import { trainEnsemble } from "@slowroll/core/engine/webgpu/network/ensemble";
import { initialise } from "@slowroll/core/engine/webgpu/network/ensembleKernels";
import { residentShape } from "@slowroll/core/engine/webgpu/network/residentTrainer";
import { InputError } from "@slowroll/core/errors";
import { activationNamed } from "@slowroll/core/network/activations";
import { compilePotential } from "@slowroll/core/potential/compile";
import { describe, expect, it } from "vitest";
import { coupledSchedule, momentumPictures } from "../support/lattices.ts";
import { LARGE, pretendedGpu } from "../support/pretended.ts";

interface Shape {
  readonly width: number;
  readonly depth?: number;
  readonly data?: number;
  readonly outputs?: number;
  readonly dimension?: number;
  readonly count?: number;
  readonly kernels?: number[];
  readonly test?: number;
}

async function jobOf(shape: Shape): Promise<EnsembleJob> {
  const { width, depth = 1, data = 8, outputs = 1, dimension = 2, count = 1, kernels = [], test } = shape;
  return {
    architecture: {
      ...{ inputDimension: dimension, depth, width, outputs },
      ...{ activation: activationNamed("erf"), weightStd: 1.5, biasStd: 0.1 },
    },
    inputs: new Float64Array(data * dimension),
    targets: new Float64Array(data * outputs),
    potential: await compilePotential("quadratic"),
    ...{ learningRate: 0.1, momentum: 0.5, steps: 2, seed: 1, networks: { first: 0, count } },
    ...{ recordOutputs: [0, 2], recordKernels: kernels, parameterNorms: kernels.length > 0 },
    ...(test === undefined ? {} : { test: new Float64Array(test * dimension) }),
  };
}

/** Of ten to a hundred GB, or of a hundred thousand networks. */
const SHAPES: readonly Shape[] = [
  { width: 65_536, depth: 2, kernels: [0, 2] },
  { width: 100_000, depth: 2, data: 20 },
  { width: 16_384, depth: 3, data: 1024, test: 3000 },
  { width: 16_384, depth: 2, data: 2048, outputs: 3, kernels: [2] },
  { width: 4_000_000 },
  { width: 1_000_000, data: 100, kernels: [0] },
  { width: 4096, data: 4096, dimension: 4096, kernels: [0] },
  { width: 16, count: 1_000_000 },
  { width: 32, depth: 3, data: 20, count: 100_000, kernels: [2] },
  { width: 100, data: 4, outputs: 60_000 },
];

describe("an ensemble that a large device holds", () => {
  it.each(SHAPES.map((shape) => [JSON.stringify(shape), shape] as const))("%s", async (_name, shape) => {
    const { gpu, asked } = pretendedGpu();
    let trained = 0;
    await trainEnsemble(gpu, await jobOf(shape), ({ count }) => {
      trained += count;
    });
    expect(trained).toBe(shape.count ?? 1);
    expect(asked.dispatches.length).toBeGreaterThan(3);
  });
  it("has no more weights in a layer than are drawn", async () => {
    const { gpu, asked } = pretendedGpu();
    const train = trainEnsemble(gpu, await jobOf({ width: 131_072, depth: 3 }), () => {});
    await expect(train).rejects.toThrow(InputError);
    await expect(train).rejects.toThrow(/hidden layer 2 has 17179869184 weights, and no more than \d+ are drawn/);
    expect(asked.buffers).toEqual([]);
  });
});

describe("spectra that a large device makes", () => {
  it.each([
    { dimensions: 3, points: 512, realisations: 2, fields: 3 },
    { dimensions: 3, points: 812, realisations: 1, fields: 1 },
    { dimensions: 2, points: 3072, realisations: 3, fields: 1 },
    { dimensions: 2, points: 32, realisations: 200_000, fields: 2 },
    { dimensions: 1, points: 3, realisations: 1_000_000, fields: 1 },
  ] as const)("%o", async ({ dimensions, points, ...many }) => {
    const { gpu, asked } = pretendedGpu();
    const grid = { dimensions, points, spacing: 1, stencil: 2 } as const;
    const all = many.realisations * many.fields;
    const field = await gpu.buffer("field", 4 * all * points ** dimensions);
    const includes = ["field/single.wgsl"];
    assertSpectrum(gpu, grid, wholeLayout(grid));
    const state = [{ field, momentum: field }];
    const spectra = await takeSpectra(gpu, { grid, ...many }, wholeLayout(grid), { includes }, state);
    expect(spectra).toHaveLength(all * spectrumBins(grid));
    // What the rows' dispatches reach: every pair of rows of every field.
    const lines = linesOf(points, gpu.limits.maxComputeWorkgroupStorageSize);
    const rows = asked.dispatches.filter(({ label }) => label === "fourier/rows");
    const reached = rows.reduce((sum, { workgroups: [x, y] }) => sum + x * y * lines, 0);
    expect(reached).toBeGreaterThanOrEqual(all * Math.ceil(points ** (dimensions - 1) / 2));
  });
});

describe.each(["prescribed", "coupled"] as const)("lattices of many sites or realisations, %s", (kind) => {
  const operations = 4;
  it.each([
    { dimensions: 1, points: 2 ** 20, realisations: 2, fields: 2 },
    { dimensions: 1, points: 5, realisations: 50_000, fields: 1 },
    { dimensions: 2, points: 2048, realisations: 1, fields: 1 },
    { dimensions: 2, points: 16, realisations: 10_000, fields: 1 },
    { dimensions: 3, points: 16, realisations: 1000, fields: 2 },
    { dimensions: 3, points: 130, realisations: 1, fields: 3 },
  ] as const)("%o", async ({ dimensions, points, realisations, fields }) => {
    const { gpu, asked } = pretendedGpu();
    const names = Array.from({ length: fields }, (_, f) => `phi${f}`);
    const expression = names.map((name) => `${name}^4`).join(" + ");
    const values = realisations * fields * points ** dimensions;
    const hasSpectra = points <= longestLine(gpu.limits.maxComputeWorkgroupStorageSize);
    const pictures: Picture[] = [
      { kind: "histogram", bins: 50, reach: 3 },
      ...(dimensions > 1 ? ([{ kind: "slice", index: 1 }] as const) : []),
      ...(hasSpectra ? [{ kind: "spectrum" } as const, ...momentumPictures({ points })] : []),
    ];
    const report = await evolveLattice(gpu, "float32", {
      ...{ grid: { dimensions, points, spacing: 1, stencil: 2 }, realisations, fields },
      potential: await compilePotential({ expression, parameters: {} }, { fields: names }),
      schedule:
        kind === "coupled"
          ? coupledSchedule(operations, realisations)
          : { kind, coefficients: new Float64Array(3 * operations) },
      initial: async () => ({ field: new Float64Array(values), momentum: new Float64Array(values) }),
      observeAfter: [0, operations],
      reductions: [{ kind: "potential" }, { kind: "cosine", mode: new Array(dimensions).fill(1) }],
      snapshots: { after: [operations], pictures },
    });
    expect(report.snapshots).toHaveLength(1);
    expect(asked.dispatches.length).toBeGreaterThan(operations);
  });
});

it("a histogram counts more sites than 32 bits do", async () => {
  const { gpu, asked } = pretendedGpu();
  const grid = { dimensions: 3, points: 2048, spacing: 1, stencil: 2 } as const;
  const job = {
    ...{ grid, realisations: 1, fields: 1, potential: await compilePotential("quadratic") },
    ...{ schedule: { kind: "prescribed", coefficients: new Float64Array() }, observeAfter: [], reductions: [] },
    snapshots: { after: [0], pictures: [{ kind: "histogram", bins: 5, reach: 2 }] },
    initial: () => Promise.reject(new Error("has no state")),
  } satisfies LatticeJob;
  const { layout, specialisation } = planLattice(gpu, "float32", job, Number.POSITIVE_INFINITY);
  const sitesOf = ({ planes }: { planes: number }): number => planes * layout.plane;
  // A field that has one value: all sites of a slab are in the first bin.
  const full = layout.slabs.map((slab) => new Float32Array(Uint32Array.of(sitesOf(slab), 0, 0, 0, 0).buffer));
  const download: typeof gpu.download = async () => full[asked.dispatches.length - 1]!;
  const state: StateArrays[] = [];
  for (const _ of layout.slabs) {
    const array = await gpu.buffer("state", 4 * layout.stride);
    state.push({ field: array, momentum: array });
  }
  const spread = async () => ({ fieldMean: Float64Array.of(1), fieldVariance: Float64Array.of(0) });
  const records = { spread } as Records;
  const reduction = { groups: 1024, sitesPerGroup: 2 ** 20 };
  const seen = { made: undefined, records };
  const { histogramCounts } = await takeSnapshot(
    { gpu: { ...gpu, download }, job, layout, specialisation },
    reduction,
    state,
    0,
    seen,
  );
  expect(Array.from(histogramCounts!)).toEqual([2 ** 33, 0, 0, 0, 0]);
});

describe("the resident kernel", () => {
  const { gpu } = pretendedGpu();
  it("is refused a schedule of more steps than a binding holds", async () => {
    const job = { ...(await jobOf({ width: 64 })), steps: 1e9, recordOutputs: [] };
    const narrow = pretendedGpu({ ...LARGE, maxStorageBufferBindingSize: 2 ** 31 - 4 });
    const train = trainEnsemble(narrow.gpu, job, () => {});
    await expect(train).rejects.toThrow(InputError);
    await expect(train).rejects.toThrow(/the schedule of 1000000000 steps takes 4000000016 bytes/);
    expect(narrow.asked.buffers).toEqual([]);
  });
  it("has code that does not grow with the inputs' coordinates", async () => {
    const held: number[] = [];
    for (const dimension of [1, 2, 3, 4, 7, 9, 16, 25, 40, 64, 784, 4096])
      for (const data of [1, 8, 12, 16])
        for (const width of [64, 300, 1024, 5000, 16_384]) {
          const shape = residentShape(gpu, await jobOf({ width, data, dimension }));
          if (shape) held.push(shape.units * Math.ceil(data / 4) * (dimension + 1));
        }
    expect(held.length).toBeGreaterThan(50);
    // Products of an input with a group of four data, which are unrolled: each activation takes as much as ten of them.
    expect(Math.max(...held)).toBeLessThanOrEqual(150);
  });
  it("trains networks of few inputs, and leaves those of many to the layered kernels", async () => {
    const shapeOf = async (dimension: number) => residentShape(gpu, await jobOf({ width: 1024, dimension }));
    expect(await shapeOf(2)).toEqual({ lanes: 64, units: 16 });
    expect(await shapeOf(9)).toEqual({ lanes: 256, units: 4 });
    expect(await shapeOf(24)).toEqual({ lanes: 1024, units: 1 });
    expect(await shapeOf(32)).toBeUndefined();
  });
});

it("a kernel's parameters are refused that do not fit 32 bits", async () => {
  const { uniform } = await loadKernel(pretendedGpu().gpu, initialise);
  const params = { seed: [0, 2 ** 32 - 1], layer: 0, firstNetwork: 0, fanIn: 1, units: 1, quads: 1, firstInput: 0 };
  const rest = { inputs: 1, firstRow: 0, stride: 1, networkSize: 1 };
  expect(() => uniform("params", { ...params, ...rest })).not.toThrow();
  expect(() => uniform("params", { ...params, ...rest, quads: 2 ** 32 })).toThrow(
    "network/initialise.wgsl: params.quads is 4294967296, which does not fit 32 bits",
  );
  expect(() => uniform("params", { ...params, ...rest, seed: [2 ** 32, 0] })).toThrow(/params.seed/);
});
