/** What can go wrong with the workers of the CPU engine, and the named error that each gives; and that none of it hangs. */
import { trainEnsemble } from "@slowroll/core/engine/cpu/ensemble";
import { createPool } from "@slowroll/core/engine/cpu/pool";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { InputError, WorkerLostError } from "@slowroll/core/errors";
import { drawGaussianFields } from "@slowroll/core/fourier/gaussianFields";
import { activationNamed } from "@slowroll/core/network/activations";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { compilePotential } from "@slowroll/core/potential/compile";
import { describe, expect, it, vi } from "vitest";
import { engineOf, ensembleJob, latticeJob, UNDER_WAY } from "./support/cpuJobs.ts";

/** Every worker thread that is started, so that one can be killed as a crash would. */
const { started } = vi.hoisted(() => ({ started: [] as { terminate(): Promise<number> }[] }));
vi.mock("node:worker_threads", async (original) => {
  const threads = await original<typeof import("node:worker_threads")>();
  class Watched extends threads.Worker {
    constructor(...given: ConstructorParameters<typeof threads.Worker>) {
      super(...given);
      started.push(this);
    }
  }
  return { ...threads, Worker: Watched };
});

/** Ends the worker of this number a while after it has started. */
function killUnderWay(worker: number, after = UNDER_WAY): void {
  const timer = setInterval(() => {
    if (!started[worker]) return;
    clearInterval(timer);
    setTimeout(() => void started[worker]!.terminate(), after);
  }, 1);
}

describe("a worker that dies", () => {
  it.each(["lattice", "ensemble"])(
    "ends a running %s job with a named error, and the next job has new workers",
    async (kind) => {
      const engine = engineOf();
      const before = started.length;
      const running =
        kind === "lattice"
          ? engine.evolveLattice(await latticeJob(32, 400_000))
          : engine.trainEnsemble(await ensembleJob(256, 4_000_000), () => {});
      const failed = expect(running).rejects.toThrow(WorkerLostError);
      killUnderWay(before + 1);
      await failed;
      await expect(running).rejects.toThrow(/worker 1 .* ended unasked/);
      const { final } = await engine.evolveLattice(await latticeJob(8, 3));
      expect(final.field.every(Number.isFinite)).toBe(true);
      await engine.close();
    },
  );

  it("ends a running draw with a named error", async () => {
    const before = started.length;
    const normal = {
      direction: [1],
      *fill(table: Float64Array) {
        table.fill(1, 4);
        yield;
      },
    };
    const running = drawGaussianFields(
      {
        grid: { dimensions: 3, points: 160 },
        seed: 1,
        realisations: 1,
        normals: [normal],
        scale: 1,
        atRest: false,
        mean: [0],
        velocity: [0],
      },
      2,
    );
    const failed = expect(running).rejects.toThrow(WorkerLostError);
    killUnderWay(before, 30);
    await failed;
  });

  it("says what a worker threw", async () => {
    const pool = createPool(2);
    const potential = await assemblePotential(await compilePotential("quadratic"), "float32");
    const program = { activation: "erfRow32", potential, bytes: 65536, workers: 2, setup: () => [] };
    const session = await pool.open(program, "nowhere");
    await expect(session.run(() => [["noSuchExport"]], {})).rejects.toThrow(
      /worker \d of the cpu engine failed: .*function/,
    );
    await pool.close();
  });

  it("says which of the functions that a job brings it lacks", async () => {
    const pool = createPool(1);
    const setup = () => [["setGrid", 3, 4, 1, 1, 80, 320, 1280] as const];
    const session = await pool.open({ activation: "erfRow32", bytes: 65_536, workers: 1, setup }, "nowhere");
    await expect(session.run(() => [["evolveLattice32", 0, 1, 0, 0]], {})).rejects.toThrow(
      "worker 0 of the cpu engine failed: the program has no lattice step",
    );
    await pool.close();
  });

  it("says where an activation's row function is missing", async () => {
    const engine = engineOf();
    const job = await ensembleJob(8, 1);
    const architecture = { ...job.architecture, activation: { ...activationNamed("erf"), name: "cube" } };
    await expect(engine.trainEnsemble({ ...job, architecture }, () => {})).rejects.toThrow(
      "packages/wasm/assembly/network/activations.ts has no cubeRow64: add it and run npm run setup",
    );
    await engine.close();
  });

  it("that stands still is given up", async () => {
    const pool = createPool(2, 0.3);
    const potential = await assemblePotential(await compilePotential("quadratic"), "float32");
    const program = {
      activation: "erfRow32",
      potential,
      bytes: 2 ** 20,
      workers: 2,
      setup: () => [["setGrid", 3, 4, 1, 1, 80, 320, 1280] as const],
    };
    const session = await pool.open(program, "nowhere");
    // Worker 0 waits for worker 1 at the barrier, which never comes.
    const run = session.run((worker) => (worker === 0 ? [["evolveLattice32", 1, 1, 0, 0]] : []), {});
    await expect(run).rejects.toThrow(/stood still/);
    await pool.close();
  });

  it("is given no less time where the whole process was suspended meanwhile, as by a batch system", async () => {
    const pool = createPool(2, 2);
    const potential = await assemblePotential(await compilePotential("quadratic"), "float32");
    const setup = () => [["setGrid", 3, 4, 1, 1, 80, 320, 1280] as const];
    const program = { activation: "erfRow32", potential, bytes: 2 ** 20, workers: 2, setup };
    const session = await pool.open(program, "nowhere");
    const clock = performance.now.bind(performance);
    const start = clock();
    const run = session.run((worker) => (worker === 0 ? [["evolveLattice32", 1, 1, 0, 0]] : []), {});
    const later = vi.spyOn(performance, "now").mockImplementation(() => clock() + (clock() - start > 300 ? 1e6 : 0));
    await expect(run).rejects.toThrow(/stood still/);
    later.mockRestore();
    expect(clock() - start).toBeGreaterThan(900);
    await pool.close();
  });

  it("is not one whose steps take longer than that: it shows that it is alive within them, and its progress after each", async () => {
    const data = 1024;
    const job: EnsembleJob = {
      ...(await ensembleJob(512, 3, 8)),
      inputs: Float64Array.from({ length: data }, (_, a) => a / data),
      targets: new Float64Array(data),
      networks: { first: 0, count: 1 },
    };
    const finished: number[] = [];
    const pool = createPool(1, 1);
    await trainEnsemble(pool, "float64", job, () => {}, { onProgress: (done) => finished.push(done) });
    expect(finished.slice(0, -1)).toContain(2);
    await pool.close();
  });
});

