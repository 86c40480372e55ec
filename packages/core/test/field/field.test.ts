/** Fields: the order of the schemes, homogeneous solutions and lattices on the reference engine. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DivergenceError } from "@slowroll/core/errors";
import { writeFinal } from "@slowroll/core/field/arrays";
import { createBackground } from "@slowroll/core/field/background";
import { integrate } from "@slowroll/core/field/integrate";
import type { FieldResult, Series } from "@slowroll/core/field/result";
import { fieldStudy } from "@slowroll/core/field/run";
import { buildSchedule, COMPOSITIONS } from "@slowroll/core/field/schedule";
import type { BackgroundSpec, FieldStudy, FluctuationSpec, TimeSpec } from "@slowroll/core/field/study";
import { recordedSteps } from "@slowroll/core/recordedSteps";
import { dump } from "npyjs";
import { afterAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import { measuredOrder } from "./orders.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-field-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A series of a single field without a name. */
const numbers = (series: Series): number[] => series as number[];

const none: FluctuationSpec = { kind: "none" };
const base: FieldStudy = {
  background: { kind: "static" },
  field: { potential: "quadratic", mean: 1, velocity: 0 },
  fluctuations: none,
  time: { alpha: 0, step: 0.01, end: 1, recordEvery: 1 },
};
const oscillator = (end: number, time: Partial<TimeSpec> = {}): FieldStudy => ({
  ...base,
  time: { ...base.time, end, ...time },
});

describe("orders", () => {
  it.each(Object.entries(COMPOSITIONS))("of %s", async (integrator, { order }) => {
    // Above rounding, and small enough for the leading term.
    const steps = order > 4 ? [0.8, 0.4] : [0.2, 0.1, 0.05];
    const errors: number[] = [];
    for (const step of steps) {
      const study = {
        ...oscillator(8, { step, integrator: integrator as keyof typeof COMPOSITIONS }),
        background: { kind: "deSitter", hubble: 0.3 } as const,
      };
      const exact = await fieldStudy(oscillatorIn(study.background, 8), undefined);
      const { result } = await fieldStudy(study, undefined);
      errors.push(Math.abs(numbers(result.mean).at(-1)! - numbers(exact.result.mean).at(-1)!));
    }
    expect(Math.abs(measuredOrder(steps, errors) - order)).toBeLessThan(0.4);
  });
});

const oscillatorIn = (background: BackgroundSpec, end: number): FieldStudy => ({ ...oscillator(end), background });

describe("homogeneous fields", () => {
  it("oscillate exactly in Minkowski space", async () => {
    const { result } = await fieldStudy(oscillator(20), undefined);
    for (const [r, t] of result.times.entries()) expect(result.mean[r]).toBeCloseTo(Math.cos(t), 9);
  });
  it("decay without mass in de Sitter space", async () => {
    const study: FieldStudy = {
      ...oscillatorIn({ kind: "deSitter", hubble: 0.5 }, 1.23456),
      field: { potential: { name: "quadratic", parameters: { mass: 0 } }, mean: 1, velocity: 2 },
    };
    const { result } = await fieldStudy(study, undefined);
    expect(result.times.at(-1)).toBe(1.23456);
    expect(result.velocity.at(-1)).toBeCloseTo(2 * Math.exp(-1.5 * 1.23456), 10);
    expect(result.mean.at(-1)).toBeCloseTo(1 + (2 / 1.5) * (1 - Math.exp(-1.5 * 1.23456)), 10);
  });
  it.each([{ recordEvery: 1e12 }, { step: 1e10 }])(
    "are recorded at the start and the end where %o is beyond the end",
    async (time) => {
      const { result } = await fieldStudy(oscillator(10, time), undefined);
      expect(result.times).toEqual([0, 10]);
      expect(result.mean[1]).toBeCloseTo(Math.cos(10), 9);
    },
  );
  it("are the same in any alpha-time", async () => {
    const cosmic = await fieldStudy(oscillatorIn({ kind: "deSitter", hubble: 0.5 }, 1), undefined);
    const end = (1 - Math.exp(-0.5)) / 0.5;
    const conformal = await fieldStudy(
      { ...oscillatorIn({ kind: "deSitter", hubble: 0.5 }, end), time: { ...base.time, alpha: 1, end } },
      undefined,
    );
    expect(conformal.result.mean.at(-1)).toBeCloseTo(numbers(cosmic.result.mean).at(-1)!, 9);
  });
  it("say at which step they diverge", async () => {
    const study: FieldStudy = {
      ...oscillator(50, { step: 0.5 }),
      field: { potential: { expression: "-phi^4" }, mean: 3, velocity: 0 },
    };
    const error = await fieldStudy(study, undefined).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergenceError);
    expect((error as Error).message).toMatch(/^the field diverged: .* or check the potential$/);
  });
  it.each(["phi^(2/3)", "phi*sqrt(phi) + 2", "-cos(phi)*log(phi/2)", "2*phi + exp(-1/phi^0.3)"])(
    "say that they may have left where V = %s has values",
    async (expression) => {
      const study: FieldStudy = {
        ...oscillator(50, { step: 0.1, integrator: "verlet2" }),
        field: { potential: { expression }, mean: 1, velocity: -3 },
      };
      await expect(fieldStudy(study, undefined)).rejects.toThrow(
        /check the potential, which has no value where its logarithms, roots or powers that are not whole are of negative/,
      );
    },
  );
  it.each([undefined, "verlet2"] as const)(
    "keep the records before they diverge, integrator %s",
    async (integrator) => {
      const study: FieldStudy = {
        ...oscillator(20, { step: 0.1, recordEvery: 2, ...(integrator ? { integrator } : {}) }),
        background: { kind: "deSitter", hubble: 1 },
        field: { potential: "hilltop", mean: 2, velocity: 0 },
      };
      const error = await fieldStudy(study, undefined).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DivergenceError);
      const { path: place, step, message, partial } = error as DivergenceError<FieldResult>;
      expect(place).toBe("time.step");
      expect(message).toContain(`at step ${step}`);
      const { times, mean, velocity, energy } = partial!;
      expect(times.length).toBe(step / 2);
      for (const values of [mean, velocity, energy.kinetic, energy.potential]) {
        expect(values.length).toBe(times.length);
        expect(values.every(Number.isFinite)).toBe(true);
      }
    },
  );
});

