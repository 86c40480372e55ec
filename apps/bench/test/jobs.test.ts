/** The list of jobs: every shape is timed or left out with a reason, operations are counted by hand, and a wrong engine is caught. */
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import type { Engine } from "@slowroll/core/engine/engine";
import { afterAll, describe, expect, it } from "vitest";
import { jobBenchmarks } from "../src/jobs.ts";
import { expandingLattice, lattice } from "../src/lattices.ts";
import { empiricalKernels, leftOut, stepFlops, training } from "../src/networks.ts";

const cpu = openCpuEngine({ precision: "float64", threads: 2, reason: "" });
afterAll(() => cpu.close());

const trainings = (names: readonly { name: string; size: string }[]): string[] =>
  names.filter(({ name }) => name.startsWith("train")).map(({ name, size }) => `${name}: ${/^width \d+/.exec(size)}`);

const DEPTHS = ["one hidden layer", "two hidden layers"];
const EVERY = [
  ...["D 8", "D 128"].flatMap((data) =>
    DEPTHS.flatMap((depth) => [64, 256, 1024, 4096].map((width) => `train, ${depth}, ${data}: width ${width}`)),
  ),
  ...DEPTHS.map((depth) => `train, ${depth}, D 8, 10 outputs: width 1024`),
];

describe("jobs", () => {
  it("trains every width, depth and D on the cpu", async () => {
    const jobs = await jobBenchmarks(cpu, "cpu");
    expect(trainings(jobs.timed)).toEqual(EVERY);
    expect(jobs.leftOut).toEqual([]);
    expect(jobs.timed.map(({ unit }) => unit)).toContain("kernels/s");
  });
  it("leaves out of a software adapter's what takes it a second a step, and says so", async () => {
    const jobs = await jobBenchmarks(cpu, "software");
    expect(trainings(jobs.leftOut)).toEqual([
      "train, two hidden layers, D 8: width 4096",
      "train, two hidden layers, D 128: width 1024",
      "train, two hidden layers, D 128: width 4096",
    ]);
    for (const { reason } of jobs.leftOut) expect(reason).toMatch(/software adapter about \d+(\.\d+)? s$/);
    expect([...trainings(jobs.timed), ...trainings(jobs.leftOut)].sort()).toEqual([...EVERY].sort());
    expect(leftOut({ width: 4096, depth: 2, data: 128 }, "gpu")).toBeUndefined();
  });
  it("gives an engine of compensated numbers lattices alone", async () => {
    const compensated: Engine = { ...cpu, info: { ...cpu.info, precision: "compensated" } };
    const { timed, leftOut: none } = await jobBenchmarks(compensated, "software");
    expect(new Set(timed.map(({ unit }) => unit))).toEqual(new Set(["site updates/s"]));
    expect(none).toEqual([]);
  });
  it("counts a step's products", () => {
    // Width 5, D 3: (2 inputs + bias + output) x 5 weights forward and in descent; 25 between layers backward too.
    expect(stepFlops({ width: 5, depth: 1, data: 3 })).toBe(2 * 3 * (20 + 20));
    expect(stepFlops({ width: 5, depth: 2, data: 3 })).toBe(2 * 3 * (20 + 20 + 25 + 25 + 25));
    // Four outputs: (2 inputs + bias + 4 outputs) x 5 weights twice, and what comes back from the outputs.
    expect(stepFlops({ width: 5, depth: 1, data: 3, outputs: 4 })).toBe(2 * 3 * (35 + 35 + 20));
    expect(stepFlops({ width: 5, depth: 2, data: 3, outputs: 4 })).toBe(2 * 3 * (35 + 35 + 20 + 25 + 25 + 25));
  });
  it.each([
    ["training, one layer", () => training(cpu, { width: 64, depth: 1, data: 8 }, "cpu")],
    ["training, two layers", () => training(cpu, { width: 64, depth: 2, data: 32 }, "cpu")],
    ["training, three outputs", () => training(cpu, { width: 64, depth: 2, data: 8, outputs: 3 }, "cpu")],
    ["kernels", () => empiricalKernels(cpu, { width: 64, depth: 1, data: 8 }, 2)],
    ["lattice", () => lattice(cpu, 16, 4)],
    ["self-consistent lattice", () => expandingLattice(cpu, 16, 20)],
  ])("finds the engine's %s equal to plain loops", async (_, benchmark) => {
    expect(await (await benchmark()).check()).toBeLessThan(1e-12);
  });
  it("counts what a user waits for besides a kernel only where asked", async () => {
    const slow: Engine = {
      ...cpu,
      async trainEnsemble() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { engineSeconds: 1e-3 };
      },
    };
    const shape = { width: 64, depth: 1, data: 8 };
    const alone = await empiricalKernels(slow, shape, 2);
    const waited = await empiricalKernels(slow, shape, 2, true);
    expect(waited.name).toBe(`${alone.name}, with drawing`);
    const runs = waited.work / 2;
    expect(await alone.run()).toBeCloseTo(runs * 1e-3);
    // Timers may end a millisecond early.
    expect(await waited.run()).toBeGreaterThan(runs * 4e-3);
  });
  it("finds a wrong engine out", async () => {
    // Twice what is right.
    const wrong: Engine = {
      ...cpu,
      trainEnsemble: (job, onBatch) =>
        cpu.trainEnsemble(job, (batch) =>
          onBatch({
            ...batch,
            outputs: batch.outputs.map((f) => 2 * f),
            kernels: batch.kernels.map((theta) => 2 * theta),
          }),
        ),
    };
    const jobs = [
      await training(wrong, { width: 64, depth: 2, data: 8 }, "cpu"),
      await empiricalKernels(wrong, { width: 64, depth: 1, data: 8 }, 2),
    ];
    for (const job of jobs) expect(await job.check()).toBeGreaterThan(0.5);
  });
  it("finds an engine out that leaves a lattice as it was", async () => {
    const idle: Engine = {
      ...cpu,
      async evolveLattice(job) {
        return cpu.evolveLattice({
          ...job,
          schedule:
            job.schedule.kind === "coupled"
              ? { ...job.schedule, durations: new Float64Array(job.schedule.durations.length) }
              : { ...job.schedule, coefficients: new Float64Array(job.schedule.coefficients.length) },
        });
      },
    };
    for (const job of [await lattice(idle, 16, 4), await expandingLattice(idle, 16, 20)])
      expect(await job.check()).toBeGreaterThan(0.01);
  });
});
