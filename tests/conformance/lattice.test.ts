/** The lattice job of every engine against tests/reference: dimensions, fields, realisations, odd sizes, observations. */

import type { Engine, LatticeReport } from "@slowroll/core/engine/engine";
import {
  type CoupledSchedule,
  type LatticeCheckpoint,
  type LatticeJob,
  potentialsOf,
} from "@slowroll/core/engine/latticeJob";
import { openEngine } from "@slowroll/core/engine/open";
import { assertErrorFree } from "@slowroll/core/engine/webgpu/field/errorFree";
import { type Gpu, openGpu } from "@slowroll/core/engine/webgpu/gpu";
import { InputError, InterruptedError } from "@slowroll/core/errors";
import { builtins } from "@slowroll/core/potential/builtins/index";
import { compilePotential } from "@slowroll/core/potential/compile";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceLattice } from "../reference/lattice.ts";
import { type Case, jobOf } from "../support/latticeJobs.ts";
import { copied, mostMoved } from "../support/lattices.ts";
import { lentEngine } from "../support/lent.ts";

/** Largest difference from the reference over its largest value, after twenty operations. */
const ENGINES = [
  { engine: "webgpu", precision: "float32", fused: false, bound: 2e-5 },
  { engine: "webgpu", precision: "compensated", fused: false, bound: 1e-12 },
  { engine: "cpu", adapter: "auto", precision: "float32", fused: false, bound: 2e-6 },
  { engine: "cpu", adapter: "auto", precision: "float64", fused: false, bound: 1e-13 },
  // Fused last: once a process has it, it has it for good.
  { engine: "cpu", adapter: "auto", precision: "float32", fused: true, bound: 2e-6 },
  { engine: "cpu", adapter: "auto", precision: "float64", fused: true, bound: 1e-13 },
] as const;

const FIVE = {
  fields: ["a", "b", "c", "d", "e"],
  potential: { expression: "(a^4 + b^2)/4 + b^2*c^2/2 + c^2*d^2 + e^4/4 + a*e/3" },
};

const cases: Case[] = [
  { dimensions: 1, points: 2 },
  { dimensions: 1, points: 301, realisations: 3 },
  { dimensions: 2, points: 33, realisations: 2, fields: ["phi", "chi"] },
  { dimensions: 3, points: 17, fields: ["phi", "chi"] },
  { dimensions: 3, points: 7, realisations: 2, fields: ["phi", "chi", "sigma"] },
  { dimensions: 3, points: 8, realisations: 4, operations: 5 },
  // Boundary sizes: too few planes to share, slabs as thick as a sweep reaches, odd numbers of realisations.
  ...[2, 3, 4, 5, 16].map((points) => ({ dimensions: 3 as const, points, realisations: 3 })),
  { dimensions: 2, points: 5 },
  // Stencils that reach further than a plane, slabs thinner than they reach, and rows shorter.
  ...([4, 6] as const).flatMap((stencil) =>
    ([1, 2, 3] as const).flatMap((dimensions) =>
      [4, 7, 16].map((points) => ({ dimensions, points, stencil, realisations: 2 })),
    ),
  ),
  ...([1, 2, 3] as const).map((dimensions) => ({
    dimensions,
    points: 15,
    realisations: 2,
    fields: ["phi", "chi"],
    coupled: true,
  })),
  { dimensions: 3, points: 12, stencil: 4, coupled: true },
  // More fields than a workgroup adds the sums of at once, swept site by site and in marches.
  { dimensions: 2, points: 7, ...FIVE, coupled: true },
  { dimensions: 3, points: 8, ...FIVE, realisations: 2, coupled: true },
  { dimensions: 2, points: 5, stencil: 6, coupled: true, realisations: 5 },
  // Potentials of each realisation's own.
  ...[false, true].map((coupled) => ({
    dimensions: 3 as const,
    points: 6,
    realisations: 5,
    fields: ["phi", "chi"],
    couplings: [2, 3, -0.3, 2, 1 / 3],
    coupled,
  })),
  ...Object.keys(builtins).map((potential) => ({ dimensions: 2 as const, points: 9, potential })),
];

