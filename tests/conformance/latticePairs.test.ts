/** Two operations in one sweep: the same bits as one after the other, whatever is chosen, and where the state is wanted in between. */
import type { Grid, LatticeJob } from "@slowroll/core/engine/latticeJob";
import { ownBuffers } from "@slowroll/core/engine/webgpu/buffers";
import { evolveLattice } from "@slowroll/core/engine/webgpu/field/lattice";
import { latticePair, latticeSpecialisation } from "@slowroll/core/engine/webgpu/field/latticeKernels";
import { type LatticePrecision, NUMBERS } from "@slowroll/core/engine/webgpu/field/latticeNumbers";
import { pairForm } from "@slowroll/core/engine/webgpu/field/latticePairForms";
import { measuredChoice, type PairChoice, type Trial } from "@slowroll/core/engine/webgpu/field/latticePairs";
import { type Layout, layoutOf, readArray, wholeLayout } from "@slowroll/core/engine/webgpu/field/latticeSlabs";
import { prescribedSteps } from "@slowroll/core/engine/webgpu/field/latticeSteps";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { InterruptedError } from "@slowroll/core/errors";
import { emitCompensatedWgsl } from "@slowroll/core/potential/compensated";
import { compilePotential } from "@slowroll/core/potential/compile";
import { emitWgsl } from "@slowroll/core/potential/wgsl";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { narrowed } from "../support/narrowed.ts";

interface Case {
  readonly dimensions?: 2 | 3;
  readonly points: number;
  readonly stencil: Grid["stencil"];
  readonly fields: 1 | 2;
  readonly realisations: number;
  readonly precision: LatticePrecision;
  readonly form: "sites" | "march";
  /** Own planes of each slab, where there are several. */
  readonly planes?: readonly number[];
}

/** Shorter than the stencil, than a tile, than a stretch of planes, and longer than each. */
const CASES: Case[] = [
  { points: 2, stencil: 6, fields: 1, realisations: 1, precision: "float32", form: "sites" },
  { points: 35, stencil: 2, fields: 1, realisations: 1, precision: "float32", form: "sites" },
  { points: 12, stencil: 4, fields: 2, realisations: 3, precision: "float32", form: "sites" },
  { points: 10, stencil: 6, fields: 1, realisations: 2, precision: "float32", form: "sites" },
  { points: 33, stencil: 2, fields: 1, realisations: 1, precision: "compensated", form: "sites" },
  { points: 4, stencil: 6, fields: 1, realisations: 2, precision: "float32", form: "march" },
  { points: 12, stencil: 2, fields: 2, realisations: 3, precision: "float32", form: "march" },
  { points: 36, stencil: 4, fields: 1, realisations: 1, precision: "float32", form: "march" },
  { points: 68, stencil: 2, fields: 1, realisations: 1, precision: "float32", form: "march" },
  { dimensions: 2, points: 36, stencil: 6, fields: 1, realisations: 3, precision: "float32", form: "march" },
  { points: 12, stencil: 2, fields: 2, realisations: 1, precision: "float32", form: "march", planes: [6, 6] },
  { points: 20, stencil: 6, fields: 1, realisations: 1, precision: "float32", form: "march", planes: [6, 7, 7] },
  {
    dimensions: 2,
    points: 64,
    stencil: 4,
    fields: 1,
    realisations: 1,
    precision: "float32",
    form: "march",
    planes: [32, 32],
  },
  { dimensions: 2, points: 1028, stencil: 2, fields: 2, realisations: 1, precision: "float32", form: "march" },
];
const OPERATIONS = 9;
/** Where the state is wanted: pairs fit exactly, not at all, and leave one operation over. */
const STOPS = [2, 3, 4, 9];
/** Where it is only observed, in what would be a pair. */
const OBSERVED = 5;
const READ = [...STOPS, OBSERVED];

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

