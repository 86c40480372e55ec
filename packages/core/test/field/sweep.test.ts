/** Sweeps: what is refused before any runs, and that each point is the run that it would be by itself, alone in its job or not. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import type { Engine } from "@slowroll/core/engine/engine";
import type { LatticeCheckpoint } from "@slowroll/core/engine/latticeJob";
import { lazyEngine, openEngine } from "@slowroll/core/engine/open";
import { DivergenceError, InputError, InterruptedError, OutOfDeviceMemoryError } from "@slowroll/core/errors";
import { fieldStudy } from "@slowroll/core/field/run";
import { fieldSweep, type SweepEntry, type SweepResult } from "@slowroll/core/field/sweep";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import { LATTICE, points, TIME } from "./sweeps.ts";

/** All that one run gives, as an entry of a sweep. */
async function alone(values: SweepEntry["values"], text: string, engine: Engine | undefined) {
  const overrides = Object.entries(values).map(([path, value]) => `${path}=${JSON.stringify(value)}`);
  const { result } = await fieldStudy(await parseConfig("field", text, { overrides }), engine);
  return { values, engineSeconds: expect.any(Number), ...result };
}

/** Alike in all but numbers, which differ by float32's rounding at most. */
function expectNear(got: unknown, want: unknown): void {
  if (typeof want === "number") expect(Math.abs((got as number) - want)).toBeLessThan(1e-6);
  else if (Array.isArray(want)) {
    expect(got).toHaveLength(want.length);
    for (const [i, value] of want.entries()) expectNear((got as unknown[])[i], value);
  } else if (typeof want === "object") {
    expect(Object.keys(got as object)).toEqual(Object.keys(want!));
    for (const [key, value] of Object.entries(want!)) expectNear((got as Record<string, unknown>)[key], value);
  } else expect(got).toBe(want);
}