/** Of each case, made once for all engines. */
const references = new Map<Case, LatticeReport>();

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu("software");
});
afterAll(() => gpu.close());

describe.each(ENGINES)("$engine lattices, $precision, fused $fused", ({ fused, ...given }) => {
  const { bound, ...choice } = given;
  let engine: Engine;
  beforeAll(async () => {
    if (fused) enableFusedMultiplyAdd();
    if (choice.precision === "compensated") await assertErrorFree(gpu);
    engine = choice.engine === "webgpu" ? lentEngine(gpu, choice.precision) : await openEngine(choice);
    if (fused) expect(engine.info.fusedMultiplyAdd).toBe(true);
  });
  afterAll(() => engine.close());

  it.each(cases.map((given) => [JSON.stringify(given), given] as const))("%s", async (_name, given) => {
    const job = await jobOf(given);
    const want = references.get(given) ?? (await referenceLattice(job));
    references.set(given, want);
    const got = await engine.evolveLattice(job);
    const near = (actual: Float64Array | undefined, expected: Float64Array, within = bound): void => {
      const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
      expect(actual!.length).toBe(expected.length);
      const difference = expected.reduce((largest, value, i) => Math.max(largest, Math.abs(actual![i]! - value)), 0);
      expect(difference / scale).toBeLessThan(within);
    };
    near(got.final.field, want.final.field);
    near(got.final.momentum, want.final.momentum);
    expect(got.observations.length).toBe(want.observations.length);
    for (const [o, observation] of want.observations.entries()) {
      const { afterOperation, cosine, ...means } = observation;
      expect(got.observations[o]!.afterOperation).toBe(afterOperation);
      for (const [name, values] of Object.entries(means))
        near(got.observations[o]![name as keyof typeof means], values);
      for (const [mode, values] of cosine!.entries()) near(got.observations[o]!.cosine![mode], values);
    }
    expect(got.snapshots.length).toBe(want.snapshots.length);
    for (const [s, wanted] of want.snapshots.entries()) {
      const { afterOperation, slices, histogramLow, histogramHigh, histogramCounts } = wanted;
      const picture = got.snapshots[s]!;
      expect(picture.afterOperation).toBe(afterOperation);
      for (const name of ["spectra", "momentumSpectra", "oscillators"] as const)
        if (wanted[name]) near(picture[name], wanted[name], choice.engine === "webgpu" ? 2e-5 : bound);
      if (wanted.curvature) near(picture.curvature, wanted.curvature);
      if (slices) near(picture.slices, slices);
      near(picture.histogramLow, histogramLow!);
      near(picture.histogramHigh, histogramHigh!);
      // A value at a bin's edge may fall to either side of it.
      expect(mostMoved(picture.histogramCounts!, histogramCounts!, histogramLow!.length)).toBeLessThanOrEqual(2);
    }
  });

  it.each([false, true])("gives each realisation the bits of a job of its own, coupled %s", async (coupled) => {
    // Of the form that the cases above have compiled, and for the first and the last by itself too.
    const couplings = [2, -0.3, 2];
    const realisations = couplings.length;
    const job = await jobOf({
      dimensions: 3,
      points: 9,
      realisations,
      fields: ["phi", "chi"],
      operations: 7,
      couplings,
      coupled,
    });
    const together = await engine.evolveLattice(job);
    const start = await job.initial();
    const schedule = job.schedule as CoupledSchedule;
    for (const [r, potential] of potentialsOf(job).entries()) {
      /** The realisation's part of an array of all of them. */
      const own = (all: Float64Array) =>
        all.slice((r * all.length) / realisations, ((r + 1) * all.length) / realisations);
      const alone = await engine.evolveLattice({
        ...job,
        realisations: 1,
        potential,
        initial: async () => ({ field: own(start.field), momentum: own(start.momentum) }),
        ...(coupled ? { schedule: { ...schedule, initial: own(schedule.initial) } } : {}),
      });
      expect(alone.final).toEqual({ field: own(together.final.field), momentum: own(together.final.momentum) });
      for (const [o, { afterOperation, cosine, ...means }] of alone.observations.entries()) {
        const all = together.observations[o]!;
        expect(cosine).toEqual(all.cosine!.map(own));
        for (const [name, values] of Object.entries(means))
          expect(values).toEqual(own(all[name as keyof typeof means]!));
      }
      for (const [s, { afterOperation, ...arrays }] of alone.snapshots.entries()) {
        const all = together.snapshots[s]!;
        expect(afterOperation).toBe(all.afterOperation);
        expect(Object.keys(arrays).sort()).toEqual([
          "curvature",
          "histogramCounts",
          "histogramHigh",
          "histogramLow",
          "momentumSpectra",
          "oscillators",
          "slices",
          "spectra",
        ]);
        for (const [name, values] of Object.entries(arrays))
          expect(values).toEqual(own(all[name as keyof typeof arrays]!));
      }
    }
  });

  it.each([
    ["quadratic", "quartic"],
    ["3*phi^4", "phi^4"],
  ])("refuses potentials that differ in more than numbers: %s and %s", async (...both) => {
    const job = await jobOf({ dimensions: 1, points: 4, realisations: 2 });
    const potential = await Promise.all(
      both.map((text) => compilePotential(text.includes("^") ? { expression: text } : text)),
    );
    await expect(engine.evolveLattice({ ...job, potential })).rejects.toThrow("not of one form");
  });

  it.each([false, true])("ends soon after all has diverged, with all records, coupled %s", async (coupled) => {
    const operations = 100_000;
    const plain = await jobOf({ dimensions: 3, points: 4, realisations: 2, operations, coupled });
    const observeAfter = Array.from({ length: 101 }, (_, n) => n * 1000);
    const job: LatticeJob = {
      ...plain,
      initial: async () => ({
        field: new Float64Array(128).fill(1e30, 0, 64).fill(-1e25, 64),
        momentum: new Float64Array(128),
      }),
      observeAfter,
      snapshots: { ...plain.snapshots!, after: [0, 50_000, operations] },
      checkpoint: { seconds: 1000, save: () => expect.unreachable() },
    };
    let reached = 0;
    const onProgress = (done: number, total: number): void => {
      reached = Math.max(reached, done / total);
    };
    const { observations, snapshots } = await engine.evolveLattice(job, { onProgress });
    // A stretch ends with the second snapshot at the latest.
    expect(reached).toBeLessThanOrEqual(0.5);
    expect(observations.map(({ afterOperation }) => afterOperation)).toEqual(observeAfter);
    expect(observations[100]!.fieldMean).toEqual(Float64Array.of(Number.NaN, Number.NaN));
    expect(snapshots.map(({ afterOperation }) => afterOperation)).toEqual([0, 50_000, operations]);
  });

  it.each([false, true])("goes on from any checkpoint to the same bits, coupled %s", async (coupled) => {
    const plain = await jobOf({ dimensions: 3, points: 8, realisations: 2, fields: ["phi", "chi"], coupled });
    // A snapshot in the middle, which must leave the state as it is.
    const job = { ...plain, snapshots: { ...plain.snapshots!, after: [0, 7, 20] } };
    const unseen = await engine.evolveLattice({ ...job, snapshots: { after: [], pictures: [] } });
    const whole = await engine.evolveLattice(job);
    expect(unseen.final).toEqual(whole.final);
    const checkpoints: LatticeCheckpoint[] = [];
    const checkpoint = {
      seconds: 0,
      save: async (at: LatticeCheckpoint) => void checkpoints.push(copied(at)),
    };
    const watched = await engine.evolveLattice({ ...job, checkpoint });
    expect(watched).toEqual({ ...whole, engineSeconds: watched.engineSeconds });
    expect(checkpoints.length).toBeGreaterThan(0);
    for (const resume of checkpoints) {
      const rest = await engine.evolveLattice({ ...job, resume, initial: () => expect.unreachable() });
      expect(rest).toEqual({ ...whole, engineSeconds: rest.engineSeconds });
    }
  });

  it.each([false, true])("saves a state when it is interrupted, coupled %s", async (coupled) => {
    const job = await jobOf({ dimensions: 3, points: 16, operations: 20_000, coupled });
    const controller = new AbortController();
    const saved: LatticeCheckpoint[] = [];
    const checkpoint = { seconds: 3600, save: async (at: LatticeCheckpoint) => void saved.push(at) };
    const running = engine.evolveLattice(
      { ...job, checkpoint },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    await expect(running).rejects.toThrow(InterruptedError);
    expect(saved.length).toBe(1);
    expect(saved[0]!.parts.map(({ realisations }) => realisations)).toEqual([1]);
    expect(saved[0]!.parts[0]!.operation).toBeLessThan(20_000);
    expect(saved[0]!.state.field.every(Number.isFinite)).toBe(true);
  });

  it("comes to its end where it is interrupted on its last stretch", async () => {
    const plain = await jobOf({ dimensions: 1, points: 16, operations: 1 });
    const job = { ...plain, observeAfter: [1], snapshots: { after: [], pictures: [] } };
    const controller = new AbortController();
    const initial = () => {
      controller.abort();
      return job.initial();
    };
    const checkpoint = { seconds: 0, save: () => expect.unreachable() };
    const ended = await engine.evolveLattice({ ...job, initial, checkpoint }, { signal: controller.signal });
    expect(ended).toEqual({ ...(await engine.evolveLattice(job)), engineSeconds: ended.engineSeconds });
  });

  it("adds small increments of q and the clock without loss, and asks for the start once it has drawn the state", async () => {
    const job = await jobOf({ dimensions: 1, points: 4, operations: 300, realisations: 2 });
    const constant = { factor: 1, power: 0 };
    const none = { factor: 0, power: 0 };
    const duration = 2 ** -30;
    const schedule: CoupledSchedule = {
      kind: "coupled",
      durations: new Float64Array(300).fill(duration),
      initial: new Float64Array(6),
      acceleration: { momentumSquare: none, gradient: none, potential: none },
      laplacian: constant,
      force: constant,
      drift: constant,
      clock: constant,
    };
    const { observations } = await engine.evolveLattice({
      ...job,
      schedule,
      async initial() {
        schedule.initial.set([1, 1, 7, 2, -1, 0]);
        return job.initial();
      },
      observeAfter: [0, 100, 300],
      snapshots: { after: [], pictures: [] },
    });
    expect(observations.map(({ global }) => global)).toEqual(
      [0, 100, 300].map((o) =>
        Float64Array.of(1 + o * duration, 1, 7 + o * duration, 2 - o * duration, -1, o * duration),
      ),
    );
  });

  it("makes no snapshot of momenta without an observation", async () => {
    const job = await jobOf({ dimensions: 1, points: 301 });
    await expect(engine.evolveLattice({ ...job, observeAfter: [1, 7] })).rejects.toThrow("needs an observation");
  });

  it("gives only what was asked for", async () => {
    const job = await jobOf({ dimensions: 1, points: 16 });
    const { observations, snapshots } = await engine.evolveLattice({
      ...job,
      reductions: [{ kind: "potential" }],
      snapshots: { after: [0], pictures: [{ kind: "spectrum" }] },
    });
    expect(Object.keys(observations[0]!).sort()).toEqual(["afterOperation", "potential"]);
    expect(snapshots.map((picture) => Object.keys(picture).sort())).toEqual([["afterOperation", "spectra"]]);
  });

  it("refuses what does not fit", async () => {
    const job = await jobOf({ dimensions: 1, points: 4 });
    const huge = { ...job, grid: { ...job.grid, dimensions: 3 as const, points: 20_000 } };
    await expect(engine.evolveLattice(huge)).rejects.toThrow(InputError);
    if (choice.engine === "webgpu") {
      const long = { ...job, grid: { ...job.grid, points: 5_000_000 } };
      await expect(engine.evolveLattice(long)).rejects.toThrow(/points along a side/);
      const unseen = { ...job, snapshots: { after: [], pictures: [] } };
      const large = { ...unseen, grid: { ...job.grid, dimensions: 3 as const, points: 4000 } };
      await expect(engine.evolveLattice(large)).rejects.toThrow(/software adapter uses/);
    }
  });
});
