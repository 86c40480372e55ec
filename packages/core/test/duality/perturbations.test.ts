/** Perturbations: the dual field of a mode, its power on a lattice, and what is fitted of the difference from an ensemble's variance. */
import { parseConfig } from "@slowroll/core/config/parse";
import { complete } from "@slowroll/core/cooperate";
import { exactField, exactMode } from "@slowroll/core/duality/dual";
import { timetable } from "@slowroll/core/duality/efolds";
import { latticePower } from "@slowroll/core/duality/latticePower";
import { comparePerturbations } from "@slowroll/core/duality/perturbations";
import { type DualityResult, dualityStudy } from "@slowroll/core/duality/run";
import type { Engine } from "@slowroll/core/engine/engine";
import { openEngine } from "@slowroll/core/engine/open";
import { type DivergenceError, InputError, InterruptedError } from "@slowroll/core/errors";
import { deSitterVacuum } from "@slowroll/core/field/bunchDavies";
import { normals } from "@slowroll/core/random/normal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ engine: "cpu", adapter: "auto", precision: "float64" });
});
afterAll(() => engine.close());

describe("the exact dual field of a mode", () => {
  it.each([
    [0.3, 0],
    [0.9, 0],
    [-0.2, 0],
    [0.0005, 0.9],
    [0.05, 0.5],
    // Heavy: the roots are complex.
    [0.5, 0.9],
    [2, 0.5],
  ])("has the recursion's samples, x = %d, beta = %d", (x, momentum) => {
    const { friction, massSquared } = exactField(x, momentum)!;
    // Solutions exp(r t) with r^2 + 3H r + m^2 = 0: samples obey f(t+1) = s f(t) - p f(t-1) with s and p of the roots' exponentials.
    const half = friction / 2;
    const square = half ** 2 - massSquared;
    const decay = Math.exp(-half);
    const sum = 2 * decay * (square >= 0 ? Math.cosh(Math.sqrt(square)) : Math.cos(Math.sqrt(-square)));
    const at = exactMode(x, momentum)!;
    for (let t = 1; t < 8; t++) expect(at(t + 1)).toBeCloseTo(sum * at(t) - decay ** 2 * at(t - 1), 12);
    expect(at(1)).toBeCloseTo(1 - x, 14);
  });
  it("is none where a root is zero or negative", () => {
    expect(exactField(1, 0)).toBeNull();
    expect(exactField((1 + Math.sqrt(0.5)) ** 2, 0.5)).toBeNull();
    expect(exactField(0.999, 0)).not.toBeNull();
  });
});

describe("the timetable", () => {
  it.each([
    [0, 200, 14],
    [0, 10, 11],
    [0.5, 1000, 36],
    [0.9, 200, 201],
    [0.9, 300, 230],
    [0.99, 5000, 267],
  ])("follows a wave from inside the horizon, beta = %d, %i steps", (momentum, steps, records) => {
    const table = timetable({ momentum, steps });
    expect(table.steps.length).toBe(records);
    expect(table.steps[0]).toBe(0);
    expect(table.steps.at(-1)).toBeLessThanOrEqual(steps);
    const hubble = (momentum === 0 ? 2 : -Math.log(momentum)) / 3;
    for (const [r, N] of table.efolds.entries()) expect(N - table.efolds[0]!).toBeCloseTo(table.steps[r]! * hubble, 12);
    expect(table.efolds[table.fitFrom]).toBe(1);
    expect(table.efolds[0]).toBeLessThan(-0.99);
    expect(table.efolds.at(-1)).toBeGreaterThan(5);
  });
  it("tells how many steps are needed, and which momenta are too small", () => {
    expect(() => timetable({ momentum: 0, steps: 9 })).toThrow(
      new InputError("the perturbations need at least 10 steps at momentum 0, 6.67 e-folds of the dual field, not 9", {
        path: "training.steps",
      }),
    );
    expect(() => timetable({ momentum: 0.9, steps: 171 })).not.toThrow();
    expect(() => timetable({ momentum: 0.9, steps: 170 })).toThrow("at least 171 steps");
    expect(() => timetable({ momentum: 0.001, steps: 1000 })).toThrow("use 0, or at least 0.0025");
  });
});

