/** What a field's config may leave out, what a study warns of, and every refusal. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseConfig } from "@slowroll/core/config/parse";
import { InputError } from "@slowroll/core/errors";
import { fieldStudy } from "@slowroll/core/field/run";
import type { FieldStudy } from "@slowroll/core/field/study";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "slowroll-field-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base: FieldStudy = {
  background: { kind: "static" },
  field: { potential: "quadratic", mean: 1, velocity: 0 },
  fluctuations: { kind: "none" },
  time: { alpha: 0, step: 0.01, end: 1, recordEvery: 1 },
};
const lattice = { dimensions: 3, points: 8, length: 2 * Math.PI, stencil: 2 } as const;
const wave = { kind: "planeWave", mode: [1, 1, 0], amplitude: 1e-2, velocity: 0 } as const;

it("is told which integrator a lattice has, and has an adaptive one without", async () => {
  const parsed = (more: string) => parseConfig("field", `time: { step: 0.1, end: 1 }\n${more}`);
  expect((await parsed("lattice: { points: 4 }")).time).toMatchObject({ integrator: "verlet2", recordEvery: 1 });
  expect((await parsed("")).time).not.toHaveProperty("integrator");
  const given = parseConfig("field", "time: { step: 0.1, end: 1, integrator: verlet6 }\nlattice: { points: 4 }");
  expect((await given).time.integrator).toBe("verlet6");
});

it("takes one number of mean and velocity for all fields", async () => {
  const potential = { expression: "phi^2/2 + chi^2" };
  const start = async (mean: number | number[], velocity: number | number[]) => {
    const field = { fields: ["phi", "chi"], potential, mean, velocity };
    const { result } = await fieldStudy({ ...base, field }, undefined);
    return [result.mean, result.velocity];
  };
  expect(await start(0.7, -0.1)).toEqual(await start([0.7, 0.7], [-0.1, -0.1]));
});

it("takes a constant for an expression, which YAML reads as a number", async () => {
  const text = `time: { step: 0.1, end: 1 }
lattice: { points: 4 }
field: { potential: { expression: 0 } }
fluctuations: { kind: gaussian, spectrum: 1.0e-2 }`;
  const config = await parseConfig("field", text);
  expect(config.field.potential).toEqual({ expression: "0" });
  expect(config.fluctuations).toMatchObject({ spectrum: "0.01" });
});

it("has no equation of state where there is no energy", async () => {
  const field = { potential: { expression: "phi^2/2 - 1/2" }, mean: 1 };
  const { result } = await fieldStudy({ ...base, background: { kind: "deSitter", hubble: 0.1 }, field }, undefined);
  const [first, ...more] = result.equationOfState;
  expect(first).toBeNull();
  expect(more.every(Number.isFinite)).toBe(true);
  const none = await fieldStudy({ ...base, field: { potential: "quadratic" } }, undefined);
  expect(new Set(none.result.equationOfState)).toEqual(new Set([null]));
});

it("says that an integrator is not that of single modes", async () => {
  const modes = { wavenumbers: [3] };
  const split = { ...base, modes, time: { ...base.time, integrator: "verlet2" as const } };
  const { warnings } = (await fieldStudy(split, undefined)).result;
  expect(warnings).toEqual([expect.stringMatching(/^time.integrator: verlet2 evolves the homogeneous fields alone/)]);
  for (const study of [
    { ...base, modes },
    { ...split, modes: undefined },
  ]) {
    const { modes: _none, ...rest } = study;
    expect((await fieldStudy(study.modes ? { ...rest, modes } : rest, undefined)).result.warnings).toEqual([]);
  }
});

it("says that one dimension has no slices", async () => {
  const on = (dimensions: 1 | 2): FieldStudy => ({
    ...base,
    lattice: { dimensions, points: 4, length: 1, stencil: 2 },
    time: { ...base.time, end: 0.02 },
    observe: { slicesEvery: 1 },
  });
  const { result } = await fieldStudy(on(1), referenceEngine);
  expect(result.warnings).toEqual([expect.stringMatching(/^observe.slicesEvery: .*one dimension has no slices/)]);
  expect(result.slices).toBeUndefined();
  const flat = (await fieldStudy(on(2), referenceEngine)).result;
  expect([flat.warnings, flat.slices!.length]).toEqual([[], 3]);
});

it("has a slice of each field: all of it in two dimensions, where the first index is 0 in three", async () => {
  for (const dimensions of [2, 3] as const) {
    const values = [0, 100].map((first) => Float64Array.from({ length: 3 ** dimensions }, (_, i) => first + i));
    const file = (name: string, numbers: Float64Array): string => {
      writeFileSync(path.join(folder, name), numbers);
      return path.join(folder, name);
    };
    const zeros = file("zeros.f64", new Float64Array(3 ** dimensions));
    const study: FieldStudy = {
      ...base,
      field: { fields: ["phi", "chi"], potential: { expression: "phi + chi" } },
      lattice: { dimensions, points: 3, length: 1, stencil: 2 },
      fluctuations: {
        kind: "file",
        field: values.map((numbers, f) => file(`slice${f}.f64`, numbers)),
        momentum: [zeros, zeros],
      },
      time: { ...base.time, end: 0.01 },
      observe: { slicesEvery: 1 },
    };
    const { result } = await fieldStudy(study, referenceEngine);
    const rows = (f: number) => [0, 3, 6].map((at) => [...values[f]!.subarray(at, at + 3)]);
    expect(result.slices![0]).toEqual({ time: 0, values: [rows(0), rows(1)] });
  }
});

it("says that squares of small fluctuations are lost on a device, or here in float32 where they drive the expansion", async () => {
  const { info } = referenceEngine;
  const device = { ...referenceEngine, info: { ...info, kind: "webgpu" as const } };
  const single = { ...referenceEngine, info: { ...info, precision: "float32" as const } };
  const driven = { kind: "selfConsistent", planckMass: 1 } as const;
  const warningsOf = async (
    amplitude: number,
    engine: typeof referenceEngine,
    background = base.background,
    expression = "phi^2/2",
  ) => {
    const fluctuations = { ...wave, mode: [1], amplitude };
    const on = { ...base, background, fluctuations, lattice: { ...lattice, dimensions: 1 as const } };
    return (await fieldStudy({ ...on, field: { potential: { expression } } }, engine)).result.warnings;
  };
  expect(await warningsOf(1e-20, device)).toEqual([
    expect.stringMatching(
      /^precision: the fluctuations of phi are down to \d\.\de-21 rms, .*a smaller unit, or use --engine cpu$/,
    ),
  ]);
  expect(await warningsOf(1e-20, device, driven)).toEqual([
    expect.stringMatching(/in energies and spectra; .*use --engine cpu with precision: float64$/),
  ]);
  expect(await warningsOf(1e-20, single, driven)).toEqual([
    expect.stringMatching(/in energies, which drive the expansion; .*use precision: float64$/),
  ]);
  // At the beginning, from where they grow by more than 10,000.
  expect(await warningsOf(1e-17, device, base.background, "-100*phi^2")).toEqual([
    expect.stringMatching(/^precision: the fluctuations of phi are down to \d\.\de-18 rms/),
  ]);
  for (const [amplitude, engine] of [
    [1e-12, device],
    [0, device],
    [1e-20, referenceEngine],
    [1e-20, single],
  ] as const)
    expect(await warningsOf(amplitude, engine)).toEqual([]);
  expect(await warningsOf(1e-20, referenceEngine, driven)).toEqual([]);
});

it("says where V is not finite at the start, and that float32 may be why", async () => {
  const study: FieldStudy = {
    ...base,
    field: { potential: { expression: "sqrt(phi)" }, mean: 1 },
    fluctuations: { ...wave, mode: [1], amplitude: 2 },
    lattice: { ...lattice, dimensions: 1, points: 4 },
  };
  const refusal = (precision: "float32" | "float64") =>
    fieldStudy(study, { ...referenceEngine, info: { ...referenceEngine.info, precision } });
  await expect(refusal("float64")).rejects.toThrow(
    /^V or V' is not finite at some site of the lattice, .*; start elsewhere or change the potential$/,
  );
  await expect(refusal("float32")).rejects.toThrow(/^V, V' or a square .*beyond float32, use precision: float64 or/);
});

it("says what rounding grows to over the steps, where it is 1% of the fluctuations", async () => {
  const single = { ...referenceEngine, info: { ...referenceEngine.info, precision: "float32" as const } };
  const warningsOf = async (amplitude: number, engine: typeof referenceEngine) => {
    const study: FieldStudy = {
      ...base,
      field: { potential: { expression: "1" }, mean: 2 },
      fluctuations: { ...wave, mode: [1], amplitude },
      lattice: { ...lattice, dimensions: 1, points: 4 },
      time: { ...base.time, end: 10, recordEvery: 1000 },
    };
    return (await fieldStudy(study, engine)).result.warnings;
  };
  // 2 x 6e-8 x sqrt(1000), and rms of amplitude/sqrt(2) at most.
  expect(await warningsOf(5e-4, single)).toEqual([
    expect.stringMatching(/^precision: float32 rounding of phi, about 3\.8e-6, exceeds 1% .*; use precision: float64$/),
  ]);
  expect(await warningsOf(5e-3, single)).toEqual([]);
  expect(await warningsOf(5e-4, referenceEngine)).toEqual([]);
  // Added to 2, it leaves 2.
  expect(await warningsOf(1e-17, single)).toEqual([
    expect.stringMatching(
      /^precision: float32 rounding of phi, about 3\.8e-6, leaves nothing of its fluctuations; use/,
    ),
  ]);
  expect(await warningsOf(0, single)).toEqual([]);
  expect(await warningsOf(1e-12, referenceEngine)).toEqual([
    expect.stringMatching(/^precision: float64 rounding of phi, about 7\.0e-15, exceeds 1% .*; give the field as what/),
  ]);
});

it.each([
  ["cpu", "float64", Infinity, /beyond float64 at step 1200, after 120 e-folds; end earlier$/],
  ["cpu", "float32", 1e77, /beyond float32 at step 3\d0, after 3\d e-folds; end earlier or use precision: float64$/],
  ["webgpu", "compensated", 3e38, /after 17 e-folds; end earlier or use --engine cpu with precision: float64$/],
] as const)(
  "says that momenta outgrow the numbers of %s in %s with the scale factor",
  async (kind, precision, largest, words) => {
    const engine: typeof referenceEngine = {
      ...referenceEngine,
      info: { ...referenceEngine.info, kind, precision },
      async evolveLattice(job) {
        const report = await referenceEngine.evolveLattice(job);
        const held = (squares: Float64Array) => squares.map((square) => (square < largest ? square : Infinity));
        const observations = report.observations.map((each) => ({
          ...each,
          momentumSquare: held(each.momentumSquare!),
        }));
        return { ...report, observations };
      },
    };
    const study: FieldStudy = {
      ...base,
      background: { kind: "deSitter", hubble: 1 },
      field: { potential: { expression: "0.01*phi^2" }, mean: 1 },
      lattice: { ...lattice, dimensions: 1, points: 4 },
      fluctuations: { ...wave, mode: [1], amplitude: 1e-3 },
      time: { ...base.time, alpha: 0, step: 0.1, end: 150, recordEvery: 10 },
    };
    await expect(fieldStudy(study, engine)).rejects.toMatchObject({
      path: "time.end",
      message: expect.stringMatching(words),
    });
  },
);

it("says it of a run whose records are more than a call may have arguments", async () => {
  const { info } = referenceEngine;
  const device: typeof referenceEngine = {
    ...referenceEngine,
    info: { ...info, kind: "webgpu", precision: "float32" },
    async evolveLattice(job) {
      const schedule = { kind: "prescribed", coefficients: new Float64Array() } as const;
      const report = await referenceEngine.evolveLattice({ ...job, schedule, observeAfter: [0] });
      const observations = job.observeAfter.map((afterOperation) => ({ ...report.observations[0]!, afterOperation }));
      return { ...report, observations };
    },
  };
  const long: FieldStudy = {
    ...base,
    field: { potential: "quadratic", mean: 1e-10 },
    fluctuations: { ...wave, mode: [1], amplitude: 1e-20 },
    lattice: { ...lattice, dimensions: 1, points: 4 },
    time: { ...base.time, end: 1400 },
  };
  const { times, warnings } = (await fieldStudy(long, device)).result;
  expect(times.length).toBe(140_001);
  expect(warnings).toEqual([
    expect.stringMatching(/^precision: float32 rounding of phi/),
    expect.stringMatching(/^precision: the fluctuations of phi are down to/),
  ]);
});

describe("a complete config", () => {
  it("is written as before when it is read again, as a run that goes on does", async () => {
    const config = await parseConfig("field", "lattice: { points: 8 }\ntime: { step: 0.1, end: 1 }");
    expect(JSON.stringify(await parseConfig("field", JSON.stringify(config)))).toBe(JSON.stringify(config));
  });
});

describe("a potential without one of the fields", () => {
  const warningsOf = async (expression: string, parameters = {}) => {
    const field = { fields: ["phi", "chi"], potential: { expression, parameters }, mean: 1 };
    return (await fieldStudy({ ...base, field }, undefined)).result.warnings;
  };
  it("is warned of", async () => {
    const [warning, ...more] = await warningsOf("phi^2/2 + phi^4");
    expect(warning).toMatch(/^field.potential: V has no chi, /);
    expect(more).toEqual([]);
    const lattice = { dimensions: 1, points: 4, length: 1, stencil: 2 } as const;
    const on = { ...base, field: { fields: ["phi", "psi"], potential: "quadratic" }, lattice };
    expect((await fieldStudy(on, referenceEngine)).result.warnings).toEqual([expect.stringContaining("V has no psi")]);
  });
  it("is not told of one whose mass is zero, or that stands behind a digit", async () => {
    expect(await warningsOf("phi^2 + m*chi^2", { m: 0 })).toEqual([]);
    expect(await warningsOf("phi^2 + 2chi")).toEqual([]);
  });
});

describe("refusals", () => {
  const short = path.join(folder, "short.f64");
  const broken = path.join(folder, "broken.npy");
  const infinite = path.join(folder, "infinite.f64");
  beforeAll(() => {
    writeFileSync(short, new Uint8Array(8));
    writeFileSync(broken, "no array");
    writeFileSync(infinite, new Uint8Array(new Float64Array(512).fill(Number.POSITIVE_INFINITY).buffer));
  });
  const stored = (field: string): Partial<FieldStudy> => ({
    lattice,
    fluctuations: { kind: "file", field, momentum: field },
  });
  const refused: [string, Partial<FieldStudy>, string][] = [
    ["an end between steps", { lattice, time: { ...base.time, step: 0.3 } }, "time.end"],
    [
      "an end past de Sitter's alpha-time",
      { background: { kind: "deSitter", hubble: 1 }, time: { ...base.time, alpha: 1 } },
      "time.end",
    ],
    [
      "an end past it on a lattice",
      { lattice, background: { kind: "deSitter", hubble: 1 }, time: { ...base.time, alpha: 1 } },
      "time.end",
    ],
    ["a mean at which V overflows", { field: { ...base.field, mean: 1e200 } }, "field.mean"],
    ["such a mean on a lattice", { lattice, field: { ...base.field, mean: 1e200 } }, "field.mean"],
    [
      "a mean outside V's domain",
      { field: { potential: { expression: "log(phi)" }, mean: -1, velocity: 0 } },
      "field.mean",
    ],
    [
      "a field too fast to be followed",
      {
        field: { potential: { name: "quadratic", parameters: { mass: 1e8 } }, mean: 1, velocity: 0 },
        time: { ...base.time, step: 1 },
      },
      "time.end",
    ],
    ["too many sites", { lattice: { ...lattice, points: 100_000 } }, "lattice.points"],
    ["a mode of the wrong dimension", { lattice, fluctuations: { ...wave, mode: [1] } }, "fluctuations.mode"],
    ["the zero mode", { lattice, fluctuations: { ...wave, mode: [0, 0, 0] } }, "fluctuations.mode"],
    ["a mode past Nyquist", { lattice, fluctuations: { ...wave, mode: [5, 0, 0] } }, "fluctuations.mode"],
    ["a missing file", stored(path.join(folder, "nowhere.f64")), "fluctuations.field"],
    ["a file of the wrong size", stored(short), "fluctuations.field"],
    ["a broken .npy", stored(broken), "fluctuations.field"],
    ["values that are not finite", stored(infinite), "fluctuations.field"],
  ];
  it.each(refused)("%s", async (_name, changes, place) => {
    const error = await fieldStudy({ ...base, ...changes }, referenceEngine).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe(place);
  });
});
