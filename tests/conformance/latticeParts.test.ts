/**
 * Realisations that the CPU engine has no room for at once: the same bits as at once, whatever is evolved when, from any checkpoint, and where
 * one is interrupted or diverges; and that what is planned to be taken is what is taken.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import { evolveLattice } from "@slowroll/core/engine/cpu/lattice";
import { planLattice, type Room } from "@slowroll/core/engine/cpu/latticePlan";
import { createPool, type Pool } from "@slowroll/core/engine/cpu/pool";
import type { Engine, JobControl, LatticeMemory } from "@slowroll/core/engine/engine";
import type { LatticeCheckpoint, LatticeJob } from "@slowroll/core/engine/latticeJob";
import { jobOfPart } from "@slowroll/core/engine/parts";
import { InputError, InterruptedError } from "@slowroll/core/errors";
import type { FieldResult } from "@slowroll/core/field/result";
import { fieldStudy } from "@slowroll/core/field/run";
import { fieldSweep } from "@slowroll/core/field/sweep";
import { readCheckpoint, writeCheckpoint } from "@slowroll/core/files/checkpoint";
import { compilePotential } from "@slowroll/core/potential/compile";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copied, coupledSchedule, momentumPictures } from "../support/lattices.ts";

const REALISATIONS = 5;
const POINTS = 6;
const OPERATIONS = 9;
const COUPLINGS = [2, 3, -0.3, 2, 1 / 3];

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

const SCHEDULES = {
  prescribed: { kind: "prescribed", coefficients: new Float64Array(3 * OPERATIONS).fill(0.02) },
  coupled: coupledSchedule(OPERATIONS, REALISATIONS),
} as const;

async function jobOf(schedule: LatticeJob["schedule"]): Promise<LatticeJob> {
  const count = REALISATIONS * 2 * POINTS ** 3;
  const fields = ["phi", "chi"];
  const expression = "phi^4/4 + g*phi^2*chi^2";
  const potential = await Promise.all(
    COUPLINGS.map((g) => compilePotential({ expression, parameters: { g } }, { fields })),
  );
  return {
    grid: { dimensions: 3, points: POINTS, spacing: 0.7, stencil: 2 },
    realisations: REALISATIONS,
    fields: 2,
    potential,
    initial: async () => ({
      field: normals(1, 0, 0, count).map((value) => 1 + 0.3 * value),
      momentum: normals(2, 0, 0, count).map((value) => 0.3 * value),
    }),
    schedule,
    observeAfter: [0, 4, OPERATIONS],
    reductions: [{ kind: "field" }, { kind: "shape" }, { kind: "potential" }, { kind: "cosine", mode: [1, 0, 0] }],
    snapshots: {
      after: [4, OPERATIONS],
      pictures: [
        { kind: "spectrum" },
        ...momentumPictures({ points: POINTS }),
        { kind: "histogram", bins: 5, reach: 2 },
        { kind: "slice", index: 1 },
      ],
    },
  };
}

type Precision = "float32" | "float64";

const bytesOf = (job: LatticeJob, count: number, precision: Precision): number =>
  planLattice(jobOfPart(job, { first: 0, count, all: job.realisations }), { threads: pool.threads, precision }).bytes;

/** Shared memory for so many of the job's realisations. */
const roomFor = (job: LatticeJob, count: number, precision: Precision): Room => ({
  largest: bytesOf(job, count, precision),
  free: () => Number.POSITIVE_INFINITY,
  always: 0,
});

const spoken = ({ parts }: LatticeCheckpoint) => parts.map(({ realisations, operation }) => [realisations, operation]);

