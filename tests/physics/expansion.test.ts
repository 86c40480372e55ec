/** Self-consistent expansion and vacuum states as physics.md sections 2 and 5 ask: on the CPU engine, the expansion on the WebGPU engine too. */
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { bunchDavies } from "@slowroll/core/field/bunchDavies";
import type { FieldResult } from "@slowroll/core/field/result";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { waveNumbers } from "@slowroll/core/field/waves";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64" });
});
afterAll(() => engine.close());

/** Largest difference of two series [T][F] over the largest value of the second. */
function apart(got: FieldResult["mean"], want: FieldResult["mean"]): number {
  const flat = (series: FieldResult["mean"]): number[] => (series as number[][]).flat();
  const [p, q] = [flat(got), flat(want)];
  return Math.max(...q.map((value, i) => Math.abs(value - p[i]!))) / Math.max(...q.map(Math.abs));
}

describe("preheating as CosmoLattice's lphi4 model", () => {
  const study: FieldStudy = {
    background: { kind: "selfConsistent", planckMass: 0.42746 },
    field: {
      fields: ["phi", "chi"],
      potential: { expression: "phi^4/4 + q*phi^2*chi^2/2", parameters: { q: 100 } },
      mean: [1, 0],
      velocity: [-0.5, 0],
    },
    lattice: { dimensions: 3, points: 64, length: (2 * Math.PI) / 0.75, stencil: 2 },
    fluctuations: { kind: "vacuum", seed: 1, amplitude: 3e-7, cutoff: 4, realisations: 1 },
    time: { alpha: 1, step: 0.01, end: 20, recordEvery: 10 },
  };
  const { lattice, ...without } = study;
  const homogeneous: FieldStudy = { ...without, fluctuations: { kind: "none" } };

  it("keeps the first Friedmann equation to 1e-4, and a and the mean of the homogeneous field", async () => {
    const { result } = await fieldStudy(study, engine);
    expect(Math.max(...result.constraint!)).toBeLessThan(1e-4);
    const same = await fieldStudy({ ...homogeneous, time: { ...study.time, integrator: "verlet2" } }, undefined);
    const exact = await fieldStudy(homogeneous, undefined);
    for (const [run, within] of [
      [same, 1e-5],
      [exact, 1e-4],
    ] as const) {
      const a = run.result.scaleFactor;
      expect(Math.max(...result.scaleFactor.map((value, r) => Math.abs(value / a[r]! - 1)))).toBeLessThan(within);
    }
    expect(apart(result.mean, same.result.mean)).toBeLessThan(1e-5);
    expect(apart(result.mean, exact.result.mean)).toBeLessThan(1e-4);
    // The vacuum's fluctuations are there, and far above rounding.
    for (const variance of (result.variance as number[][]).at(-1)!) expect(variance).toBeGreaterThan(1e-18);
  });

  it.each(["verlet4", "verlet6"] as const)("keeps it better by %s", async (integrator) => {
    const time = { ...study.time, integrator, step: 0.02, recordEvery: 100 };
    const { result } = await fieldStudy({ ...study, lattice: { ...lattice!, points: 16 }, time }, engine);
    expect(Math.max(...result.constraint!)).toBeLessThan(integrator === "verlet4" ? 1e-6 : 1e-8);
  });

  it("expands on the WebGPU engine, in float32, as on the CPU in float64", async () => {
    const louder = { kind: "vacuum", seed: 1, amplitude: 3e-3, cutoff: 4, realisations: 2 } as const;
    const few = { ...study, lattice: { ...lattice!, points: 16 }, fluctuations: louder };
    const time = { ...study.time, integrator: "verlet4", step: 0.04, end: 2, recordEvery: 10 } as const;
    const { result: exact } = await fieldStudy({ ...few, time }, engine);
    const gpu = await openEngine({ engine: "webgpu", adapter: "software", precision: "float32" });
    const { result } = await fieldStudy({ ...few, time }, gpu);
    await gpu.close();
    expect(Math.max(...result.constraint!)).toBeLessThan(2e-6);
    const wrong = result.scaleFactor.map((value, r) => Math.abs(value / exact.scaleFactor[r]! - 1));
    expect(Math.max(...wrong)).toBeLessThan(2e-7);
    expect(apart(result.mean, exact.mean)).toBeLessThan(2e-6);
  });

  it("keeps fluctuations of 1e-8 of the mean in compensated numbers on WebGPU, as float64 does", async () => {
    const compensated = await openEngine({ engine: "webgpu", adapter: "software", precision: "compensated" });
    const quiet = { ...study.fluctuations, amplitude: 3e-8 } as const;
    const few = {
      ...study,
      lattice: { ...lattice!, points: 8 },
      fluctuations: quiet,
      time: { ...study.time, end: 8 },
    };
    const { result } = await fieldStudy(few, compensated);
    await compensated.close();
    expect(result.warnings).toEqual([]);
    expect(Math.max(...result.constraint!)).toBeLessThan(1e-4);
    const exact = (await fieldStudy(few, engine)).result;
    for (const [r, scale] of exact.scaleFactor.entries())
      expect(Math.abs(result.scaleFactor[r]! / scale - 1)).toBeLessThan(1e-11);
    const got = result.variance as number[][];
    for (const variance of got[0]!) expect(Math.sqrt(variance)).toBeLessThan(1.5e-8);
    for (const [r, variances] of (exact.variance as number[][]).entries())
      for (const [f, variance] of variances.entries())
        expect(Math.abs(Math.sqrt(got[r]![f]! / variance) - 1)).toBeLessThan(0.01);
  });

  it("warns in float32, which does not hold such fluctuations", async () => {
    const single = await openEngine({ engine: "cpu", adapter: "auto", precision: "float32" });
    const few = { ...study, lattice: { ...lattice!, points: 16 }, time: { ...study.time, end: 1 } };
    const { result } = await fieldStudy(few, single);
    await single.close();
    expect(result.warnings).toEqual([expect.stringContaining("use precision: float64")]);
  });
});

