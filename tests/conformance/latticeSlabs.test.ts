/** Realisations that one binding of the adapter does not hold, in slabs: the same state to the bit as in one array, the same means to rounding. */
import type { CoupledSchedule, Grid, LatticeJob, Observation, Reduction } from "@slowroll/core/engine/latticeJob";
import type { PartCheckpoint } from "@slowroll/core/engine/parts";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import type { LatticePrecision } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import { layoutOf } from "@slowroll/core/engine/webgpu/field/latticeSlabs";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { InputError, InterruptedError } from "@slowroll/core/errors";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, coupledSchedule, momentumPictures, mostMoved } from "../support/lattices.ts";
import { narrowed } from "../support/narrowed.ts";

const OPERATIONS = 9;

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

interface Case {
  readonly dimensions: 2 | 3;
  readonly points: number;
  readonly stencil: Grid["stencil"];
  /** Own planes of each slab. */
  readonly planes: readonly number[];
  readonly fields: 1 | 2;
  readonly realisations: number;
  readonly coupled: boolean;
  readonly precision: LatticePrecision;
}

const whole = { fields: 1, realisations: 1, coupled: false, precision: "float32" } as const;
/** Two and three slabs, of different heights, and as thin as the stencil reaches. */
const CASES: Case[] = [
  { ...whole, dimensions: 3, points: 9, stencil: 2, planes: [4, 5] },
  { ...whole, dimensions: 3, points: 11, stencil: 4, planes: [3, 4, 4], fields: 2, realisations: 2 },
  { ...whole, dimensions: 3, points: 11, stencil: 6, planes: [3, 4, 4], fields: 2, realisations: 3 },
  { ...whole, dimensions: 3, points: 12, stencil: 4, planes: [4, 4, 4], fields: 2, realisations: 2 },
  { ...whole, dimensions: 3, points: 16, stencil: 6, planes: [5, 5, 6], coupled: true },
  { ...whole, dimensions: 3, points: 14, stencil: 6, planes: [7, 7], precision: "compensated" },
  // Of the thinner slab the last march for moments is past the end.
  { ...whole, dimensions: 2, points: 64, stencil: 2, planes: [12, 13, 13, 13, 13], fields: 2, realisations: 2 },
  { ...whole, dimensions: 2, points: 33, stencil: 4, planes: [11, 11, 11], fields: 2, realisations: 2 },
  { ...whole, dimensions: 3, points: 9, stencil: 2, planes: [4, 5], fields: 2, realisations: 2, coupled: true },
  { ...whole, dimensions: 3, points: 14, stencil: 6, planes: [7, 7], coupled: true, precision: "compensated" },
  { ...whole, dimensions: 3, points: 11, stencil: 4, planes: [3, 4, 4], fields: 2, coupled: true },
  { ...whole, dimensions: 2, points: 20, stencil: 6, planes: [6, 7, 7], realisations: 2, coupled: true },
];

/** A binding that holds no more than the thickest of the case's slabs. */
function bindingOf({ dimensions, points, stencil, planes, fields, precision }: Case): number {
  const bytes = precision === "compensated" ? 8 : 4;
  return 16 * Math.ceil((bytes * fields * points ** (dimensions - 1) * (Math.max(...planes) + stencil)) / 16);
}

async function jobOf({ dimensions, points, stencil, fields, realisations, coupled }: Case): Promise<LatticeJob> {
  const count = realisations * fields * points ** dimensions;
  const reductions: Reduction[] = [
    { kind: "field" },
    { kind: "shape" },
    { kind: "momentum" },
    { kind: "gradient" },
    { kind: "potential" },
    { kind: "cosine", mode: [2, 1, -1].slice(0, dimensions) },
  ];
  return {
    grid: { dimensions, points, spacing: 0.7, stencil },
    realisations,
    fields,
    potential: await compilePotential(
      { expression: fields === 1 ? "phi^4/4" : "phi^4/4 + 2*phi^2*chi^2" },
      { fields: ["phi", "chi"].slice(0, fields) },
    ),
    // The last planes lie far from the first: a reference that each slab took for itself would show.
    initial: async () => ({
      field: normals(1, 0, 0, count).map(
        (value, i) => 1 + 0.3 * value + (i % points ** dimensions) / points ** dimensions,
      ),
      momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
    }),
    schedule: coupled
      ? coupledSchedule(OPERATIONS, realisations)
      : { kind: "prescribed", coefficients: new Float64Array(3 * OPERATIONS).fill(0.02) },
    observeAfter: [0, 4, OPERATIONS],
    reductions,
    snapshots: {
      after: [4, OPERATIONS],
      pictures: [
        ...(dimensions === 3 ? [{ kind: "spectrum" } as const, ...momentumPictures({ points })] : []),
        { kind: "histogram", bins: 5, reach: 2 },
        { kind: "slice", index: points - 2 },
      ],
    },
  };
}

/** Every number of `got` within `bound` of that of `want`, in units of the largest of its array. */
function near(got: unknown, want: unknown, bound: number): void {
  if (want instanceof Float64Array) {
    const scale = Math.max(1e-30, ...want.map(Math.abs));
    expect(got).toBeInstanceOf(Float64Array);
    expect((got as Float64Array).length).toBe(want.length);
    for (const [i, value] of want.entries())
      expect(Math.abs((got as Float64Array)[i]! - value) / scale).toBeLessThanOrEqual(bound);
  } else if (want !== null && typeof want === "object") {
    expect(Object.keys(got as object)).toEqual(Object.keys(want));
    for (const [key, value] of Object.entries(want)) near((got as Record<string, unknown>)[key], value, bound);
  } else if (want === undefined) expect(got).toBeUndefined();
  else expect(Math.abs((got as number) - (want as number))).toBeLessThanOrEqual(bound * Math.abs(want as number));
}