describe.each(["float32", "float64"] as const)("realisations in parts, %s", (precision) => {
  it.each(["prescribed", "coupled"] as const)("give what all give at once, from any checkpoint: %s", async (kind) => {
    const job = await jobOf(SCHEDULES[kind]);
    const whole = await evolveLattice(pool, precision, job);
    const checkpoints: LatticeCheckpoint[] = [];
    const memories: LatticeMemory[] = [];
    const checkpoint = { seconds: 0, save: async (at: LatticeCheckpoint) => void checkpoints.push(copied(at)) };
    const control: JobControl = { onLatticeMemory: (memory) => void memories.push(memory) };
    const inParts = await evolveLattice(pool, precision, { ...job, checkpoint }, control, roomFor(job, 2, precision));
    expect(inParts).toEqual({ ...whole, engineSeconds: inParts.engineSeconds });
    expect(memories.map(({ batch }) => batch)).toEqual([2]);
    // Under way in each part, and between them.
    const seen = checkpoints.map(spoken).map(String);
    for (const said of [
      [2, 4, 3, 0],
      [2, OPERATIONS, 3, 0],
      [2, OPERATIONS, 2, 4, 1, 0],
      [4, OPERATIONS, 1, 0],
      [4, OPERATIONS, 1, 8],
    ])
      expect(seen).toContain(String(said));
    for (const at of checkpoints.filter((_, i) => i % 4 === 0)) {
      for (const most of [1, 2, 5]) {
        const resume = copied(at);
        const unasked = { ...job, resume, initial: () => expect.unreachable() };
        const rest = await evolveLattice(pool, precision, unasked, {}, roomFor(job, most, precision));
        expect(rest).toEqual({ ...whole, engineSeconds: rest.engineSeconds });
      }
    }
  });

  it("are what a job of its own gives, where one diverges", async () => {
    const job = await jobOf(SCHEDULES.prescribed);
    const fields = ["phi", "chi"];
    const potential = await Promise.all(
      [2, 1e30, 3, 2, 5].map((g) => compilePotential({ expression: "g*phi^4*chi^2", parameters: { g } }, { fields })),
    );
    const whole = await evolveLattice(pool, precision, { ...job, potential });
    const inParts = await evolveLattice(
      pool,
      precision,
      { ...job, potential },
      {},
      roomFor({ ...job, potential }, 1, precision),
    );
    expect(inParts).toEqual({ ...whole, engineSeconds: inParts.engineSeconds });
    const finite = Array.from(whole.observations.at(-1)!.potential!, Number.isFinite);
    expect(finite).toEqual([true, false, true, true, true]);
  });
});

describe("an interrupted job in parts", () => {
  it.each([
    // What is saved as it is interrupted is followed by the state at the next halt.
    ["in a part", `2,${OPERATIONS},2,3,`, [2, OPERATIONS, 2, 4, 1, 0]],
    ["before a part", `2,${OPERATIONS - 1},`, [2, OPERATIONS, 3, 0]],
  ])("keeps what was done %s", async (_name, begun, kept) => {
    const job = await jobOf(SCHEDULES.coupled);
    const whole = await evolveLattice(pool, "float64", job);
    const room = roomFor(job, 2, "float64");
    const controller = new AbortController();
    const saved: LatticeCheckpoint[] = [];
    const checkpoint = {
      seconds: 0,
      save: async (at: LatticeCheckpoint) => {
        saved.push(copied(at));
        if (String(spoken(at)).startsWith(begun)) controller.abort();
      },
    };
    const running = evolveLattice(pool, "float64", { ...job, checkpoint }, { signal: controller.signal }, room);
    await expect(running).rejects.toThrow(InterruptedError);
    const resume = saved.at(-1)!;
    expect(spoken(resume).flat()).toEqual(kept);
    const rest = await evolveLattice(pool, "float64", { ...job, resume }, {}, room);
    expect(rest).toEqual({ ...whole, engineSeconds: rest.engineSeconds });
  });

  it("ends where no state is asked for", async () => {
    const job = await jobOf(SCHEDULES.prescribed);
    const controller = new AbortController();
    const control = { signal: controller.signal, onProgress: () => controller.abort() };
    const running = evolveLattice(pool, "float64", job, control, roomFor(job, 1, "float64"));
    await expect(running).rejects.toThrow(InterruptedError);
  });
});