describe("the vacuum in de Sitter space", () => {
  const massSquared = 0.5;
  const lattice = { dimensions: 3, points: 64, length: 2 * Math.PI, stencil: 2 } as const;
  const realisations = 32;
  const end = 1 - Math.exp(-2.5);
  const steps = 400;

  it("has the spectrum of the lattice's own modes within the sampling error of 32 realisations", async () => {
    const { result } = await fieldStudy(
      {
        background: { kind: "deSitter", hubble: 1 },
        field: { potential: { name: "quadratic", parameters: { massSquared } } },
        lattice,
        fluctuations: { kind: "vacuum", seed: 7, amplitude: 1, realisations },
        time: { alpha: 1, step: end / steps, end, recordEvery: steps },
        observe: { spectraEvery: steps },
      },
      engine,
    );
    expect(result.spectra!.length).toBe(2);
    for (const [s, { k, power, count }] of result.spectra!.entries()) {
      const a = result.scaleFactor[s]!;
      // Every mode's own expectation, of which a bin has the mean; its variance over draws is twice the square a mode.
      const sums = k.map(() => ({ modes: 0, mean: 0, square: 0 }));
      const half = lattice.points / 2;
      const waves: { n: number; k: number; kEff: number }[] = [];
      for (let x = 1 - half; x <= half; x++)
        for (let y = 1 - half; y <= half; y++)
          for (let z = 1 - half; z <= half; z++)
            if (x !== 0 || y !== 0 || z !== 0)
              waves.push({ n: Math.hypot(x, y, z), ...waveNumbers([x, y, z], lattice) });
      // u_k(a) of comoving k is a^(-3/2) times that of a = 1 and k/a.
      const distinct = [...new Set(waves.map(({ kEff }) => kEff))];
      const modes = bunchDavies(
        distinct.map((kEff) => kEff / a),
        massSquared,
        1,
      );
      const squares = new Map(distinct.map((kEff, i) => [kEff, (modes[i]!.u[0] ** 2 + modes[i]!.u[1] ** 2) / a ** 3]));
      for (const wave of waves) {
        const bin = sums[Math.round(wave.n) - 1]!;
        const expected = (wave.k ** 3 * squares.get(wave.kEff)!) / (2 * Math.PI ** 2);
        bin.modes++;
        bin.mean += expected;
        bin.square += 2 * expected ** 2;
      }
      expect(sums.map(({ modes: of }) => of)).toEqual(count);
      const chiSquared = sums.reduce(
        (sum, { modes: of, mean, square }, b) =>
          sum + ((power as number[])[b]! - mean / of) ** 2 / (square / of ** 2 / realisations),
        0,
      );
      // Within four standard deviations of its expectation, to either side.
      expect(Math.abs(chiSquared - k.length)).toBeLessThan(4 * Math.sqrt(2 * k.length));
    }
  });

  it("freezes massless at (H/2 pi)^2", async () => {
    const hubble = 0.8;
    const stop = (1 - Math.exp(-5)) / hubble;
    const { result } = await fieldStudy(
      {
        background: { kind: "deSitter", hubble },
        field: { potential: { name: "quadratic", parameters: { massSquared: 0 } } },
        lattice: { ...lattice, points: 16, stencil: 6 },
        fluctuations: { kind: "vacuum", seed: 3, amplitude: 1, realisations: 200 },
        time: { alpha: 1, step: stop / 300, end: stop, recordEvery: 300, integrator: "verlet4" },
        observe: { spectraEvery: 300 },
      },
      engine,
    );
    const { k, power, count } = result.spectra!.at(-1)!;
    for (const [b, value] of (power as number[]).entries()) {
      if (k[b]! > 4) continue;
      const error = Math.sqrt(2 / (count[b]! * 200));
      expect(Math.abs(value / (hubble / (2 * Math.PI)) ** 2 - 1)).toBeLessThan(4 * error + 0.01);
    }
  });

  it("keeps its long modes at a higher resolution", async () => {
    const at = async (points: number) =>
      (
        await fieldStudy(
          {
            background: { kind: "deSitter", hubble: 1 },
            field: { potential: { name: "quadratic", parameters: { massSquared } } },
            lattice: { dimensions: 2, points, length: 20, stencil: 6 },
            fluctuations: { kind: "vacuum", seed: 5, amplitude: 1, cutoff: 1, realisations: 1 },
            time: { alpha: 0, step: 1e-4, end: 1e-4, recordEvery: 1 },
            observe: { slicesEvery: 1 },
          },
          engine,
        )
      ).result.slices![0]!.values as number[][];
    const [coarse, fine] = [await at(32), await at(64)];
    const rms = Math.sqrt(coarse.flat().reduce((sum, value) => sum + value ** 2, 0) / 1024);
    for (const [y, row] of coarse.entries())
      for (const [x, value] of row.entries()) expect(Math.abs(fine[2 * y]![2 * x]! - value) / rms).toBeLessThan(0.01);
  });

  const mixing: FieldStudy["field"] = {
    fields: ["phi", "chi"],
    potential: { expression: "phi^4/4 + chi^2 + phi*chi/2 + phi^2*chi^2" },
    mean: [0.3, 0.1],
  };
  const drawn = (field: FieldStudy["field"], seed: number): FieldStudy => ({
    background: { kind: "deSitter", hubble: 1 },
    field,
    lattice: { ...lattice, points: 16 },
    fluctuations: { kind: "vacuum", seed, amplitude: 1, realisations: 3 },
    time: { alpha: 1, step: 0.01, end: 0.2, recordEvery: 10 },
    observe: { spectraEvery: 10, slicesEvery: 10 },
  });

  it.each([
    ["one field", { potential: "quartic" }],
    ["two fields that mix", mixing],
  ] as const)("of %s is the same for any number of threads, and another for another seed", async (_name, field) => {
    const one = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 1 });
    const single = await fieldStudy(drawn(field, 1), one);
    await one.close();
    const several = await fieldStudy(drawn(field, 1), engine);
    expect(several.final).toEqual(single.final);
    expect(several.result.spectra).toEqual(single.result.spectra);
    expect((await fieldStudy(drawn(field, 2), engine)).final!.field[0]).not.toBe(single.final!.field[0]);
  });

  it("of two fields that mix is the same on both engines to float32's rounding", async () => {
    const first = ({ slices }: FieldResult): number[] => (slices![0]!.values as number[][][]).flat(2);
    const want = first((await fieldStudy(drawn(mixing, 1), engine)).result);
    const gpu = await openEngine({ engine: "webgpu", adapter: "software", precision: "float32" });
    const got = first((await fieldStudy(drawn(mixing, 1), gpu)).result);
    await gpu.close();
    expect(got.length).toBe(want.length);
    for (const [i, value] of want.entries())
      expect(Math.abs(got[i]! - value)).toBeLessThan(1e-7 * (1 + Math.abs(value)));
  });

  it("of two fields that mix, and turn as their means move, has the spectra of their modes", async () => {
    const runs = 60;
    // So small that the fields stay linear.
    const amplitude = 1e-5;
    const grid = { dimensions: 3, points: 16, length: 4, stencil: 4 } as const;
    const study: FieldStudy = {
      background: { kind: "deSitter", hubble: 0.5 },
      field: { ...mixing, mean: [1.5, 0.5], velocity: [-0.5, 0.8] },
      fluctuations: { kind: "none" },
      time: { alpha: 0, step: 0.01, end: 2, recordEvery: 200, integrator: "verlet4" },
    };
    const { result } = await fieldStudy(
      {
        ...study,
        lattice: grid,
        fluctuations: { kind: "vacuum", seed: 2, amplitude, realisations: runs },
        observe: { spectraEvery: 200 },
      },
      engine,
    );
    const waves: { n: number; k: number; kEff: number }[] = [];
    for (let x = -7; x <= 8; x++)
      for (let y = -7; y <= 8; y++)
        for (let z = -7; z <= 8; z++)
          if (x !== 0 || y !== 0 || z !== 0) waves.push({ n: Math.hypot(x, y, z), ...waveNumbers([x, y, z], grid) });
    const wavenumbers = [...new Set(waves.map(({ kEff }) => kEff))];
    const { integrator: _, ...time } = study.time;
    const { modes } = (await fieldStudy({ ...study, time, modes: { wavenumbers } }, undefined)).result;
    const amplitudes = new Map(modes!.map(({ k, amplitude: of }) => [k, of as number[][]]));
    for (const [s, { power, count }] of result.spectra!.entries()) {
      for (const [f, measured] of (power as number[][]).entries()) {
        const bins = count.map(() => ({ mean: 0, square: 0 }));
        for (const { n, k, kEff } of waves) {
          const of = amplitude * amplitudes.get(kEff)!.at(s === 0 ? 0 : -1)![f]!;
          const expected = (k ** 3 * of ** 2) / (2 * Math.PI ** 2);
          bins[Math.round(n) - 1]!.mean += expected;
          bins[Math.round(n) - 1]!.square += 2 * expected ** 2;
        }
        const chiSquared = bins.reduce(
          (sum, { mean, square }, b) => sum + ((measured[b]! * count[b]! - mean) ** 2 / square) * runs,
          0,
        );
        expect(Math.abs(chiSquared - count.length)).toBeLessThan(4 * Math.sqrt(2 * count.length));
      }
    }
  });
});

