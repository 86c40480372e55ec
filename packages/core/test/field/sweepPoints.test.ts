/** Which points a config's sweep names, what is refused before any runs, and their names in tables. */
import { parseConfig, sweepPoints } from "@slowroll/core/config/parse";
import { InputError } from "@slowroll/core/errors";
import { fieldStudy } from "@slowroll/core/field/run";
import { fieldSweep } from "@slowroll/core/field/sweep";
import { shortNames } from "@slowroll/core/field/sweepPoint";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../../../tests/reference/engine.ts";
import { LATTICE, points, TIME } from "./sweeps.ts";

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
  it("may be over kinds, each with its own keys of the section alone", async () => {
    const backgrounds = async (text: string) => (await points(text)).map(({ study }) => study.background);
    expect(await backgrounds(`${TIME}\nsweep: { background.kind: [static, deSitter] }`)).toEqual([
      { kind: "static" },
      { kind: "deSitter", hubble: 1 },
    ]);
    const given = `background: { kind: deSitter, hubble: 0.3 }`;
    const laws = `${TIME}\n${given}\nsweep: [{ background.kind: powerLaw, background.exponent: 2 }`;
    expect(await backgrounds(`${laws}]`)).toEqual([{ kind: "powerLaw", exponent: 2, hubble: 0.3 }]);
    expect(await backgrounds(`${TIME}\n${given}\nsweep: { background.kind: [static, deSitter] }`)).toEqual([
      { kind: "static" },
      { kind: "deSitter", hubble: 0.3 },
    ]);
    const fluid = `${laws}, { background.kind: fluid, background.exponent: 1 }]`;
    await expect(backgrounds(fluid)).rejects.toThrow("is no key of kind fluid");
    await expect(backgrounds(`${TIME}\nsweep: { background.kind: [statik] }`)).rejects.toThrow("must be one of static");
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
    ["{ background: [{ kind: static }] }", "sweep.background[0]", 'must be a number or text, not {"kind":"static"}'],
    ["[{ background: { kind: static } }]", "sweep[0].background", 'must be a number or text, not {"kind":"static"}'],
    ["{ precision: [float64] }", "sweep.precision", "one engine"],
    ["{ field.fields: [phi] }", "sweep.field.fields", "may not be swept"],
    ["{ checkpoint.everySeconds: [1] }", "sweep.checkpoint.everySeconds", "may not be swept"],
    ["{ background.exponent: [1, 2] }", "sweep.background.exponent", "is no key of kind deSitter"],
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
  it("is needed for points", async () => {
    await expect(sweepPoints(await parseConfig("field", TIME))).rejects.toMatchObject({
      code: "badInput",
      path: "sweep",
    });
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