describe("what does not fit", () => {
  it("is refused with its size before anything is allocated", async () => {
    const engine = engineOf();
    await expect(engine.evolveLattice(await latticeJob(600, 1))).rejects.toThrow(/does not fit: it takes \d+\.\d+ GiB/);
    const ensemble = await ensembleJob(40_000, 1, 2);
    await expect(engine.trainEnsemble(ensemble, () => {})).rejects.toThrow(InputError);
    await expect(engine.assertRoom(ensemble)).rejects.toThrow(InputError);
    await expect(engine.assertRoom(await ensembleJob(40, 1, 2))).resolves.toBeUndefined();
    // Of narrow networks it may be the records that do not.
    const much: EnsembleJob = {
      ...(await ensembleJob(4, 40, 2)),
      inputs: new Float64Array(4096),
      targets: new Float64Array(4096),
      recordKernels: Array.from({ length: 40 }, (_, step) => step),
    };
    await expect(engine.trainEnsemble(much, () => {})).rejects.toThrow(
      /use a smaller width, fewer data or fewer records/,
    );
    await engine.close();
  });
});

describe("a memory that the machine refuses", () => {
  it("may be small: what limits the process's addresses is named", async () => {
    const refused = vi.spyOn(WebAssembly, "Memory").mockImplementation(() => {
      throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    });
    const engine = engineOf();
    await expect(engine.evolveLattice(await latticeJob(8, 1))).rejects.toThrow(/ulimit -v/);
    refused.mockRestore();
    await engine.close();
  });
});
