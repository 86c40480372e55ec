/** Who runs which work, how, and on which share of it: a peer ten times slower gets a tenth, so that every sample takes about as long. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { EnsembleJob } from "@slowroll/core/engine/ensembleJob";
import { plainLattice, plainTraining } from "./plain.ts";
import { PeerMissing, peerFile, type Running, startProcess } from "./process.ts";
import type { PrescribedJob } from "./work.ts";
import { LAMBDA, type WorkFiles } from "./work.ts";

export interface Contestant<Job> {
  readonly name: string;
  /** Of the work's networks or operations. */
  readonly share: number;
  /** Measured at one width only, since slower peers show nothing more at others. */
  readonly once?: true;
  /** Of one hidden layer only. */
  readonly shallow?: true;
  /** Throws PeerMissing. `python`: the interpreter. */
  start(job: Job, files: WorkFiles, python: string): Promise<Running>;
}

const inProcess = (run: () => Float64Array): Running => {
  let outcome: Float64Array = new Float64Array();
  return {
    version: process.version,
    async run() {
      const start = performance.now();
      outcome = run();
      return (performance.now() - start) / 1000;
    },
    outcome: async () => outcome,
    close: () => {},
  };
};

const script =
  (name: string) =>
  async (_: unknown, { work, outcome }: WorkFiles, python: string): Promise<Running> =>
    name.endsWith(".py")
      ? startProcess(python, [peerFile(name), work], outcome)
      : startProcess(process.execPath, [peerFile(name), work], outcome);

export const trainers: readonly Contestant<EnsembleJob>[] = [
  {
    name: "typed arrays",
    share: 1 / 16,
    once: true,
    shallow: true,
    start: async (job) => inProcess(plainTraining(job)),
  },
  { name: "TensorFlow.js wasm", share: 1 / 32, once: true, shallow: true, start: script("train_tensorflow.mjs") },
  { name: "NumPy", share: 1 / 8, once: true, start: script("train_numpy.py") },
  { name: "JAX as users write it", share: 1, start: script("train_jax_user.py") },
  { name: "JAX by an expert", share: 1, shallow: true, start: script("train_jax_expert.py") },
  { name: "PyTorch", share: 1 / 4, once: true, start: script("train_torch.py") },
];

/** Compiles the C peer and starts it. */
async function startC(job: PrescribedJob, { state, coefficients, outcome }: WorkFiles): Promise<Running> {
  const source = peerFile("lattice.c");
  const folder = await mkdtemp(path.join(tmpdir(), "slowroll-peer-"));
  try {
    const program = path.join(folder, "lattice");
    await compile(["-O3", "-march=native", "-fopenmp", source, "-o", program]);
    const operations = job.schedule.coefficients.length / 3;
    const argv = [job.grid.points, operations, LAMBDA, state, coefficients, outcome].map(String);
    return await startProcess(program, argv, outcome);
  } finally {
    // A running program needs its file no more.
    await rm(folder, { recursive: true, force: true });
  }
}

/** Throws PeerMissing where no compiler is found, or none that takes the flags. */
async function compile(argv: readonly string[]): Promise<void> {
  let refused = "no C compiler was found: neither gcc nor cc is on the PATH";
  for (const compiler of ["gcc", "cc"]) {
    try {
      await promisify(execFile)(compiler, argv);
      return;
    } catch (error) {
      const { code, stderr } = error as { code?: string | number; stderr?: string };
      if (code !== "ENOENT")
        refused = `${compiler} ${argv.slice(0, 3).join(" ")}: ${stderr?.trim().split("\n")[0] || code}`;
    }
  }
  throw new PeerMissing(refused);
}

export const latticers: readonly Contestant<PrescribedJob>[] = [
  { name: "typed arrays", share: 1 / 8, start: async (job) => inProcess(await plainLattice(job)) },
  { name: "NumPy", share: 1 / 8, start: script("lattice_numpy.py") },
  { name: "JAX", share: 1 / 2, start: script("lattice_jax.py") },
  { name: "C with OpenMP", share: 1, start: startC },
];