async function jobOf({ dimensions = 3, points, stencil, fields, realisations }: Case, operations: number) {
  const count = realisations * fields * points ** dimensions;
  const schedule = {
    kind: "prescribed",
    coefficients: Float64Array.from(
      { length: 3 * operations },
      (_, i) => [0.02, 0.019, 0.021][i % 3]! * (1 + (i % 7) / 10),
    ),
  } as const;
  const potential = await compilePotential(
    { expression: fields === 1 ? "phi^4/4 + phi^2/2" : "phi^4/4 + 2*phi^2*chi^2" },
    { fields: ["phi", "chi"].slice(0, fields) },
  );
  const job: LatticeJob = {
    grid: { dimensions, points, spacing: 0.9, stencil },
    realisations,
    fields,
    potential,
    initial: async () => ({
      field: normals(1, 0, 0, count).map((value) => 1 + 0.3 * value),
      momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
    }),
    schedule,
    observeAfter: [],
    reductions: [],
  };
  return { job, potential, schedule };
}

/** Slabs with ghosts for two operations. */
function slabsOf(job: LatticeJob, planes: readonly number[]): Layout {
  const { dimensions, points, stencil } = job.grid;
  const held = Math.max(...planes) + 2 * stencil;
  const limits = {
    maxStorageBufferBindingSize: 4 * job.fields * held * points ** (dimensions - 1),
    maxBufferSize: 2 ** 30,
  };
  const layout = layoutOf(limits, job, 4, 2);
  expect(layout.slabs.map((slab) => slab.planes)).toEqual(planes);
  return layout;
}

/** Field and momentum at each stop, and where they are observed. */
async function statesOf(given: Case, choice: PairChoice): Promise<Float64Array[]> {
  const { form } = given;
  const { job, potential, schedule } = await jobOf(given, OPERATIONS);
  const numbers = NUMBERS[given.precision];
  const code = given.precision === "compensated" ? emitCompensatedWgsl(potential) : emitWgsl(potential);
  const specialisation = latticeSpecialisation(job.grid, code, numbers);
  const { planes } = given;
  const layout = planes ? slabsOf(job, planes) : wholeLayout(job.grid);
  expect(pairForm(gpu, job, layout, specialisation)?.kernel).toBe(latticePair[form]);
  const buffers = ownBuffers(gpu);
  try {
    const steps = await prescribedSteps({ gpu, job, layout, specialisation, buffers }, schedule, choice);
    await steps.begin(await job.initial());
    const states: Float64Array[] = [];
    const record = (after: number): number | undefined => (after === OBSERVED ? 0 : undefined);
    for (let o = 0; o < OPERATIONS; o++) {
      const encoder = gpu.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      steps.encode(pass, o, { state: (after) => STOPS.includes(after), record });
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
      // The first two operations were one sweep, to the other field and momentum, or two, back to the same field.
      if (o === 1) expect(steps.standing()).toBe(choice === never || choice === wrong ? 0 : 3);
      if (!READ.includes(o + 1)) continue;
      const slabs = steps.arrays[steps.standing()]!;
      for (const name of ["field", "momentum"] as const) {
        const values = new Float64Array(job.realisations * job.fields * job.grid.points ** job.grid.dimensions);
        await readArray(
          gpu,
          job,
          layout,
          numbers,
          slabs.map((slab) => slab[name]),
          values,
        );
        states.push(values);
      }
    }
    return states;
  } finally {
    buffers.destroy();
  }
}

const chosen: boolean[] = [];
/** The measurement with one operation instead of two. */
const wrong: PairChoice = () => async (device, trial) => {
  chosen.push(await measuredChoice(1e4)!(device, { ...trial, pair: trial.singles.slice(0, 1) }));
  return chosen[0]!;
};
const always: PairChoice = () => async () => true;
const never: PairChoice = () => undefined;

describe.each(CASES)("%o", (given) => {
  it("is what single sweeps give", async () => {
    const singles = await statesOf(given, never);
    expect(singles).toHaveLength(2 * READ.length);
    expect(singles[0]!.every(Number.isFinite)).toBe(true);
    expect(singles[0]).not.toEqual(singles[2]);
    expect(await statesOf(given, always)).toEqual(singles);
    const { planes, ...whole } = given;
    if (planes) expect(await statesOf(whole, never)).toEqual(singles);
  });
});

