/** What a field's config may leave out, what a study warns of, and what it refuses. */
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

/** Those that apps/cli/test/badConfig.test.ts does not have. */
describe("refusals", () => {
  const broken = path.join(folder, "broken.npy");
  const infinite = path.join(folder, "infinite.f64");
  beforeAll(() => {
    writeFileSync(broken, "no array");
    writeFileSync(infinite, new Uint8Array(new Float64Array(512).fill(Number.POSITIVE_INFINITY).buffer));
  });
  const stored = (field: string): Partial<FieldStudy> => ({
    lattice,
    fluctuations: { kind: "file", field, momentum: field },
  });
  const refused: [string, Partial<FieldStudy>, string][] = [
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
    ["a mean at which V overflows on a lattice", { lattice, field: { ...base.field, mean: 1e200 } }, "field.mean"],
    [
      "a mean outside V's domain",
      { field: { potential: { expression: "log(phi)" }, mean: -1, velocity: 0 } },
      "field.mean",
    ],
    ["the zero mode", { lattice, fluctuations: { ...wave, mode: [0, 0, 0] } }, "fluctuations.mode"],
    ["a broken .npy", stored(broken), "fluctuations.field"],
    ["values that are not finite", stored(infinite), "fluctuations.field"],
  ];
  it.each(refused)("%s", async (_name, changes, place) => {
    const error = await fieldStudy({ ...base, ...changes }, referenceEngine).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).path).toBe(place);
  });
});
