/** Sweeps: which points a config names, what is refused before any runs, and that each point is the run that it would be by itself. */
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import type { Engine } from "@slowroll/core/engine/engine";
import { lazyEngine, openEngine } from "@slowroll/core/engine/open";
import { DivergenceError, InputError, InterruptedError } from "@slowroll/core/errors";
import { fieldStudy } from "@slowroll/core/field/run";
import { fieldSweep, type SweepEntry, type SweepResult } from "@slowroll/core/field/sweep";
import { shortNames } from "@slowroll/core/field/sweepPoint";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const points = async (text: string) => sweepPoints(await parseConfig("field", text));

const TIME = "time: { step: 0.1, end: 1 }";
const LATTICE = `
precision: float64
background: { kind: selfConsistent, planckMass: 2 }
field: { fields: [phi, chi], potential: { expression: "phi^2/2 + q*phi^2*chi^2", parameters: { q: 3 } }, mean: [1, 0] }
lattice: { dimensions: 2, points: 8, length: 3 }
fluctuations: { kind: gaussian, spectrum: "1e-4", seed: 2, realisations: 2 }
time: { step: 0.02, end: 0.2 }
observe: { spectraEvery: 5 }
`;

describe("a config's sweep", () => {
  it("is every combination of its lists, the last path's next to each other", async () => {
    const all = await points(
      `${TIME}\nsweep: { field.potential.parameters.mass: [1, 2], background.hubble: [0.5, 1, 2] }`,
    );
    expect(all.map(({ values }) => Object.values(values))).toEqual([
      [1, 0.5],
      [1, 1],
      [1, 2],
      [2, 0.5],
      [2, 1],
      [2, 2],
    ]);
    expect(all[4]!.study.background).toEqual({ kind: "deSitter", hubble: 1 });
    // A potential given by its name alone gets its parameters beside it.
    expect(all[4]!.study.field.potential).toEqual({ name: "quadratic", parameters: { mass: 2 } });
    expect(all[4]!.study).not.toHaveProperty("sweep");
  });
  it("is the points that a list names", async () => {
    const all = await points(
      `${LATTICE}sweep: [{ lattice.points: 8, time.step: 0.02 }, { lattice.points: 16, time.step: 0.01 }]`,
    );
    expect(all.map(({ study }) => [study.lattice!.points, study.time.step])).toEqual([
      [8, 0.02],
      [16, 0.01],
    ]);
  });
  it("reaches entries of lists, and names too", async () => {
    const all = await points(
      `field: { fields: [phi, chi], mean: [1, 0] }\n${TIME}\nsweep: { "field.mean[1]": [3], time.integrator: [verlet2, verlet4] }`,
    );
    expect(all.map(({ study }) => [study.field.mean, study.time.integrator])).toEqual([
      [[1, 3], "verlet2"],
      [[1, 3], "verlet4"],
    ]);
  });
  it("may hold what its section lacks", async () => {
    const config = await parseConfig("field", "time: { end: 1 }\nsweep: { time.step: [0.1, 0.05] }");
    expect(config.time.step).toBe(0.1);
    // From a config that is complete come the same points.
    const again = await parseConfig("field", JSON.stringify(config));
    expect(again).toEqual(config);
    expect((await sweepPoints(again)).map(({ study }) => study.time.step)).toEqual([0.1, 0.05]);
  });
  it.each([
    [
      "{ field.potental.parameters.q: [1] }",
      "sweep.field.potental.parameters.q",
      "did you mean field.potential.parameters.q?",
    ],
    ["{ tim.step: [1] }", "sweep.tim.step", "did you mean time.step?"],
    ["{ q: [1] }", "sweep.q", "unknown key q; known: "],
    ["{ hubble: [1] }", "sweep.hubble", "did you mean background.hubble?"],
    ["{ seed: [1] }", "sweep.seed", "did you mean fluctuations.seed?"],
    ["{ a b: [1] }", "sweep.a b", "is no config path"],
    ["{ time.step: [0.1, -1] }", "sweep.time.step", "point 2 (step = -1): must be above 0"],
    ["{ time.step: [0.1, 0.3] }", "sweep", "point 2 (step = 0.3): time.end: 1 is no whole"],
    ["{ time.step.x: [1] }", "sweep", "point 1 (x = 1): time.step: must be a finite number"],
    ["{ field.mean: [a] }", "sweep.field.mean", "must be a number"],
    ["{ precision: [float64] }", "sweep.precision", "one engine"],
    ["{ field.fields: [phi] }", "sweep.field.fields", "may not be swept"],
    ["{ checkpoint.everySeconds: [1] }", "sweep.checkpoint.everySeconds", "may not be swept"],
    ["{ background.exponent: [1, 2] }", "sweep.background.exponent", "is no key of deSitter"],
    ["{ time.step: [] }", "sweep.time.step", "at least 1"],
    ["{}", "sweep", "names no config path"],
    ["{ constructor: [1] }", "sweep.constructor", "unknown key"],
    ["{ field.mean.0: [1] }", "sweep.field.mean.0", "point 1 (mean.0 = 1): field.mean is no list"],
    ["{ lattice.length: [0, 1] }", "sweep.lattice.length", "point 1 (length = 0): must be above 0"],
    ["3", "sweep", "must be { path: [values], ... }"],
    ["[{ time.step: 0.1 }, { time.end: 3 }]", "sweep[0]", "has no time.end"],
    ["{ time.end: [0.6e+5, 0.7e+5] }", "sweep", "records in all"],
    [`{ field.mean: [${Array.from({ length: 1001 }, (_, i) => i)}] }`, "sweep", "1001 points"],
  ])("is refused: %s", async (sweep, path, message) => {
    const text = `time: { step: 0.1, end: 1, integrator: verlet2 }\nlattice: { dimensions: 1, points: 8 }\nsweep: ${sweep}`;
    const refusal = async () => fieldSweep(await points(text), referenceEngine);
    await expect(refusal).rejects.toThrow(InputError);
    await expect(refusal).rejects.toThrow(expect.objectContaining({ path, message: expect.stringContaining(message) }));
  });
  it("is told the whole path of a parameter by its name", async () => {
    const potential = '{ expression: "q*phi^2", parameters: { q: 1 } }';
    await expect(
      parseConfig("field", `${TIME}\nfield: { potential: ${potential} }\nsweep: { q: [1] }`),
    ).rejects.toThrow("unknown key q; did you mean field.potential.parameters.q?");
  });
  it("is no study of one point", async () => {
    const config = await parseConfig("field", `${TIME}\nsweep: { field.mean: [1] }`);
    await expect(fieldStudy(config, undefined)).rejects.toThrow("fieldSweep");
  });
});