/** |u|^2 over its last, from the closed form. */
function vacuum(x: number, momentum: number, efolds: readonly number[]): number[] {
  const { friction, massSquared } = exactField(x, momentum)!;
  const hubble = friction / 3;
  const of = deSitterVacuum(massSquared, hubble);
  const power = efolds.map((N) => {
    const { u } = of(hubble * Math.exp(-N));
    return (u[0] ** 2 + u[1] ** 2) * Math.exp(-3 * N);
  });
  return power.map((value) => value / power.at(-1)!);
}

describe("the power on the lattice", () => {
  it.each([
    ["light", 0.02, 0, 200],
    ["heavy", 0.5, 0.9, 200],
    ["heavy, turning many times an e-fold", 0.5, 0.99, 1850],
    ["of negative mass squared", 0.95, 0, 200],
    ["light, of many steps", 1e-5, 0.99, 3000],
  ])("is the vacuum's, up to the draw: %s", async (_, x, momentum, steps) => {
    const table = timetable({ momentum, steps });
    const field = exactField(x, momentum)!;
    const { power } = await latticePower(field, table, 1, engine, {});
    const mean = table.steps.map((_, t) => power.reduce((sum, own) => sum + own[t]!, 0) / power.length);
    const exact = vacuum(x, momentum, table.efolds);
    // 3 waves of 256 realisations: the power is known to 4%. Both solutions of a light field are drawn, the second exp(-2 nu N) of the first.
    const nu = Math.sqrt(9 / 4 - field.massSquared / (field.friction / 3) ** 2);
    for (const [t, N] of table.efolds.entries()) {
      const off = Math.abs(mean[t]! / mean.at(-1)! / exact[t]! - 1);
      expect(off).toBeLessThan(nu > 0 && N > 0 ? 0.15 * Math.exp(-2 * nu * N) + 1e-8 : 0.2);
    }
  });
  it("is the same in float32", async () => {
    const table = timetable({ momentum: 0, steps: 200 });
    const single = await openEngine({ engine: "cpu", adapter: "auto", precision: "float32" });
    const [one, other] = await Promise.all(
      [engine, single].map(async (each) => (await latticePower(exactField(0.02, 0)!, table, 1, each, {})).power),
    );
    await single.close();
    for (const [r, own] of one!.entries())
      for (const [t, value] of own.entries()) expect(Math.abs(other![r]![t]! / value - 1)).toBeLessThan(2e-4);
  });
});

/** An ensemble of infinitely wide networks, each kernel off by `scatter` of itself; realisations of the vacuum's own power. */
function compared(x: number, momentum: number, { scatter = 1e-6, networks = 200, outputs = 1, steps = 400 } = {}) {
  const table = timetable({ momentum, steps });
  const field = exactField(x, momentum)!;
  const amplitudes = Array.from({ length: networks }, (_, m) => {
    const own = exactMode(x * (1 + scatter * normals(2, m, 0, 1)[0]!), momentum)!;
    const start = normals(1, m, 0, outputs);
    return Float64Array.from(table.steps.flatMap((t) => Array.from(start, (c, o) => o + c * own(t))));
  });
  const power = [Float64Array.from(vacuum(x, momentum, table.efolds))];
  const perturbation = { mode: 0, x, momentum, direction: Float64Array.of(1), field };
  return complete(comparePerturbations(perturbation, table, amplitudes, power, 100));
}