/** A field that rolls below V = 0, where expansion turns around. */
const collapsing: FieldStudy = {
  ...oscillator(6, { recordEvery: 3, integrator: "verlet2" }),
  background: { kind: "selfConsistent", planckMass: 1 },
  field: { potential: { expression: "phi^2/2 - 0.3" }, mean: 0.1, velocity: 1 },
};
it.each([
  ["without a lattice", collapsing],
  ["on a lattice", { ...collapsing, lattice: { dimensions: 1, points: 4, length: 1, stencil: 2 } }],
] as const)("space that collapses ends a run by steps %s, with the records before", async (_where, study) => {
  const error = await fieldStudy(study, referenceEngine).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DivergenceError);
  const { message, step, partial } = error as DivergenceError<FieldResult>;
  expect(message).toMatch(/^space collapsed: .* at step 40[5-8];/);
  expect(partial!.times.length).toBe(Math.ceil(step / 3));
  expect(Math.min(...partial!.scaleFactor)).toBeGreaterThan(0);
});

const lattice = { dimensions: 3, points: 8, length: 2 * Math.PI, stencil: 2 } as const;
const wave = { kind: "planeWave", mode: [1, 1, 0], amplitude: 1e-2, velocity: 0 } as const;

describe("lattices on the reference engine", () => {
  it.each([
    { kind: "selfConsistent", planckMass: 1 },
    { kind: "powerLaw", exponent: 0.5, hubble: 0.4 },
  ] as const)("without fluctuations are the homogeneous fields with the same integrator: %o", async (background) => {
    const study: FieldStudy = {
      ...base,
      background,
      field: { potential: "quadratic", mean: 2, velocity: -0.5 },
      time: { alpha: 1, step: 0.1, end: 1, recordEvery: 3, integrator: "verlet4" },
    };
    const { result } = await fieldStudy(study, undefined);
    const still = { ...wave, amplitude: 0 };
    const onLattice = await fieldStudy(
      { ...study, lattice: { ...lattice, dimensions: 1 }, fluctuations: { ...still, mode: [1] } },
      referenceEngine,
    );
    expect(result.times.at(-1)!).toBeGreaterThan(1.2);
    for (const quantity of ["times", "scaleFactor", "hubble", "mean", "velocity"] as const)
      for (const [r, value] of numbers(onLattice.result[quantity]).entries())
        expect(Math.abs(numbers(result[quantity])[r]! - value)).toBeLessThan(1e-12);
  });
  it("end at CosmoLattice's final arrays to 1e-11 of their rms", async () => {
    const data = path.join(import.meta.dirname, "../../../../tests/data/cosmolattice/radiation_lphi4_N32");
    const study: FieldStudy = {
      background: { kind: "powerLaw", exponent: 0.5, hubble: 0.5 },
      field: { potential: "quartic", mean: 0, velocity: 0 },
      lattice: { ...lattice, points: 32 },
      fluctuations: {
        kind: "file",
        field: path.join(data, "init_scalar_0.f64"),
        momentum: path.join(data, "init_pi_scalar_0.f64"),
      },
      time: { alpha: 1, step: 0.01, end: 4, recordEvery: 400 },
    };
    const { final } = await fieldStudy(study, referenceEngine);
    for (const [got, name] of [
      [final!.field, "final_scalar_0.f64"],
      [final!.momentum, "final_pi_scalar_0.f64"],
    ] as const) {
      const want = new Float64Array(new Uint8Array(readFileSync(path.join(data, name))).buffer);
      const rms = Math.sqrt(want.reduce((sum, value) => sum + value ** 2, 0) / want.length);
      expect(Math.max(...want.map((value, i) => Math.abs(value - got[i]!))) / rms).toBeLessThan(1e-11);
    }
  });
  it.each([
    ["selfConsistent", { kind: "selfConsistent", planckMass: 1 }],
    ["powerLaw", { kind: "powerLaw", exponent: 0.5, hubble: 0.4 }],
  ] as const)("start from a final state at its scale factor, in a box as much larger: %s", async (_, background) => {
    const study: FieldStudy = {
      background,
      field: { potential: "quadratic", mean: 1, velocity: -0.2 },
      lattice,
      fluctuations: wave,
      time: { alpha: 0, step: 0.01, end: 2, recordEvery: 100 },
    };
    const whole = await fieldStudy(study, referenceEngine);
    const { result, final } = await fieldStudy({ ...study, time: { ...study.time, end: 1 } }, referenceEngine);
    const files = await Promise.all(
      (["field", "momentum"] as const).map(async (name) => {
        const file = path.join(folder, `${background.kind}-${name}.f64`);
        writeFileSync(file, Float64Array.from(final![name]));
        return file;
      }),
    );
    const a = result.scaleFactor.at(-1)!;
    expect(a).toBeGreaterThan(1.3);
    const rest = await fieldStudy(
      {
        ...study,
        background: background.kind === "powerLaw" ? { ...background, hubble: result.hubble.at(-1)! } : background,
        field: { potential: "quadratic" },
        lattice: { ...lattice, length: a * lattice.length },
        fluctuations: { kind: "file", field: files[0]!, momentum: files[1]!, scaleFactor: a },
        time: { ...study.time, end: 1 },
      },
      referenceEngine,
    );
    expect(rest.result.velocity[0]).toBeCloseTo(numbers(result.velocity).at(-1)!, 13);
    expect(a * rest.result.scaleFactor.at(-1)!).toBeCloseTo(whole.result.scaleFactor.at(-1)!, 5);
    for (const [x, value] of whole.final!.field.entries()) expect(rest.final!.field[x]! - value).toBeCloseTo(0, 5);
  });
  it("carry a plane wave as the mode equation with k_eff", async () => {
    const study: FieldStudy = {
      ...base,
      background: { kind: "deSitter", hubble: 1 },
      field: { potential: "quadratic", mean: 0, velocity: 0 },
      lattice,
      fluctuations: wave,
      time: { alpha: 0, step: 0.001, end: 1, recordEvery: 100 },
    };
    const { result } = await fieldStudy(study, referenceEngine);
    const [mode] = result.modes!;
    const states = integrate(
      (t, [u, v], slope) => {
        slope[0] = v!;
        slope[1] = -3 * v! - (mode!.kEff ** 2 * Math.exp(-2 * t) + 1) * u!;
      },
      [1e-2, 0],
      result.times,
    );
    for (const [r, amplitude] of numbers(mode!.amplitude).entries())
      expect(Math.abs(amplitude - states[r]![0]!) / 1e-2).toBeLessThan(1e-6);
    expect(result.variance[0]).toBeCloseTo(1e-4 / 2, 12);
  });
  it("keep energy in Minkowski space", async () => {
    const study: FieldStudy = {
      ...base,
      field: { potential: "quartic", mean: 0.5, velocity: 0 },
      lattice,
      fluctuations: wave,
      time: { alpha: 0, step: 0.02, end: 10, recordEvery: 50 },
    };
    const { result } = await fieldStudy(study, referenceEngine);
    const total = result.times.map(
      (_, r) => numbers(result.energy.kinetic)[r]! + numbers(result.energy.gradient)[r]! + result.energy.potential[r]!,
    );
    for (const energy of total) expect(energy / total[0]!).toBeCloseTo(1, 3);
  });
  it("give the amplitude of a wave at the Nyquist number", async () => {
    const study: FieldStudy = {
      ...base,
      lattice: { ...lattice, dimensions: 1 },
      fluctuations: { ...wave, mode: [4] },
      time: { ...base.time, end: 0.01 },
    };
    const { result } = await fieldStudy(study, referenceEngine);
    expect(result.modes![0]!.amplitude[0]).toBeCloseTo(1e-2, 14);
  });
  it("have the equation of state of curvature where gradients are all the energy", async () => {
    const field = { potential: { name: "quadratic", parameters: { mass: 0 } }, mean: 0, velocity: 0 } as const;
    const { result } = await fieldStudy({ ...base, field, lattice, fluctuations: wave }, referenceEngine);
    expect(result.equationOfState[0]).toBeCloseTo(-1 / 3, 14);
  });
  it("tell the shape of the field's values whatever their scale", async () => {
    // A value that is so far off in one site of four: third central moment 3/32 off^3, fourth 21/256 off^4, variance 3/16 off^2.
    for (const off of [1e-3, 5, -5]) {
      const [field, momentum] = ["field", "momentum"].map((name) => path.join(folder, `shape-${name}.f64`));
      writeFileSync(field!, Float64Array.of(1, 1, 1 + off, 1));
      writeFileSync(momentum!, new Float64Array(4));
      const study: FieldStudy = {
        ...base,
        lattice: { ...lattice, dimensions: 1, points: 4 },
        fluctuations: { kind: "file", field: field!, momentum: momentum! },
        time: { ...base.time, end: 0.01 },
      };
      const { result } = await fieldStudy(study, referenceEngine);
      expect(result.skewness![0]).toBeCloseTo((2 / Math.sqrt(3)) * Math.sign(off), 9);
      expect(result.kurtosis![0]).toBeCloseTo(-2 / 3, 9);
    }
  });
  it("average the e-folds of realisations, not their scale factors", async () => {
    const study: FieldStudy = {
      ...base,
      background: { kind: "selfConsistent", planckMass: 1 },
      field: { potential: "quadratic", mean: 0, velocity: 0 },
      lattice: { ...lattice, dimensions: 1 },
      fluctuations: { kind: "gaussian", spectrum: "1", seed: 1, amplitude: 1, cutoff: 4, realisations: 4 },
    };
    const { efolds, scaleFactor } = (await fieldStudy(study, referenceEngine)).result;
    expect(efolds.at(-1)!).toBeGreaterThan(0.1);
    expect(efolds.at(-1)!).toBeLessThan(Math.log(scaleFactor.at(-1)!) - 1e-4);
  });
  it("read back what was saved, raw and as .npy", async () => {
    const state = { field: Float64Array.from({ length: 8 }, (_, i) => i), momentum: new Float64Array(8).fill(2) };
    await writeFinal(path.join(folder, "saved"), state, 8);
    writeFileSync(path.join(folder, "momentum.npy"), new Uint8Array(dump(state.momentum, [8])));
    const study: FieldStudy = {
      ...base,
      lattice: { ...lattice, dimensions: 1 },
      fluctuations: {
        kind: "file",
        field: path.join(folder, "saved", "field.f64"),
        momentum: path.join(folder, "momentum.npy"),
      },
      time: { ...base.time, end: 0.01 },
    };
    const { result } = await fieldStudy(study, referenceEngine);
    expect(result.mean[0]).toBe(3.5);
    expect(result.velocity[0]).toBe(2);
  });
  it("merge kicks but where records need the momentum", () => {
    const background = createBackground({ kind: "static" }, 0);
    const time = { alpha: 0, step: 0.1, end: 1, recordEvery: 1 };
    const every = buildSchedule(time, background, recordedSteps(10, 1));
    const once = buildSchedule(time, background, recordedSteps(10, 10));
    expect(every.coefficients.length / 3).toBe(20);
    expect(once.coefficients.length / 3).toBe(11);
    expect([0, 10].map(once.after)).toEqual([0, 11]);
  });
});