describe("the plan", () => {
  const batchOf = async (job: LatticeJob, room: Room): Promise<number> => {
    const batches: number[] = [];
    await evolveLattice(pool, "float64", job, { onLatticeMemory: ({ batch }) => void batches.push(batch) }, room);
    expect(batches).toHaveLength(1);
    return batches[0]!;
  };

  it("takes what the machine has free, one realisation where that is nothing, and always a little", async () => {
    const job = await jobOf(SCHEDULES.prescribed);
    const beside = 16 * REALISATIONS * 2 * POINTS ** 3 + 5e4;
    const free = (count: number) => ({
      largest: 2 ** 32,
      free: () => beside + bytesOf(job, count, "float64"),
      always: 0,
    });
    expect(await batchOf(job, free(5))).toBe(5);
    // Three parts of two are as many as three of one, one and three.
    expect(await batchOf(job, free(2))).toBe(2);
    expect(await batchOf(job, { largest: 2 ** 32, free: () => 0, always: 0 })).toBe(1);
    expect(await batchOf(job, { largest: 2 ** 32, free: () => 0, always: 1e6 })).toBe(5);
  });

  it("is told of once, and heard before anything is drawn", async () => {
    const job = await jobOf(SCHEDULES.coupled);
    const said: string[] = [];
    const initial = () => {
      said.push("drawn");
      return job.initial();
    };
    const control: JobControl = {
      async onLatticeMemory({ bytes, parts }) {
        said.push("told");
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(bytes);
        expect(parts.drawing).toBe(1234);
        await new Promise((resolve) => setTimeout(resolve, 20));
        said.push("heard");
      },
    };
    const drawn = { ...job, initial, initialBytes: () => 1234 };
    await evolveLattice(pool, "float64", drawn, control, roomFor(job, 2, "float64"));
    expect(said).toEqual(["told", "heard", "drawn"]);
  });

  it("refuses one realisation that does not fit, before it is drawn or told of", async () => {
    const job = await jobOf(SCHEDULES.coupled);
    const untold = () => expect.unreachable();
    const largest = bytesOf(job, 1, "float64") - 1;
    const refused = evolveLattice(
      pool,
      "float64",
      { ...job, initial: untold },
      { onLatticeMemory: untold },
      { largest, free: () => 1e12, always: 0 },
    );
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/does not fit: it takes .* GiB, and the shared memory of the cpu engine/);
  });

  it("refuses realisations whose states this machine does not hold", async () => {
    const job = await jobOf(SCHEDULES.prescribed);
    const [potential] = job.potential as [typeof job.potential & object];
    const realisations = Math.ceil(os.totalmem() / (16 * 2 * 64 ** 3));
    const many = { ...job, realisations, grid: { ...job.grid, points: 64 }, potential: potential as never };
    const engine = openCpuEngine({ precision: "float32", threads: 2, reason: "test" });
    await expect(engine.evolveLattice(many)).rejects.toThrow(/for the state of all realisations, and this machine has/);
    await engine.close();
  });

  it("is what the process grows by", () => {
    const file = path.join(import.meta.dirname, `parts-${process.pid}.mts`);
    writeFileSync(
      file,
      `import { evolveLattice } from "@slowroll/core/engine/cpu/lattice";
      import { createPool } from "@slowroll/core/engine/cpu/pool";
      import { stateArray } from "@slowroll/core/engine/hostState";
      import { compilePotential } from "@slowroll/core/potential/compile";
      const pool = createPool(2);
      const [points, realisations] = [224, 3];
      const state = () => stateArray(realisations * points ** 3).fill(1);
      let planned, batch;
      const coefficients = new Float64Array(9).fill(0.01);
      await evolveLattice(pool, "float64", {
        grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
        realisations,
        fields: 1,
        potential: await compilePotential("quartic"),
        initial: async () => ({ field: state(), momentum: state() }),
        schedule: { kind: "prescribed", coefficients },
        observeAfter: [0, 3],
        reductions: [{ kind: "field" }],
        checkpoint: { seconds: 0, save: async () => {} },
      }, { onLatticeMemory: (memory) => { batch = memory.batch; planned = memory.bytes + process.memoryUsage.rss(); } },
      { largest: 400e6, free: () => Infinity, always: 0 });
      await pool.close();
      console.log(JSON.stringify({ planned, batch, peak: 1024 * process.resourceUsage().maxRSS }));`,
    );
    try {
      const root = path.resolve(import.meta.dirname, "../..");
      const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", file], {
        cwd: root,
        encoding: "utf8",
      });
      expect(status, stderr).toBe(0);
      const { planned, batch, peak } = JSON.parse(stdout) as { planned: number; batch: number; peak: number };
      expect(batch).toBe(1);
      expect(planned).toBeGreaterThan(5e8);
      expect(Math.abs(planned / peak - 1)).toBeLessThan(0.05);
    } finally {
      rmSync(file);
    }
  });
});