describe("the choice", () => {
  const [, , given] = CASES as [Case, Case, Case];

  it("leaves the state as it was, and finds the same bits", async () => {
    let found: Trial | undefined;
    const tried: PairChoice = () => async (device, trial) => {
      found = trial;
      await measuredChoice(1e4)!(device, trial);
      return true;
    };
    expect(await statesOf(given, tried)).toEqual(await statesOf(given, never));
    expect(found).toBeDefined();
  });

  it("is for single sweeps where pairs give other bits, however quick they are", async () => {
    expect(await statesOf(given, wrong)).toEqual(await statesOf(given, never));
    expect(chosen).toEqual([false]);
  });

  it("hears of an interruption between its measurements, before any step is made", async () => {
    const { job } = await jobOf({ ...given, points: 6 }, 1200);
    const abort = new AbortController();
    const submitted: string[] = [];
    const encoders = vi.spyOn(gpu.device, "createCommandEncoder").mockImplementation((descriptor) => {
      submitted.push(descriptor?.label ?? "");
      if (descriptor?.label === "singles") abort.abort();
      return GPUDevice.prototype.createCommandEncoder.call(gpu.device, descriptor);
    });
    try {
      await expect(evolveLattice(gpu, "float32", job, { signal: abort.signal })).rejects.toThrow(InterruptedError);
    } finally {
      encoders.mockRestore();
    }
    expect(submitted).toContain("singles");
    expect(submitted.filter((label) => label === "pair" || label.startsWith("lattice "))).toEqual(["pair"]);
  });

  it("is not worth a trial in short runs, which give the same as a long one", async () => {
    const operations = 1200;
    const { job } = await jobOf({ ...given, points: 6 }, operations);
    expect(measuredChoice(600)).toBeUndefined();
    expect(measuredChoice(operations)).toBeDefined();
    const whole = await evolveLattice(gpu, "float32", job);
    const half = {
      ...job.schedule,
      coefficients: (job.schedule as { coefficients: Float64Array }).coefficients.subarray(0, 1800),
    };
    const first = await evolveLattice(gpu, "float32", { ...job, schedule: half as LatticeJob["schedule"] });
    const second = await evolveLattice(gpu, "float32", { ...job, from: 600, initial: async () => first.final });
    expect(second.final).toEqual(whole.final);
    expect(whole.final.field.every(Number.isFinite)).toBe(true);
  });

  it("is the same in slabs, of whose operations pairs are tried, as in one array", async () => {
    const { job } = await jobOf({ ...given, points: 12, fields: 1, realisations: 2, stencil: 2 }, 1200);
    const whole = await evolveLattice(gpu, "float32", job);
    const dispatches = vi.spyOn(gpu.device, "createCommandEncoder");
    const cut = await evolveLattice(narrowed(gpu, 4 * 144 * 10), "float32", job);
    expect(dispatches.mock.calls.filter(([descriptor]) => descriptor?.label === "pair").length).toBeGreaterThan(0);
    dispatches.mockRestore();
    expect(cut.final).toEqual(whole.final);
    expect(whole.final.field.every(Number.isFinite)).toBe(true);
  });

  it("is none for slabs, other dimensions, and more fields than workgroup memory holds", async () => {
    const { job } = await jobOf(given, OPERATIONS);
    const specialisation = latticeSpecialisation(job.grid, "", NUMBERS.float32);
    const narrow = { maxStorageBufferBindingSize: 4 * 2 * 144 * 10, maxBufferSize: 2 ** 30 };
    expect(pairForm(gpu, job, layoutOf(narrow, job, 4), specialisation)).toBeUndefined();
    const flat = { ...job.grid, dimensions: 2 } as const;
    expect(pairForm(gpu, { ...job, grid: flat }, wholeLayout(flat), specialisation)).toBeUndefined();
    expect(pairForm(gpu, { ...job, fields: 9 }, wholeLayout(job.grid), specialisation)).toBeUndefined();
    // Slabs with ghosts for one operation.
    const single = { ...job, fields: 1, grid: { ...job.grid, stencil: 2 as const } };
    const small = { maxStorageBufferBindingSize: 4 * 144 * 8, maxBufferSize: 2 ** 30 };
    const own = latticeSpecialisation(single.grid, "", NUMBERS.float32);
    expect(pairForm(gpu, single, layoutOf(small, single, 4), own)).toBeUndefined();
    expect(pairForm(gpu, single, layoutOf(small, single, 4, 2), own)).toBeDefined();
    expect(pairForm(gpu, job, wholeLayout(job.grid), specialisation)).toBeDefined();
  });
});
