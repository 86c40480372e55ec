/** What can go wrong with the workers of the CPU engine, and the named error that each gives; and that none of it hangs. */

import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import { trainEnsemble } from "@slowroll/core/engine/cpu/ensemble";
import { createPool } from "@slowroll/core/engine/cpu/pool";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import type { LatticeJob } from "@slowroll/core/engine/latticeJob";
import { lazyEngine } from "@slowroll/core/engine/open";
import { InputError, InterruptedError, WorkerLostError } from "@slowroll/core/errors";
import { drawGaussianFields } from "@slowroll/core/fourier/gaussianFields";
import { activationNamed } from "@slowroll/core/network/activations";
import { assemblePotential } from "@slowroll/core/potential/assemble";
import { compilePotential } from "@slowroll/core/potential/compile";
import { describe, expect, it, vi } from "vitest";

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

const engineOf = (threads = 2) => openCpuEngine({ precision: "float64", threads, reason: "test" });

async function latticeJob(points: number, operations: number): Promise<LatticeJob> {
  const sites = points ** 3;
  return {
    grid: { dimensions: 3, points, spacing: 1, stencil: 2 },
    realisations: 1,
    fields: 1,
    potential: await compilePotential("quartic"),
    initial: async () => ({ field: new Float64Array(sites).fill(1), momentum: new Float64Array(sites) }),
    schedule: { kind: "prescribed", coefficients: new Float64Array(3 * operations).fill(1e-4) },
    observeAfter: [operations],
    reductions: [{ kind: "field" }],
  };
}

async function ensembleJob(width: number, steps: number, depth = 1): Promise<EnsembleJob> {
  return {
    architecture: {
      inputDimension: 1,
      depth,
      width,
      activation: activationNamed("erf"),
      weightStd: 1.5,
      biasStd: 0.1,
    },
    inputs: Float64Array.of(-1, 1),
    targets: Float64Array.of(1, 0),
    potential: await compilePotential("quadratic"),
    learningRate: 0.01,
    momentum: 0,
    steps,
    seed: 1,
    networks: { first: 0, count: 4 },
    recordOutputs: [steps],
    recordKernels: [],
  };
}

/** After so many milliseconds the job is well under way. */
const UNDER_WAY = 150;

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

describe("an interrupted job", () => {
  it.each(["lattice", "ensemble"])("ends with a named error: %s", async (kind) => {
    const engine = engineOf();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), UNDER_WAY);
    const running =
      kind === "lattice"
        ? engine.evolveLattice(await latticeJob(32, 400_000), { signal: abort.signal })
        : engine.trainEnsemble(await ensembleJob(256, 4_000_000), () => {}, { signal: abort.signal });
    await expect(running).rejects.toThrow(InterruptedError);
    await engine.close();
  });

  it("does not start where it was interrupted before", async () => {
    const engine = engineOf();
    await expect(engine.evolveLattice(await latticeJob(8, 3), { signal: AbortSignal.abort() })).rejects.toThrow(
      InterruptedError,
    );
    await engine.close();
  });
});

it("an ensemble's progress ends with all steps of all networks", async () => {
  const engine = engineOf();
  const heard: (readonly [number, number])[] = [];
  const job = { ...(await ensembleJob(37, 21)), networks: { first: 0, count: 11 } };
  await engine.trainEnsemble(job, () => {}, { onProgress: (done, total) => heard.push([done, total]) });
  expect(heard.at(-1)).toEqual([11 * 21, 11 * 21]);
  await engine.close();
});

it("a caller's error in the middle of an ensemble reaches the caller, and the workers stop", async () => {
  const engine = engineOf();
  const job = await ensembleJob(64, 100);
  // In its own time: a receiver is waited for.
  const refuse = async (): Promise<never> => {
    await sleep(1);
    throw new RangeError("the caller's own");
  };
  await expect(engine.trainEnsemble({ ...job, networks: { first: 0, count: 100 } }, refuse)).rejects.toThrow(
    "the caller's own",
  );
  await engine.close();
});

it("a caller's error ends the batch that is trained beside it", async () => {
  const engine = engineOf();
  const steps = 400_000;
  let batch = 0;
  let trained = 0;
  const refuse = ({ count }: { readonly count: number }): never => {
    batch = count;
    throw new RangeError("the caller's own");
  };
  const onProgress = (done: number): void => {
    trained = done;
  };
  const job = { ...(await ensembleJob(64, steps)), networks: { first: 0, count: 16 } };
  await expect(engine.trainEnsemble(job, refuse, { onProgress })).rejects.toThrow("the caller's own");
  expect(batch).toBeLessThan(16);
  expect(trained / (batch * steps)).toBeLessThan(1.5);
  await engine.close();
});

it("an error of the caller's in the middle of a stretch of work reaches the caller, and the workers stop", async () => {
  const engine = engineOf();
  const onProgress = (): never => {
    throw new RangeError("the caller's own");
  };
  const running = engine.evolveLattice(await latticeJob(32, 400_000), { onProgress });
  await expect(running).rejects.toThrow("the caller's own");
  await engine.evolveLattice(await latticeJob(8, 4));
  await engine.close();
});

it("starts and stops 100 times, in the middle of work or at its end, without hanging", async () => {
  for (let n = 0; n < 100; n++) {
    const engine = engineOf(1 + (n % 3));
    const abort = new AbortController();
    const running = engine.evolveLattice(await latticeJob(16, n % 2 === 0 ? 4 : 200_000), { signal: abort.signal });
    if (n % 2 === 1) setTimeout(() => abort.abort(), n % 20);
    if (n % 2 === 0) await running;
    else await expect(running).rejects.toThrow(InterruptedError);
    await engine.close();
  }
});