/** All that one run gives, as an entry of a sweep. */
async function alone(values: SweepEntry["values"], text: string, engine: Engine | undefined) {
  const overrides = Object.entries(values).map(([path, value]) => `${path}=${value}`);
  const { result } = await fieldStudy(await parseConfig("field", text, { overrides }), engine);
  return { values, engineSeconds: expect.any(Number), ...result };
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
    { engine: "webgpu", adapter: "software", precision: "float32" },
  ] as const)("on a lattice are their runs, bit for bit: $engine $precision", { timeout: 60_000 }, async (choice) => {
    const text = LATTICE.replace("float64", choice.precision);
    const swept = `${text}sweep:
  - { field.potential.parameters.q: 1, fluctuations.amplitude: 1, lattice.points: 8 }
  - { field.potential.parameters.q: 5, fluctuations.amplitude: 1, lattice.points: 8 }
  - { field.potential.parameters.q: 5, fluctuations.amplitude: 0.1, lattice.points: 12 }
`;
    const all = await points(swept);
    const engine = await openEngine(choice);
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
      for (const [p, { values }] of all.entries()) expect(result.sweep[p]).toEqual(await alone(values, text, engine));
      expect(result.sweep[0]!.realisations).toBe(2);
    } finally {
      await engine.close();
    }
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
    const all = await points(`${LATTICE}sweep: { field.potential.parameters.q: [1, 2, 3] }`);
    const whole = await fieldSweep(all, referenceEngine);
    const abort = new AbortController();
    let kept: SweepResult | undefined;
    const cut = fieldSweep(
      all,
      referenceEngine,
      { signal: abort.signal },
      {
        async onPoint(done, final) {
          kept = done;
          expect(final!.field).toHaveLength(2 * 2 * 64);
          if (done.sweep.length === 2) abort.abort();
        },
      },
    );
    await expect(cut).rejects.toThrow(InterruptedError);
    expect(kept!.sweep).toHaveLength(2);
    const told: number[] = [];
    const rest = await fieldSweep(
      all,
      referenceEngine,
      {},
      {
        finished: kept!.sweep,
        async onPoint({ sweep }) {
          told.push(sweep.length);
        },
      },
    );
    expect(told).toEqual([3]);
    const numbers = ({ sweep }: SweepResult) => sweep.map(({ engineSeconds, ...entry }) => entry);
    expect(numbers(rest.result)).toEqual(numbers(whole.result));
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

describe("short names", () => {
  it("are the shortest ends that differ", () => {
    expect(shortNames(["field.potential.parameters.q", "background.hubble"])).toEqual(["q", "hubble"]);
    expect(shortNames(["fluctuations.amplitude", "a.amplitude"])).toEqual(["fluctuations.amplitude", "a.amplitude"]);
    expect(shortNames(["field.mean[0]", "field.mean[1]"])).toEqual(["mean[0]", "mean[1]"]);
    expect(shortNames(["field.mean.1", "fluctuations.mode.0"])).toEqual(["mean.1", "mode.0"]);
  });
});
