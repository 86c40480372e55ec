/** The program from configs to results, files and exit codes: what no process shows better, so that it is loaded once here. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { enableFusedMultiplyAdd } from "@slowroll/wasm";
import { afterAll, describe, expect, it } from "vitest";
import { slowroll } from "./inProcess.ts";

const cwd = mkdtempSync(path.join(os.tmpdir(), "slowroll-program-"));
afterAll(() => rmSync(cwd, { recursive: true }));

/** The same bits as the program's own process has. */
enableFusedMultiplyAdd();

const SMALL = "network: { width: 32 }\ntraining: { steps: 10 }\nensemble: { size: 8 }";
const lastLine = (text: string): string => text.trimEnd().split("\n").pop()!;

describe("the program", () => {
  it("has no engine of float64 on WebGPU", async () => {
    const { code, out } = await slowroll(
      ["network", "-", "--engine", "webgpu", "--json", "--set", "precision=float64"],
      {
        cwd,
        input: SMALL,
      },
    );
    expect(code).toBe(3);
    expect(JSON.parse(out).error.code).toBe("noEngine");
  });

  it("tells what a lattice takes on a device and what here", async () => {
    const argv = ["field", "-", "--json", "--adapter", "software"];
    const input = "lattice: { dimensions: 2, points: 16 }\ntime: { step: 0.01, end: 0.02 }";
    const { code, out, error } = await slowroll(argv, { cwd, input });
    expect(code, error).toBe(0);
    expect(error).toMatch(
      /^engine: webgpu .*\nmemory: [\d.]+ kB: [\d.]+ kB on the device \(lattice [\d.]+ kB, snapshots .*, records .*\), [\d.]+ kB here \(state 4\.1 kB, records .*, copies .*\) beside .* of the program itself; 1 realisation at once\n/,
    );
    const { bytes, parts, device, batch } = JSON.parse(out).memory;
    expect([parts.state, batch]).toEqual([16 * 16 ** 2, 1]);
    expect(bytes).toBeGreaterThan(device.bytes);
    expect(device.parts.lattice).toBe(parts.lattice);
  });

  it("uses no more threads than run at once, and says so", async () => {
    const { code, out, error } = await slowroll(
      ["network", "-", "--json", "--engine", "cpu", "--threads", "9999", "--out", "crowd"],
      { cwd, input: SMALL },
    );
    expect(code).toBe(0);
    expect(JSON.parse(out).engine.threads).toBe(os.availableParallelism());
    expect(error).toMatch(/^engine: .*\nwarning: --threads: .* at once on this machine: \d+, not 9999, will be used\n/);
  });

  it("ends with 1 where a check does not hold", async () => {
    const input = `${SMALL}\nduality: { checks: [{ path: background.errors.exact, expected: 1, tolerance: 0.1 }] }`;
    const { code, out } = await slowroll(["duality", "-", "--json"], { cwd, input });
    expect(code).toBe(1);
    expect(JSON.parse(out).passed).toBe(false);
  });

  it("keeps what was computed of a run that diverges, names the step, and ends with 4", async () => {
    const input = `${SMALL.replace("steps: 10", "steps: 400, learningRate: { relative: 40 }, potential: quartic")}`;
    const { code, out, error } = await slowroll(
      ["network", "-", "--json", "--adapter", "software", "--out", "diverged"],
      { cwd, input },
    );
    expect(code).toBe(4);
    expect(lastLine(error)).toMatch(/^slowroll: training\.learningRate: .*at step \d+/);
    expect(error).toContain("warning: ");
    expect(JSON.parse(out).error.code).toBe("diverged");
    const kept = JSON.parse(readFileSync(path.join(cwd, "diverged", "result.json"), "utf8"));
    expect(kept.incomplete).toContain("step");
    expect(kept.mean.length).toBeGreaterThan(0);
    expect(kept.mean.flat().every(Number.isFinite)).toBe(true);
  });

  it("saves a lattice's final state", async () => {
    const input =
      "lattice: { dimensions: 1, points: 16 }\nfluctuations: { kind: planeWave, mode: [1] }\ntime: { step: 0.01, end: 0.1 }";
    const { code } = await slowroll(
      ["field", "-", "--adapter", "software", "--out", "lattice", "--save-final", "final", "--quiet"],
      { cwd, input },
    );
    expect(code).toBe(0);
    expect(readFileSync(path.join(cwd, "final", "field.f64")).byteLength).toBe(128);
    expect(existsSync(path.join(cwd, "final", "momentum.f64"))).toBe(true);
  });

  it("says what a run needs that starts from a final state after space has expanded", async () => {
    const field = (input: string, ...args: string[]) =>
      slowroll(["field", "-", "--engine", "cpu", "--quiet", "--json", ...args], {
        cwd,
        input: `precision: float64\n${input}\ntime: { step: 0.01, end: 1 }`,
      });
    const box = "lattice: { dimensions: 1, points: 16 }";
    const at = `background: { kind: fluid, omega: 0, hubble: 1 }\n${box}\nfield: { mean: 1 }`;
    const { out, error } = await field(at, "--out", "before", "--save-final", "state");
    const { scaleFactor, hubble, velocity } = JSON.parse(out);
    const a = scaleFactor.at(-1);
    expect(error).toContain(
      `saved: state; to start from it: fluctuations.scaleFactor: ${a}, lattice.length: ${2 * Math.PI * a}, background.hubble: ${hubble.at(-1)}\n`,
    );
    const after = await field(
      `background: { kind: fluid, omega: 0, hubble: ${hubble.at(-1)} }
lattice: { dimensions: 1, points: 16, length: ${2 * Math.PI * a} }
fluctuations: { kind: file, field: state/field.f64, momentum: state/momentum.f64, scaleFactor: ${a} }`,
      "--out",
      "after",
    );
    expect(JSON.parse(after.out).velocity[0]).toBeCloseTo(velocity.at(-1), 12);
    expect((await field(`background: { kind: static }\n${box}`, "--save-final", "still")).error).not.toContain(
      "saved:",
    );
    const several = `${at}\nfluctuations: { kind: vacuum, initial: minkowski, realisations: 2 }`;
    expect((await field(several, "--save-final", "several")).error).toContain(
      `saved: several; to start from it: fluctuations.realisations: 2, fluctuations.scaleFactor: ${a}, lattice.length: `,
    );
    const own = several.replace("kind: fluid, omega: 0, hubble: 1", "kind: selfConsistent, planckMass: 1");
    expect((await field(own, "--save-final", "own")).error).toContain(
      "saved: own; its realisations have come to scale factors of their own, and do not start from it together\n",
    );
  });

  it("says the step of a run in conformal time that starts from a final state", async () => {
    const inEta = (hubble: number, length: number, step: number, steps: number, start = "field: { mean: 1 }") =>
      `precision: float64
background: { kind: fluid, omega: 0, hubble: ${hubble} }
lattice: { dimensions: 1, points: 16, length: ${length} }
time: { alpha: 1, step: ${step}, end: ${steps * step} }
${start}`;
    const field = (input: string, ...args: string[]) =>
      slowroll(["field", "-", "--engine", "cpu", "--quiet", "--json", ...args], { cwd, input });
    const half = await field(inEta(1, 1, 0.01, 100), "--out", "half", "--save-final", "middle");
    const [, said] = /saved: middle; to start from it: (.*)/.exec(half.error)!;
    const [scale, length, rate, step] = said!.split(", ").map((need) => Number(need.split(": ")[1]));
    expect(said).toMatch(/, time\.step: [\d.]+$/);
    const arrays = `fluctuations: { kind: file, field: middle/field.f64, momentum: middle/momentum.f64, scaleFactor: ${scale} }`;
    const rest = await field(inEta(rate!, length!, step!, 100, arrays), "--out", "rest");
    const whole = await field(inEta(1, 1, 0.01, 200), "--out", "whole");
    expect(JSON.parse(rest.out).mean.at(-1)).toBeCloseTo(JSON.parse(whole.out).mean.at(-1), 12);
  });

  it("goes on from the final states of several realisations to the same bits", async () => {
    const field = (more: string, ...args: string[]) =>
      slowroll(["field", "-", "--engine", "cpu", "--quiet", ...args], {
        cwd,
        input: `precision: float64
background: { kind: static }
lattice: { dimensions: 2, points: 16 }
${more}`,
      });
    const fields = 'fields: [phi, chi], potential: { expression: "phi^2/2 + phi^4/4 + phi^2*chi^2" }';
    const drawn = `field: { ${fields}, mean: [1, 0.1] }\nfluctuations: { kind: vacuum, realisations: 3 }`;
    const time = (end: number) => `time: { step: 0.01, end: ${end}, recordEvery: 50 }`;
    expect((await field(`${drawn}\n${time(1)}`, "--save-final", "three-whole")).code).toBe(0);
    const half = await field(`${drawn}\n${time(0.5)}`, "--save-final", "three-half");
    expect(half.error).toContain("saved: three-half; to start from it: fluctuations.realisations: 3\n");
    const files = (array: string): string => `[three-half/${array}-phi.f64, three-half/${array}-chi.f64]`;
    const stored = `field: { ${fields} }
fluctuations: { kind: file, field: ${files("field")}, momentum: ${files("momentum")}`;
    const rest = await field(`${stored}, realisations: 3 }\n${time(0.5)}`, "--save-final", "three-rest");
    expect(rest.code, rest.error).toBe(0);
    for (const name of ["field-phi", "field-chi", "momentum-phi", "momentum-chi"]) {
      const bytes = readFileSync(path.join(cwd, "three-rest", `${name}.f64`));
      expect(bytes.byteLength).toBe(3 * 256 * 8);
      expect(bytes.equals(readFileSync(path.join(cwd, "three-whole", `${name}.f64`)))).toBe(true);
    }
    // Read as one, they are told as three.
    const one = await field(`${stored} }\n${time(0.5)}`, "--out", "three-as-one");
    expect(one.code).toBe(2);
    expect(one.error).toContain(
      `slowroll: fluctuations.realisations: 1 is asked for, ${path.join(cwd, "three-half/field-phi.f64")} holds 3 of 256 sites each: set it to 3\n`,
    );
    expect(existsSync(path.join(cwd, "three-as-one"))).toBe(false);
  });

  it("lists, shows, checks and plots potentials", async () => {
    expect((await slowroll(["potential", "list"], { cwd })).out).toContain("starobinsky");
    expect((await slowroll(["potential", "show", "hilltop"], { cwd })).out).toContain("potentialGradient");
    const check = await slowroll(["potential", "check", "-"], {
      cwd,
      input: "{ expression: 'lambda*phi^4/4 + sin(phi)', parameters: { lambda: 2 } }",
    });
    expect(check.code).toBe(0);
    expect((await slowroll(["potential", "check", "starobinsky"], { cwd })).out).toContain("holds");
    expect((await slowroll(["potential", "plot", "cosine", "--out", "cosine.svg"], { cwd })).code).toBe(0);
    const wide = ["potential", "plot", "cosine", "--range", "-40,40", "--out", "wide.svg"];
    expect((await slowroll(wide, { cwd })).code).toBe(0);
    expect(readFileSync(path.join(cwd, "wide.svg"), "utf8")).toContain(">−40<");
    expect(readFileSync(path.join(cwd, "cosine.svg"), "utf8")).toMatch(/^<svg/);
  });

  it("says where a potential is not finite, and plots a gap there and small values by their powers", async () => {
    const none = await slowroll(["potential", "check", "-"], { cwd, input: "{ expression: 'sqrt(phi - 10)' }" });
    expect(none.code).toBe(1);
    expect(none.out).toContain("V is finite at 0 of 601 points between -3 and 3\n");
    const some = ["potential", "check", "-", "--range", "8,20"];
    const within = await slowroll(some, { cwd, input: "{ expression: 'sqrt(phi - 10)' }" });
    expect(within.out).toContain("V is finite at 501 of 601 points between 8 and 20\n");
    const pole = { cwd, input: "{ expression: '1e-14/phi^2' }" };
    expect((await slowroll(["potential", "plot", "-", "--out", "pole.svg"], pole)).code).toBe(0);
    const svg = readFileSync(path.join(cwd, "pole.svg"), "utf8");
    expect(svg).toMatch(/>[\d.]+e-14</);
    // Each of the two curves is taken up again behind the pole.
    expect(svg.match(/d="M[^"]*L[^"]*M[^"]*L[^"]*" stroke=/g)).toHaveLength(2);
  });
});