describe("the comparison", () => {
  it.each([
    [0.001, 0, 400],
    [0.02, 0, 400],
    [0.00005, 0.9, 400],
    [0.000001, 0.99, 4000],
  ])("finds the difference to fall as exp(-2N), x = %d, beta = %d", (x, momentum, steps) => {
    const { perturbations, warnings } = compared(x, momentum, { steps });
    expect(warnings).toEqual([]);
    expect(perturbations.expected).toBe(-2);
    expect(perturbations.range![0]).toBe(1);
    expect(perturbations.range![1]).toBeGreaterThan(2.9);
    expect(Math.abs(perturbations.exponent! + 2)).toBeLessThan(0.02);
    expect(perturbations.exponent).toBeCloseTo(perturbations.theory.exponent!, 3);
    expect(perturbations.exponentError).toBeLessThan(0.002);
  });
  it("is of the mean over outputs, whatever their means", () => {
    const { perturbations } = compared(0.02, 0, { outputs: 3 });
    expect(perturbations.exponent).toBeCloseTo(perturbations.theory.exponent!, 3);
    expect(perturbations.network.at(-1)).toBe(1);
  });
  it("expects the field's other solution where it outlasts (k/aH)^2", () => {
    // nu = 3/2 - mu/H with mu = -ln(1 - x) and H = 2/3.
    const { perturbations, warnings } = compared(0.4, 0);
    expect(perturbations.expected).toBeCloseTo(-2 * (1.5 + 1.5 * Math.log(0.6)), 12);
    expect(Math.abs(perturbations.exponent! - perturbations.expected!)).toBeLessThan(0.3);
    expect(warnings).toEqual([]);
  });
  it("fits what stands clear of finite width, and tells where nothing does", () => {
    const some = compared(0.02, 0, { scatter: 0.07 }).perturbations;
    const none = compared(0.3, 0, { scatter: 0.1 });
    expect(some.range![1]).toBeLessThan(compared(0.02, 0).perturbations.range![1]);
    expect(Math.abs(some.exponent! - some.theory.exponent!)).toBeLessThan(4 * some.exponentError!);
    expect(none.perturbations).toMatchObject({ exponent: null, exponentError: null, range: null });
    expect(none.perturbations.theory.exponent).toBeCloseTo(-1.59, 2);
    expect(none.warnings.join()).toMatch(
      /^duality\.perturbations: mode 0 has no exponent: .* use wider or more networks/,
    );
  });
  it.each([
    ["heavy", 0.5, 0.9, "its field is heavy, of m^2 = 447 H^2 above 9/4 H^2"],
    ["of a fast solution", 0.7, 0, "descent is the faster of its field's two solutions"],
  ])("gives no exponent of a mode that is %s", (_, x, momentum, why) => {
    const { perturbations, warnings } = compared(x, momentum);
    expect(perturbations).toMatchObject({ exponent: null, expected: null, range: null, theory: { exponent: null } });
    expect(warnings).toEqual([expect.stringContaining(why)]);
  });
});

const config = (duality: string, training: string, [width, size] = [6, 4], data = "") =>
  parseConfig(
    "duality",
    `network: { width: ${width} }
data: { ${data} }
training: { ${training} }
ensemble: { size: ${size} }
duality: { background: false, ${duality} }`,
  );

/** Trains as the reference does, and evolves the lattice on the CPU. */
const quick: Engine = { ...referenceEngine, evolveLattice: (...given) => engine.evolveLattice(...given) };