it("makes jobs that are asked for at once wait for each other, unless they are interrupted", async () => {
  const engine = engineOf();
  const job = await latticeJob(8, 40);
  const alone = await engine.evolveLattice(job);
  const outputs = async (): Promise<number[]> => {
    const all: number[] = [];
    await engine.trainEnsemble(await ensembleJob(32, 40), (batch) => all.push(...batch.outputs));
    return all;
  };
  const trained = await outputs();
  const abort = new AbortController();
  const running = engine.evolveLattice(await latticeJob(32, 400_000), { signal: abort.signal });
  const given = new AbortController();
  const impatient = engine.evolveLattice(job, { signal: given.signal });
  const waiting = [engine.evolveLattice(job), outputs(), engine.evolveLattice(job), outputs()];
  setTimeout(() => given.abort(), UNDER_WAY / 2);
  await expect(impatient).rejects.toThrow(InterruptedError);
  abort.abort();
  await expect(running).rejects.toThrow(InterruptedError);
  const [first, second, third, fourth] = await Promise.all(waiting);
  expect([first, third]).toEqual([alone, alone].map((want) => ({ ...want, engineSeconds: expect.any(Number) })));
  expect([second, fourth]).toEqual([trained, trained]);
  await engine.close();
});

it("ends what runs, and refuses what comes, when it is closed", async () => {
  const engine = engineOf();
  const running = engine.evolveLattice(await latticeJob(32, 400_000));
  const waiting = engine.evolveLattice(await latticeJob(8, 4));
  setTimeout(() => void engine.close(), UNDER_WAY);
  await expect(running).rejects.toThrow(WorkerLostError);
  await expect(waiting).rejects.toThrow("the cpu engine is closed");
  await expect(engine.evolveLattice(await latticeJob(8, 4))).rejects.toThrow("the cpu engine is closed");
});

it("refuses a job that it is closed under before its workers have begun", async () => {
  const engine = engineOf();
  /** Asked for when the job has its turn. */
  const initialBytes = () => {
    void engine.close();
    return 0;
  };
  const early = engine.evolveLattice({ ...(await latticeJob(8, 4)), initialBytes });
  await expect(early).rejects.toThrow("the cpu engine is closed");
});

it("closes an engine that opens with its first job while it opens", async () => {
  const engine = lazyEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 2 }, () => {});
  const early = engine.evolveLattice(await latticeJob(8, 4));
  await engine.close();
  await expect(early).rejects.toThrow("the cpu engine is closed");
});

it("lets its process go on until it has closed under a job", async () => {
  const script = `
    import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
    import { compilePotential } from "@slowroll/core/potential/compile";
    const engine = openCpuEngine({ precision: "float64", threads: 2, reason: "test" });
    const operations = 400_000;
    const state = async () => ({ field: new Float64Array(32 ** 3), momentum: new Float64Array(32 ** 3) });
    let closed;
    const job = engine.evolveLattice({
      grid: { dimensions: 3, points: 32, spacing: 1, stencil: 2 },
      realisations: 1,
      fields: 1,
      potential: await compilePotential("quartic"),
      initial: state,
      schedule: { kind: "prescribed", coefficients: new Float64Array(3 * operations) },
      observeAfter: [operations],
      reductions: [{ kind: "field" }],
    }, { onProgress: () => { closed ??= engine.close(); } });
    const { code } = await job.catch((error) => error);
    await closed;
    console.log(code);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--import", "tsx", "--input-type", "module", "--eval", script],
  ]);
  expect(stdout).toBe("workerLost\n");
});

it("gives the same numbers for any number of threads", async () => {
  const results = [];
  for (const threads of [1, 2, 3, 5]) {
    const engine = openCpuEngine({ precision: "float32", threads, reason: "test" });
    const { final, observations } = await engine.evolveLattice(await latticeJob(17, 25));
    const outputs: number[] = [];
    const kernels: number[] = [];
    const job = { ...(await ensembleJob(37, 20)), recordKernels: [0, 20] };
    await engine.trainEnsemble({ ...job, networks: { first: 3, count: 11 } }, (batch) => {
      outputs.push(...batch.outputs);
      kernels.push(...batch.kernels);
    });
    results.push({ final, observations, outputs, kernels });
    await engine.close();
  }
  for (const result of results.slice(1)) expect(result).toEqual(results[0]);
});

// What a worker lays out anew stands before the next one's weights. The most of it are panels of deltas, of the outputs' sensitivities and of a
// slice of weights.
it.each([
  { data: 200, outputs: 1, width: 100, recordKernels: [] },
  { data: 66, outputs: 8, width: 100, recordKernels: [2, 4, 6] },
  { data: 64, outputs: 1, width: 255, recordKernels: [] },
])("keeps workers out of each other's memory: $data data, $outputs outputs, width $width", async (shape) => {
  const { data, outputs: C, width, recordKernels } = shape;
  const job = await ensembleJob(width, 6, 2);
  const wide = {
    ...{ ...job, recordKernels, architecture: { ...job.architecture, outputs: C } },
    inputs: Float64Array.from({ length: data }, (_, a) => Math.sin(a)),
    targets: Float64Array.from({ length: data * C }, (_, i) => Math.cos(i)),
    networks: { first: 0, count: 6 },
  };
  const results: number[][] = [];
  for (const threads of [1, 3]) {
    const engine = openCpuEngine({ precision: "float64", threads, reason: "test" });
    const numbers: number[] = [];
    await engine.trainEnsemble(wide, ({ outputs, kernels }) => {
      for (const value of outputs) numbers.push(value);
      for (const value of kernels) numbers.push(value);
    });
    results.push(numbers);
    await engine.close();
  }
  expect(results[1]).toEqual(results[0]);
});
