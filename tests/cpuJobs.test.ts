/** How jobs of the CPU engine end, wait for each other and share its workers: interrupted, closed, and on any number of threads. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import { lazyEngine } from "@slowroll/core/engine/open";
import { InterruptedError, WorkerLostError } from "@slowroll/core/errors";
import { describe, expect, it } from "vitest";
import { engineOf, ensembleJob, latticeJob, UNDER_WAY } from "./support/cpuJobs.ts";

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

it("lets its process end where no job is left, though nobody has closed it", async () => {
  const script = `
    import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
    import { compilePotential } from "@slowroll/core/potential/compile";
    const engine = openCpuEngine({ precision: "float64", threads: 2, reason: "test" });
    const { final } = await engine.evolveLattice({
      grid: { dimensions: 3, points: 8, spacing: 1, stencil: 2 },
      realisations: 1,
      fields: 1,
      potential: await compilePotential("quartic"),
      initial: async () => ({ field: new Float64Array(512).fill(1), momentum: new Float64Array(512) }),
      schedule: { kind: "prescribed", coefficients: new Float64Array(30) },
      observeAfter: [],
      reductions: [],
    });
    console.log(final.field[511]);
  `;
  const argv = ["--import", "tsx", "--input-type", "module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 300_000 });
  expect(stdout).toBe("1\n");
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