describe("a sweep's points", () => {
  it("of homogeneous fields are their runs, bit for bit", async () => {
    const text = `${TIME}\nbackground: { kind: deSitter }\nfield: { mean: 1, potential: quadratic }\nmodes: { wavenumbers: [3] }\n`;
    const all = await points(
      `${text}sweep: { field.potential.parameters.mass: [0.5, 2], background.hubble: [1, 0.3] }`,
    );
    const progress: unknown[] = [];
    const { result } = await fieldSweep(all, undefined, { onProgress: (...report) => progress.push(report) });
    expect(result.sweep).toEqual(await Promise.all(all.map(({ values }) => alone(values, text, undefined))));
    expect(progress).toEqual([1, 2, 3, 4].map((done) => [done, 4, "points"]));
  });
  it.each([
    { engine: "cpu", adapter: "auto", precision: "float64" },
    { engine: "cpu", adapter: "auto", precision: "float32" },
    { engine: "webgpu", adapter: "software", precision: "float32" },
  ] as const)("on a lattice are their runs: $engine $precision", async (choice) => {
    const text = LATTICE.replace("float64", choice.precision)
      .replace("*chi^2", "*chi^2 + cos(chi/q)")
      .replace("mean: [1, 0]", "mean: [1, 0], velocity: [0, 0]")
      .replace(
        "spectraEvery: 5",
        "spectraEvery: 5, velocitySpectra: true, occupationNumbers: true, histogramEvery: 10",
      );
    // The first four share a job: couplings of either sign, seeds, draws, means, velocities and spectra. Of the last two one is larger, and
    // of the other's coupling products are left out.
    const swept = [
      { q: 3, seed: 2, realisations: 2, mean: 0, velocity: 0, spectrum: "1e-4", amplitude: 1, points: 8 },
      { q: 5, seed: 5, realisations: 1, mean: 0.2, velocity: -0.1, spectrum: "1e-4/k", amplitude: 1, points: 8 },
      { q: -0.7, seed: 2, realisations: 3, mean: 0, velocity: 0.3, spectrum: "1e-4", amplitude: 0.5, points: 8 },
      { q: 6, seed: 2, realisations: 1, mean: 0.1, velocity: 0, spectrum: "1e-4", amplitude: 0, points: 8 },
      { q: 6, seed: 2, realisations: 1, mean: 0.1, velocity: 0, spectrum: "1e-4", amplitude: 1, points: 12 },
      { q: 1, seed: 2, realisations: 2, mean: 0.1, velocity: 0, spectrum: "1e-4", amplitude: 1, points: 8 },
    ].map(({ q, seed, realisations, mean, velocity, spectrum, amplitude, points: side }) => ({
      "field.potential.parameters.q": q,
      "fluctuations.seed": seed,
      "fluctuations.realisations": realisations,
      "field.mean[1]": mean,
      "field.velocity[0]": velocity,
      "fluctuations.spectrum": spectrum,
      "fluctuations.amplitude": amplitude,
      "lattice.points": side,
    }));
    const all = await points(`${text}sweep: ${JSON.stringify(swept)}`);
    const opened = await openEngine(choice);
    const sizes: number[] = [];
    const engine: Engine = {
      ...opened,
      evolveLattice(job, control) {
        const initial = () => {
          sizes.push(job.realisations);
          return job.initial();
        };
        return opened.evolveLattice({ ...job, initial }, control);
      },
    };
    try {
      let [least, reported] = [0, 0];
      const { result, failure } = await fieldSweep(all, engine, {
        onProgress(done, total) {
          expect(done).toBeGreaterThanOrEqual(least);
          [least, reported] = [done, total];
        },
      });
      expect(failure).toBeUndefined();
      expect(least).toBe(reported);
      // Of the sizes other than the first's it is asked before whether they fit.
      expect(sizes).toEqual([1, 3, 1, 7, 1, 2]);
      for (const [p, { values }] of all.entries()) {
        const { engineSeconds, ...want } = await alone(values, text, opened);
        const { engineSeconds: seconds, ...got } = result.sweep[p]!;
        expect(seconds).toEqual(engineSeconds);
        // A GPU's compiler may divide otherwise by a number that it knows.
        if (choice.engine === "cpu") expect(got).toEqual(want);
        else expectNear(got, want);
      }
      expect(result.sweep.map(({ realisations = 1 }) => realisations)).toEqual([2, 1, 3, 1, 1, 2]);
    } finally {
      await opened.close();
    }
  });
  it("that diverge beside others in a job say so, and the others have their own numbers", async () => {
    const text = `precision: float64\n${TIME.replace("end: 1", "end: 3")}\nbackground: { kind: static }
field: { potential: { expression: "g*phi^4", parameters: { g: 1 } }, mean: 1 }
lattice: { dimensions: 1, points: 4 }\n`;
    const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64" });
    const all = await points(`${text}sweep: { field.potential.parameters.g: [2, -2, 3] }`);
    const { result, failure } = await fieldSweep(all, engine);
    expect(failure!.message).toMatch(/^1 of 3 points diverged, the first at g = -2: /);
    for (const p of [0, 2]) expect(result.sweep[p]).toEqual(await alone(all[p]!.values, text, engine));
    const { error, engineSeconds, values, ...records } = result.sweep[1]!;
    expect(records.times).toHaveLength(error!.step);
    await expect(alone(values, text, engine)).rejects.toThrow(
      expect.objectContaining({ step: error!.step, message: error!.message, partial: records }),
    );
    await engine.close();
  });
  it("that diverge say so, and the others go on", async () => {
    const all = await points(
      `time: { step: 0.1, end: 3 }\nbackground: { kind: static }\nfield: { potential: { expression: "g*phi^4" }, mean: 1 }\nsweep: { field.potential.parameters.g: [1, -1, 2] }`,
    );
    const { result, failure } = await fieldSweep(all, undefined);
    expect(result.sweep.map(({ error }) => error?.code)).toEqual([undefined, "diverged", undefined]);
    const { times, error } = result.sweep[1]!;
    expect(times!.length).toBe(error!.step);
    expect(result.sweep[2]!.times).toHaveLength(31);
    expect(failure).toBeInstanceOf(DivergenceError);
    expect(failure!.message).toMatch(/^1 of 3 points diverged, the first at g = -1: /);
    expect(failure!.step).toBe(error!.step);
  });
  it("that are wrong are told before any runs, and so is a lattice that the engine cannot hold", async () => {
    let drawn = 0;
    const engine: Engine = {
      ...referenceEngine,
      evolveLattice(job, control) {
        if (job.grid.points > 8) throw new InputError("does not fit", { path: "lattice.points" });
        const initial = () => {
          drawn++;
          return job.initial();
        };
        return referenceEngine.evolveLattice({ ...job, initial }, control);
      },
    };
    const refused = async (sweep: string) => fieldSweep(await points(`${LATTICE}sweep: ${sweep}`), engine);
    await expect(refused("{ field.potential.parameters.q: [1], lattice.points: [8, 16] }")).rejects.toThrow(
      expect.objectContaining({
        path: "sweep.lattice.points",
        message: "point 2 (q = 1, points = 16): does not fit",
      }),
    );
    await expect(refused("{ field.potential.parameters.r: [1] }")).rejects.toThrow("point 1 (r = 1): ");
    expect(drawn).toBe(0);
  });
  it("may be lattices of several sizes on an engine that opens with its first job", async () => {
    const engine = lazyEngine({ engine: "cpu", adapter: "auto", precision: "float64" }, () => {});
    const all = await points(`${LATTICE}sweep: { lattice.points: [8, 16] }`);
    const { result } = await fieldSweep(all, engine);
    await engine.close();
    expect(result.sweep.map(({ spectra }) => spectra![0]!.k.length)).toEqual([6, 11]);
  });
  /** An engine, and how many jobs it has been given. */
  function counting(): { engine: Engine; jobs(): number } {
    let jobs = 0;
    const evolveLattice: Engine["evolveLattice"] = (job, control) => {
      jobs++;
      return referenceEngine.evolveLattice(job, control);
    };
    return { engine: { ...referenceEngine, evolveLattice }, jobs: () => jobs };
  }
  it.each([
    ["time.end: [0.2, 0.21]", "time.end", "point 2 (end = 0.21): 0.21 is no whole number of steps of 0.02"],
    ["fluctuations.spectrum: ['1e-4', '1/']", "fluctuations.spectrum", "point 2 (spectrum = 1/): "],
    ["fluctuations.spectrum: ['1e-4', '-k']", "fluctuations.spectrum", "point 2 (spectrum = -k): is -2.0"],
  ])("are checked to their ends and in their spectra before any runs: %s", async (sweep, path, message) => {
    const { engine, jobs } = counting();
    const swept = async () => fieldSweep(await points(`${LATTICE}sweep: { ${sweep} }`), engine);
    await expect(swept).rejects.toThrow(
      expect.objectContaining({ path: `sweep.${path}`, message: expect.stringContaining(message) }),
    );
    expect(jobs()).toBe(0);
  });
  it("end before their background does, or are told before any runs", async () => {
    const { engine, jobs } = counting();
    const text = `time: { alpha: 1, step: 0.1, end: 0.5 }\n`;
    const swept = "sweep: { time.end: [0.5, 2] }\n";
    for (const section of ["", "lattice: { dimensions: 1, points: 8 }\n"])
      await expect(async () => fieldSweep(await points(text + section + swept), engine)).rejects.toThrow(
        "point 2 (end = 2): 2 lies beyond",
      );
    expect(jobs()).toBe(0);
  });
  it("too large for any engine are told as that, vacuum or not", async () => {
    const large = "lattice: { dimensions: 2, points: 60000 }\nfluctuations: { kind: vacuum }\n";
    await expect(async () =>
      fieldSweep(await points(`${TIME}\n${large}sweep: { field.mean: [1] }`), referenceEngine),
    ).rejects.toThrow("60000^2 sites do not fit any engine");
  });
  it("without a vacuum are told before any runs", async () => {
    const { engine, jobs } = counting();
    const field = `field: { potential: { expression: "s*phi^2" } }\nbackground: { kind: static }\n${TIME}\n`;
    const swept = "sweep: { field.potential.parameters.s: [1, -30] }\n";
    const lattice = "lattice: { dimensions: 1, points: 8 }\nfluctuations: { kind: vacuum }\n";
    const message = /^point 2 \(s = -30\): (fluctuations|modes)\.initial: the mode k = .* has no vacuum/;
    await expect(fieldSweep(await points(field + lattice + swept), engine)).rejects.toThrow(message);
    await expect(fieldSweep(await points(`${field}${swept}modes: { wavenumbers: [9, 2] }`), engine)).rejects.toThrow(
      message,
    );
    expect(jobs()).toBe(0);
  });
  it("are kept when it is interrupted, and gone on from", async () => {
    // Two jobs of two points each, next to each other.
    const all = await points(
      `${LATTICE}sweep: { field.potential.parameters.q: [2, 3], background.planckMass: [2, 3] }`,
    );
    const whole = await fieldSweep(all, referenceEngine);
    const abort = new AbortController();
    const kept = new Map<number, SweepEntry>();
    const cut = fieldSweep(
      all,
      referenceEngine,
      { signal: abort.signal },
      {
        async onPoint({ point, entry, final }, { sweep }) {
          kept.set(point, entry);
          expect(sweep).toEqual([...kept.values()]);
          expect(final!.field).toHaveLength(2 * 2 * 64);
          abort.abort();
        },
      },
    );
    await expect(cut).rejects.toThrow(InterruptedError);
    expect([...kept.keys()]).toEqual([0, 2]);
    // Of a job of which one point is kept the other is told.
    kept.delete(0);
    const told: number[] = [];
    const rest = await fieldSweep(
      all,
      referenceEngine,
      {},
      {
        finished: kept,
        async onPoint({ point }, { sweep }) {
          told.push(point);
          expect(sweep).toHaveLength(1 + told.length);
        },
      },
    );
    expect(told).toEqual([0, 1, 3]);
    const numbers = ({ sweep }: SweepResult) => sweep.map(({ engineSeconds, ...entry }) => entry);
    expect(numbers(rest.result)).toEqual(numbers(whole.result));
    expect(rest.result.sweep[2]!.engineSeconds).toBe(kept.get(2)!.engineSeconds);
  });
  it("that are all finished ask for the engine all the same, which the result names", async () => {
    const all = await points(`${LATTICE}sweep: { field.potential.parameters.q: [2, 3] }`);
    const { result } = await fieldSweep(all, referenceEngine);
    const finished = new Map(result.sweep.entries());
    let asked = 0;
    const engine: typeof referenceEngine = {
      ...referenceEngine,
      evolveLattice(...job) {
        asked++;
        return referenceEngine.evolveLattice(...job);
      },
    };
    const again = await fieldSweep(all, engine, {}, { finished, onPoint: () => expect.unreachable() });
    expect(again.result).toEqual(result);
    expect(asked).toBe(1);
  });
  it("share a job's state and its checkpoints, from which the job goes on to the same numbers", async () => {
    const all = await points(`${LATTICE}sweep: { field.potential.parameters.q: [2, 3, 5] }`);
    const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64" });
    const whole = await fieldSweep(all, engine);
    const saved: LatticeCheckpoint[] = [];
    const asked: (readonly number[])[] = [];
    const with_ = (resume: LatticeCheckpoint | undefined) => ({
      checkpointing(group: readonly number[]) {
        asked.push(group);
        // Its arrays are the job's own again.
        const save = async (at: LatticeCheckpoint) => {
          const { field, momentum } = at.state;
          saved.push({ ...at, state: { field: field.slice(), momentum: momentum.slice() } });
        };
        return { seconds: 0, save, resume };
      },
    });
    await fieldSweep(all, engine, {}, with_(undefined));
    expect(asked).toEqual([[0, 1, 2]]);
    const numbers = ({ sweep }: SweepResult) => sweep.map(({ engineSeconds, ...entry }) => entry);
    for (const at of saved.slice(0, 3)) {
      expect(at.state.field).toHaveLength(3 * 2 * 2 * 64);
      const rest = await fieldSweep(all, engine, {}, with_(at));
      expect(numbers(rest.result)).toEqual(numbers(whole.result));
    }
    await expect(fieldSweep(all.slice(0, 1), engine, {}, with_(saved[0]))).rejects.toThrow(
      "the checkpoint has 768 values, the study 2 x 2 x 64 (realisations, fields, sites)",
    );
    await engine.close();
  });
  it.each([
    new InputError("does not fit", { path: "lattice.points" }),
    new OutOfDeviceMemoryError("field: out of memory"),
  ])("that do not fit together are evolved in halves: %s", async (refusal) => {
    const all = await points(`${LATTICE}sweep: { field.potential.parameters.q: [2, 3, 5] }`);
    const whole = await fieldSweep(all, referenceEngine);
    const holding = (most: number): { engine: Engine; sizes: number[] } => {
      const sizes: number[] = [];
      const evolveLattice: Engine["evolveLattice"] = async (job, control) => {
        if (job.realisations > most) throw refusal;
        sizes.push(job.realisations);
        return referenceEngine.evolveLattice(job, control);
      };
      return { engine: { ...referenceEngine, evolveLattice }, sizes };
    };
    const { engine, sizes } = holding(4);
    const { result } = await fieldSweep(all, engine);
    expect(sizes).toEqual([4, 2]);
    const numbers = ({ sweep }: SweepResult) => sweep.map(({ engineSeconds, ...entry }) => entry);
    expect(numbers(result)).toEqual(numbers(whole.result));
    await expect(fieldSweep(all, holding(1).engine)).rejects.toThrow(refusal.message);
  });
  it("name themselves where a number of theirs does not fit the engine, and the others go on", async () => {
    const engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float32" });
    const text = LATTICE.replace("float64", "float32");
    const all = await points(`${text}sweep: { field.potential.parameters.q: [2, 3, 1e39, 5] }`);
    const told: number[] = [];
    const onPoint = async ({ point }: { point: number }) => void told.push(point);
    await expect(fieldSweep(all, engine, {}, { onPoint })).rejects.toThrow(
      /^point 3 \(q = 1e\+39\): .*which float32 cannot/,
    );
    expect(told).toEqual([0, 1]);
    await engine.close();
  });
  it("name themselves where their own start is wrong", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "slowroll-sweep-"));
    const file = path.join(folder, "a.f64");
    await writeFile(file, new Uint8Array(Float64Array.of(1, 2, 3, 4).buffer));
    const all = await points(
      `${TIME}\nlattice: { dimensions: 1, points: 4 }\nfluctuations: { kind: file, field: ${file}, momentum: ${file} }
sweep: { fluctuations.field: [${file}, ${file}, ${folder}/c.f64] }`,
    );
    const told = fieldSweep(all, referenceEngine);
    await expect(told).rejects.toThrow(/^point 3 \(field = .*c\.f64\): .*c\.f64 cannot be read/);
    await rm(folder, { recursive: true });
  });
  it("share the warnings that all have, and name themselves beside those of some", async () => {
    const text = LATTICE.replace("float64", "float32").replace(", realisations: 2", "");
    const engine: Engine = { ...referenceEngine, info: { ...referenceEngine.info, precision: "float32" } };
    const of = async (amplitudes: string) =>
      (await fieldSweep(await points(`${text}sweep: { fluctuations.amplitude: [${amplitudes}] }`), engine)).result
        .warnings;
    expect(await of("1, 1.0e-6")).toEqual([expect.stringMatching(/^amplitude = 0.000001: precision: float32/)]);
    expect((await of("1.0e-6, 1.0e-6"))[0]).toMatch(/^precision: float32/);
  });
});