describe("a study in parts", () => {
  const CONFIG = `
precision: float64
field: { fields: [phi, chi], potential: { expression: "phi^4/4 + 2*phi^2*chi^2" }, mean: [1, 0] }
background: { kind: selfConsistent, planckMass: 0.42746 }
lattice: { dimensions: 3, points: 8, length: 4 }
fluctuations: { kind: vacuum, amplitude: 0.01, realisations: 5 }
time: { alpha: 1, step: 0.002, end: 2, recordEvery: 100 }
observe: { spectraEvery: 500, occupationNumbers: true, histogramEvery: 500, slicesEvery: 1000 }
`;
  const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-parts-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("goes on from its file, and tells of those that were done when it is interrupted", async () => {
    const study = await parseConfig("field", CONFIG);
    const plain = openCpuEngine({ precision: "float64", threads: 2, reason: "test" });
    const { result: whole, final } = await fieldStudy(study, plain);
    await plain.close();
    /** Two at once. */
    const engine: Engine = {
      ...plain,
      evolveLattice: (job, control) => evolveLattice(pool, "float64", job, control, roomFor(job, 2, "float64")),
    };
    const file = path.join(folder, "checkpoint.h5");
    const steps: string[] = [];
    const { lattice: grid, precision } = study;
    const save = async (checkpoint: LatticeCheckpoint, step: number, alphaTime: number, { first, count }: never) => {
      steps.push(`${step} of ${first}+${count}`);
      const header = { config: study, version: "", fields: ["phi", "chi"], grid: grid!, precision };
      await writeCheckpoint(file, { ...header, step, alphaTime, checkpoint });
    };
    const controller = new AbortController();
    const following = {
      signal: controller.signal,
      // Within the second part.
      onProgress: (done: number, total: number) => done / total > 0.5 && controller.abort(),
    };
    const interrupted = await fieldStudy(study, engine, following, { seconds: 3600, save: save as never }).catch(
      (error: unknown) => error as InterruptedError<FieldResult>,
    );
    expect(interrupted).toBeInstanceOf(InterruptedError);
    const { message, step, partial } = interrupted as InterruptedError<FieldResult>;
    expect(message).toBe("interrupted in realisations 3 to 4 of 5");
    expect(steps).toEqual([`${step} of 2+2`]);
    expect(step).toBeLessThan(1000);
    // Of the first two, which are those of a study of two.
    const two = await parseConfig("field", CONFIG.replace("realisations: 5", "realisations: 2"));
    const { result: first } = await fieldStudy(two, engine);
    expect(partial).toEqual(first);
    expect(partial!.realisations).toBe(2);

    const { checkpoint: resume } = await readCheckpoint(file);
    const rest = await fieldStudy(study, engine, {}, { seconds: 3600, save: save as never, resume });
    expect(rest.result).toEqual(whole);
    expect(rest.final).toEqual(final);
  });

  it("of a sweep whose points are evolved together gives what it gives at once", async () => {
    const text = `${CONFIG.replace("2*phi", "q*phi").replace("realisations: 5", "realisations: 2")}
sweep: { field.potential.parameters.q: [2, 3, 5] }`;
    const points = await sweepPoints(await parseConfig("field", text));
    const plain = openCpuEngine({ precision: "float64", threads: 2, reason: "test" });
    const numbers = async (engine: Engine) =>
      (await fieldSweep(points, engine)).result.sweep.map(({ engineSeconds, ...entry }) => entry);
    const batches: number[][] = [];
    const engine: Engine = {
      ...plain,
      evolveLattice: (job, control) => {
        const onLatticeMemory = ({ batch }: LatticeMemory) => void batches.push([batch, job.realisations]);
        return evolveLattice(pool, "float64", job, { ...control, onLatticeMemory }, roomFor(job, 4, "float64"));
      },
    };
    expect(await numbers(engine)).toEqual(await numbers(plain));
    // Parts of three: the second point's realisations are evolved apart.
    expect(batches).toEqual([[3, 6]]);
    await plain.close();
  });
});