/** Third moments, whose terms cancel, beside the cube of the width that they are measured by. */
const beside = ({ fieldThird, fieldVariance, ...others }: Observation) => ({
  ...others,
  fieldVariance,
  fieldThird: fieldThird!.map((third, rf) => fieldVariance![rf]! ** 1.5 + third),
});

describe.each(CASES)("%o", (given) => {
  const { planes, coupled, precision, realisations, fields } = given;
  /** Of partial sums in another order, and of what follows from them where a coupled schedule's q does. */
  const rounding = precision === "compensated" ? 1e-10 : 2e-5;

  it("is cut as said", () => {
    const layout = layoutOf(
      { maxStorageBufferBindingSize: bindingOf(given), maxBufferSize: 2 ** 30 },
      { grid: { ...given, spacing: 1 }, fields },
      precision === "compensated" ? 8 : 4,
    );
    expect(layout.slabs.map((slab) => slab.planes)).toEqual(planes);
  });

  it("is what one array gives, checkpoints too", async () => {
    const job = await jobOf(given);
    const run = async (device: Gpu) => {
      const checkpoints: PartCheckpoint[] = [];
      const saving = { seconds: 0, save: async (at: PartCheckpoint) => void checkpoints.push(copied(at)) };
      return { report: await evolveLattice(device, precision, { ...job, saving }), checkpoints };
    };
    const { report: whole } = await run(gpu);
    const { report: cut, checkpoints } = await run(narrowed(gpu, bindingOf(given)));
    const exact = coupled ? rounding : 0;
    near(cut.final, whole.final, exact);
    near(cut.observations.map(beside), whole.observations.map(beside), rounding);
    expect(cut.snapshots.length).toBe(2);
    for (const [s, wanted] of whole.snapshots.entries()) {
      const { histogramLow, histogramHigh, histogramCounts, slices } = wanted;
      const got = cut.snapshots[s]!;
      near(got.slices, slices, exact);
      near(got.curvature, wanted.curvature, rounding);
      // The transforms are float32 in any precision.
      for (const name of ["spectra", "momentumSpectra", "oscillators"] as const) near(got[name], wanted[name], 2e-6);
      near(got.histogramLow, histogramLow, rounding);
      near(got.histogramHigh, histogramHigh, rounding);
      // A value at a bin's edge may fall to either side of it.
      expect(mostMoved(got.histogramCounts!, histogramCounts!, realisations * fields)).toBeLessThanOrEqual(2);
    }
    const { operation, state, global } = checkpoints.find((at) => at.operation < OPERATIONS)!;
    const rest = await evolveLattice(narrowed(gpu, bindingOf(given)), precision, {
      ...job,
      ...(global ? { schedule: { ...(job.schedule as CoupledSchedule), initial: global } } : {}),
      from: operation,
      initial: async () => state,
      observeAfter: [OPERATIONS],
      snapshots: { ...job.snapshots!, after: [OPERATIONS] },
    });
    expect(rest.final).toEqual(cut.final);
    expect(rest.observations).toEqual(cut.observations.slice(-1));
    expect(rest.snapshots).toEqual(cut.snapshots.slice(-1));
  });
});

describe("refuses", () => {
  const [given] = CASES as [Case];
  const refused = async (binding: number, change: Partial<Case> = {}): Promise<unknown> => {
    const job = await jobOf({ ...given, ...change });
    return evolveLattice(narrowed(gpu, binding), "float32", job).catch((error: unknown) => error);
  };

  it("a lattice whose slabs would be thinner than the stencil reaches", async () => {
    const thin = (await refused(4 * 81 * 8, { stencil: 6 })) as InputError;
    expect(thin).toBeInstanceOf(InputError);
    expect(thin).toMatchObject({ path: "lattice.points" });
    expect(thin.message).toContain("too little for slabs of it; use fewer points or --engine cpu");
    expect(await refused(4 * 81 * 2)).toBeInstanceOf(InputError);
  });

  it("a lattice of one dimension that one binding does not hold", async () => {
    const job = await jobOf(given);
    const line = { ...job, grid: { ...job.grid, dimensions: 1 as const, points: 729 } };
    await expect(evolveLattice(narrowed(gpu, 1000), "float32", line)).rejects.toThrow(/one dimension is not cut/);
  });

  it("spectra of two dimensions in slabs", async () => {
    const flat = CASES.find(({ dimensions }) => dimensions === 2)!;
    const job = await jobOf(flat);
    const asked = { ...job, snapshots: { after: [0], pictures: [{ kind: "spectrum" } as const] } };
    await expect(evolveLattice(narrowed(gpu, bindingOf(flat)), "float32", asked)).rejects.toThrow(/has no spectra/);
  });
});

it("saves a state when it is interrupted", async () => {
  const [given] = CASES as [Case];
  const job = await jobOf(given);
  const schedule = { kind: "prescribed", coefficients: new Float64Array(60_000).fill(0.001) } as const;
  const controller = new AbortController();
  const saved: PartCheckpoint[] = [];
  const saving = { seconds: 3600, save: async (at: PartCheckpoint) => void saved.push(at) };
  const running = evolveLattice(
    narrowed(gpu, bindingOf(given)),
    "float32",
    { ...job, schedule, saving, snapshots: { after: [], pictures: [] } },
    { signal: controller.signal, onProgress: () => controller.abort() },
  );
  await expect(running).rejects.toThrow(InterruptedError);
  expect(saved).toHaveLength(1);
  expect(saved[0]!.state.field).toHaveLength(9 ** 3);
  expect(saved[0]!.state.field.every(Number.isFinite)).toBe(true);
});
