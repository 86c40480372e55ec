/** Peers of the engine's jobs: those that need nothing agree with the engine, and those that are not there are reported as missing. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openCpuEngine } from "@slowroll/core/engine/cpu/engine";
import type { Engine } from "@slowroll/core/engine/engine";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { enginePeers } from "../src/peers/engine.ts";
import { measurePeers, type PeerResult, productWork } from "../src/peers.ts";

// As on a system whose C library is older than its binary.
vi.mock("webgpu", () => {
  throw new Error("it does not load here");
});

const sizes = {
  trainings: [
    { width: 67, depth: 1, networks: 5, steps: 30 },
    { width: 9, depth: 2, networks: 3, steps: 10 },
  ],
  lattices: [{ points: 9, operations: 40 }],
};

const engines = {
  float32: openCpuEngine({ precision: "float32", threads: 2, reason: "test" }),
  float64: openCpuEngine({ precision: "float64", threads: 2, reason: "test" }),
};
afterAll(() => Promise.all(Object.values(engines).map((engine) => engine.close())));

async function measure(
  open: (precision: "float32" | "float64") => Engine,
  python = "/nowhere/python3",
): Promise<PeerResult[]> {
  const results: PeerResult[] = [];
  for (const peer of enginePeers(open, sizes)) results.push(...(await peer.measure({ samples: 1, python })));
  return results;
}

describe("peers of the engine", () => {
  let results: PeerResult[];
  beforeAll(async () => {
    results = await measure((precision) => engines[precision]);
  });
  const of = (name: string): PeerResult[] => results.filter((result) => result.name === name);
  const compiler = ["gcc", "cc"].some((name) => spawnSync(name, ["--version"]).status === 0);

  it("has plain typed arrays agree with it on both jobs", () => {
    expect(of("typed arrays")).toHaveLength(2);
    for (const { missing, rate, ratio } of of("typed arrays")) {
      expect(missing).toBeUndefined();
      expect(rate).toBeGreaterThan(0);
      expect(ratio).toBeGreaterThan(0);
    }
  });

  it("has plain C agree with it, or says that no compiler was found", () => {
    const agrees = {
      name: "C with OpenMP",
      version: expect.any(String),
      work: "lattice, phi^4, Verlet, 9^3",
      precision: "float64",
      unit: "site updates/s",
      rate: expect.any(Number),
      ratio: expect.any(Number),
    };
    const absent = expect.objectContaining({ missing: expect.stringContaining("no C compiler was found") });
    expect(of("C with OpenMP")).toEqual([compiler ? agrees : absent]);
  });

  it("reports a Python that does not exist as missing", () => {
    for (const name of ["NumPy", "JAX", "JAX as users write it", "JAX by an expert", "PyTorch"]) {
      expect(of(name).length).toBeGreaterThan(0);
      for (const result of of(name)) expect(result.missing).toBe("/nowhere/python3 was not found");
    }
  });

  it("names every work once a peer", () => {
    const titles = results.map(({ name, work }) => `${name}: ${work}`);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles).toContain("JAX as users write it: train, two hidden layers, width 9");
  });
});

it("keeps JAX to the processor, whose cores the engine has, where it would find a GPU", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "slowroll-python-"));
  try {
    // In the place of an interpreter: it says what it was given.
    const python = path.join(folder, "python3");
    writeFileSync(python, `#!/bin/sh\necho "{\\"missing\\": \\"runs on $JAX_PLATFORMS\\"}"\n`, { mode: 0o755 });
    const results = await measure((precision) => engines[precision], python);
    const jax = results.filter(({ name }) => name.startsWith("JAX"));
    expect(new Set(jax.map(({ missing }) => missing))).toEqual(new Set(["runs on cpu"]));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("reports a peer with other numbers as missing", async () => {
  const wrong = (precision: "float32" | "float64"): Engine => ({
    ...engines[precision],
    async evolveLattice(job) {
      const report = await engines[precision].evolveLattice(job);
      report.final.field[7]! += 1e-9;
      return report;
    },
  });
  const results = await measure(wrong);
  const lattice = results.find(({ name, work }) => name === "typed arrays" && work.startsWith("lattice"))!;
  expect(lattice.missing).toMatch(/differ from the engine's by \d/);
});

it("reports gpu.js on WebGPU as missing where the webgpu package does not load", async () => {
  const numbers = Float32Array.of(1, 2, 3, 4);
  const peers = await measurePeers([productWork(numbers, numbers, 2, 2, 2, 1)], 1);
  const missing = Object.fromEntries(peers.map((peer) => [peer.name, peer.missing]));
  expect(missing["gpu.js webgpu"]).toBeTypeOf("string");
  expect(missing["gpu.js cpu"]).toBeUndefined();
});

it("a ratio is the engine's rate over the peer's", async () => {
  const ours = 5;
  const numbers = Float32Array.of(1, 2, 3, 4);
  const [typed] = await measurePeers([productWork(numbers, numbers, 2, 2, 2, ours)], 1);
  expect(typed!.ratio! * typed!.rate!).toBeCloseTo(ours, 12);
  const seconds = 2;
  const timed = (precision: "float32" | "float64"): Engine => ({
    ...engines[precision],
    trainEnsemble: async (...given) => ({
      ...(await engines[precision].trainEnsemble(...given)),
      engineSeconds: seconds,
    }),
    evolveLattice: async (job) => ({ ...(await engines[precision].evolveLattice(job)), engineSeconds: seconds }),
  });
  const results = (await measure(timed)).filter(({ name }) => name === "typed arrays");
  // Network steps and site updates of the whole work, of which the peer has a share.
  const [training, lattice] = results.map(({ ratio, rate }) => ratio! * rate!);
  expect(training).toBeCloseTo((5 * 30) / seconds, 9);
  expect(lattice).toBeCloseTo((9 ** 3 * 40) / seconds, 9);
});