describe("a study of perturbations", () => {
  it("measures the exponent of an ensemble of networks", async () => {
    const study = await config("perturbations: {}", "learningRate: { relative: 0.02 }", [512, 256]);
    const { result } = await dualityStudy(study, engine);
    const { mode, exponent, exponentError, theory, times, dual, range } = result.perturbations!;
    expect(mode).toBe(0);
    expect(times).toHaveLength(14);
    expect(range![1]).toBeGreaterThan(2);
    expect(Math.abs(exponent! - theory.exponent!)).toBeLessThan(4 * exponentError!);
    expect(exponentError).toBeLessThan(0.1);
    expect(theory.exponent).toBeCloseTo(-1.99, 2);
    // mu (3H - mu) with mu = -ln(1 - x).
    expect(dual).toMatchObject({ friction: 2, massSquared: expect.closeTo(0.0399973, 6) });
    expect(result.warnings).toEqual([]);
  });
  it("averages several outputs, and can be checked", async () => {
    const outputs = "targets: { expressions: { s: sin(theta), c: cos(theta) } }";
    const checks = ["expected", "efolds.13", "theory.network.0", "dual.wavenumber", "errors.3"].map(
      (path) => `{ path: perturbations.${path}, expected: 0, tolerance: 100 }`,
    );
    const duality = `perturbations: { mode: 3 }, checks: [${checks}]`;
    const { result } = await dualityStudy(await config(duality, "steps: 20", [6, 4], outputs), quick);
    expect(result.passed).toBe(true);
    expect(result.perturbations!.network).toHaveLength(14);
    const more = await config(duality.replace("efolds.13", "efolds.14"), "steps: 20");
    await expect(dualityStudy(more, quick)).rejects.toMatchObject({ path: "duality.checks[1].path" });
  });
  it("trains as far as the wave is followed, unless other sections want all steps", async () => {
    const trained: number[] = [];
    const counting: Engine = {
      ...quick,
      async trainEnsemble(job, onBatch) {
        trained.push(job.steps);
        return quick.trainEnsemble(job, onBatch);
      },
    };
    await dualityStudy(await config("perturbations: {}", "steps: 20"), counting);
    await dualityStudy(await config("perturbations: {}, regression: {}", "steps: 20"), counting);
    expect(trained).toEqual([13, 20]);
  });
  it.each([
    ["training.potential", "perturbations: {}", "potential: quartic", "for a quadratic potential only"],
    ["duality.perturbations.mode", "perturbations: { mode: 8 }", "", "there is no mode 8 of 8 data: use at most 7"],
    ["training.learningRate", "perturbations: {}", "learningRate: { relative: 1 }", "mode 0 has no dual field: its"],
    ["training.learningRate", "perturbations: {}", "learningRate: { relative: 5 }, momentum: 0.5", "= 2.91; use"],
  ])("refuses at %s what has no dual field: %s %s", async (place, duality, training, message) => {
    const untrained: Engine = {
      ...referenceEngine,
      async trainEnsemble() {
        throw new Error("trained");
      },
    };
    await expect(dualityStudy(await config(duality, training), untrained)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      path: place,
    });
  });
  it("refuses an ensemble that does not fit before it is trained", async () => {
    const full: Engine = {
      ...referenceEngine,
      async assertRoom({ steps }) {
        throw new InputError(`${steps} steps do not fit`, { path: "network.width" });
      },
    };
    const study = await config("perturbations: {}", "");
    await expect(dualityStudy(study, full)).rejects.toMatchObject({ message: "13 steps do not fit" });
  });
  it("refuses a mode along which networks do not spread, and names the last along which they do", async () => {
    const study = await config("perturbations: { mode: 3 }", "");
    const linear = { ...study, network: { ...study.network, activation: "linear" } };
    await expect(dualityStudy(linear, referenceEngine)).rejects.toMatchObject({
      message: "networks do not spread along mode 3, whose eigenvalue is 0: use at most 2",
      path: "duality.perturbations.mode",
    });
  });
  it("keeps what was finished before, where the lattice is interrupted or leaves the numbers", async () => {
    const finished: (keyof DualityResult)[][] = [];
    const study = await config("perturbations: {}, regression: {}", "steps: 20");
    const run = (evolveLattice: Engine["evolveLattice"]) =>
      dualityStudy(study, { ...quick, evolveLattice }, {}, (sections) =>
        finished.push(Object.keys(sections) as (keyof DualityResult)[]),
      );
    await expect(
      run(async () => {
        throw new InterruptedError("interrupted");
      }),
    ).rejects.toThrow(InterruptedError);
    expect(finished.at(-1)).toContain("regression");
    const lost = await run(async (job, control) => {
      const report = await engine.evolveLattice(job, control);
      report.snapshots[5]!.spectra!.fill(Number.NaN);
      return report;
    }).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: "diverged", step: 5, path: "duality.perturbations" });
    expect((lost as DivergenceError<DualityResult>).partial!.regression).toBeDefined();
  });
});