describe("a lattice in Minkowski space", () => {
  // Small lattices of many steps: threads that wait for each other at each step take a core from the test file that runs beside this one.
  let single: Engine;
  beforeAll(async () => {
    single = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64", threads: 1 });
  });
  afterAll(() => single.close());

  it.each(["verlet2", "verlet4"] as const)(
    "keeps its energy over 1e5 steps of %s, with no drift",
    async (integrator) => {
      const step = 0.05;
      const { result } = await fieldStudy(
        {
          background: { kind: "static" },
          field: { potential: "quartic", mean: 0.5, velocity: 0.1 },
          lattice: { dimensions: 3, points: 8, length: 2 * Math.PI, stencil: 4 },
          fluctuations: { kind: "gaussian", seed: 1, amplitude: 0.05, spectrum: "1", cutoff: 3, realisations: 1 },
          time: { alpha: 0, step, end: 1e5 * step, recordEvery: 50, integrator },
        },
        single,
      );
      const { kinetic, gradient, potential } = result.energy;
      const energy = potential.map((value, r) => value + (kinetic as number[])[r]! + (gradient as number[])[r]!);
      const errors = energy.map((value) => value / energy[0]! - 1);
      const bound = Math.max(...errors.map(Math.abs));
      expect(bound).toBeLessThan(integrator === "verlet2" ? 1e-3 : 1e-6);
      const tenth = Math.floor(errors.length / 10);
      const mean = (of: number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
      expect(Math.abs(mean(errors.slice(-tenth)) - mean(errors.slice(0, tenth)))).toBeLessThan(bound / 50);
    },
  );

  it.each([2, 4, 6] as const)("carries a wave with the order of its stencil, %d", async (stencil) => {
    const errors: number[] = [];
    for (const points of [8, 16, 32]) {
      const { result } = await fieldStudy(
        {
          background: { kind: "static" },
          field: { potential: { name: "quadratic", parameters: { massSquared: 0 } } },
          lattice: { dimensions: 2, points, length: 2 * Math.PI, stencil },
          fluctuations: { kind: "planeWave", mode: [1, 1], amplitude: 1, velocity: 0 },
          time: { alpha: 0, step: 0.05, end: 1, recordEvery: 20, integrator: "verlet8" },
        },
        single,
      );
      errors.push(Math.abs((result.modes![0]!.amplitude as number[]).at(-1)! - Math.cos(Math.SQRT2)));
    }
    expect(Math.abs(Math.log2(errors[1]! / errors[2]!) - stencil)).toBeLessThan(0.1);
  });
});
